/** Looking inside: what the network expects, remembers and lets through at every character of a text. */
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { asFailure } from '../client/client.ts';
import * as format from '../i18n/format.ts';
import { isMessageKey } from '../i18n/i18n.ts';
import type { Inspection } from '../protocol/engine.ts';
import type { Failure } from '../protocol/messages.ts';
import { at, gateGrid, hiddenGrid, ORDERS, orderUnits, type Grid, type Order } from '../state/inside.ts';
import { AppElement } from './base.ts';
import './expectations.ts';
import './reach.ts';
import type { PickEvent } from './score.ts';
import './score.ts';
import { Sight } from './sight.ts';
import { shared } from './styles.ts';
import { mark } from './term.ts';
import './tensors.ts';

const OPENING_CHARACTERS = 56;
const FOLLOW_EVERY_MS = 2500;
/** Where one begins to look: something has been read, something follows. */
const FIRST_STEP = 4;
/** More units than this are too many to be read at once. */
const READABLE_ROWS = 32;

@customElement('cl-inside')
export class Inside extends AppElement {
  protected readonly watches = ['session', 'living', 'inside', 'training'] as const;
  @state() private inspection: Inspection | null = null;
  @state() private failure: Failure | null = null;
  @state() private layer = 0;
  /** −1 for the hidden state, else a gate. */
  @state() private quantity = -1;
  @state() private order: Order = 'index';
  @state() private step = 0;
  @state() private unit: number | null = null;
  /** Rows tall enough to be read, of which not all are in sight. */
  @state() private tall = true;
  private looked = '';
  private seen: unknown = null;
  private busy = false;
  private lastLook = 0;
  private readonly sight = new Sight(this);

  static override styles = [
    shared,
    css`
      :host {
        container-type: inline-size;
      }
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 8px;
        margin-bottom: 12px;
      }
      form input {
        font-family: var(--serif);
        font-size: 16px;
      }
      .tools {
        margin: 10px 0;
        gap: 8px 18px;
      }
      .tools label {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px;
        font-size: 13px;
      }
      .tools select {
        width: auto;
      }
      .main {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 260px;
        gap: 24px;
      }
      .unit {
        min-height: 2.9em;
        margin-top: 4px;
      }
      .below {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
        gap: 28px;
        margin-top: 20px;
        padding-top: 16px;
        border-top: 1px solid var(--line);
      }
      @container (max-width: 800px) {
        .main,
        .below {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  /** Looks at what was asked for, and again where there is something new to see, and someone to see it. */
  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { session, inside, training, position } = this.state;
    const asked = inside !== '' && inside !== this.looked;
    if (!session || this.busy || !(asked || this.sight.visible)) return;
    const text = inside || this.opening();
    const version = training ? 'training' : position?.step;
    const seen = `${session.fingerprint} ${session.config.model.cell} ${this.app.runs.current?.id} ${version}`;
    const due = training && performance.now() - this.lastLook > FOLLOW_EVERY_MS;
    if (text && (text !== this.looked || seen !== this.seen || due)) {
      this.seen = seen;
      void this.look(text);
    }
  }

  /** The first lines of the text, as an example. */
  private opening(): string {
    const characters = [...(this.state.text?.excerpt.trim() ?? '')];
    const cut = characters.indexOf('\n', OPENING_CHARACTERS);
    return characters.slice(0, cut > 0 && cut < OPENING_CHARACTERS * 2 ? cut : OPENING_CHARACTERS).join('');
  }

  private async look(text: string): Promise<void> {
    this.busy = true;
    const another = text !== this.looked;
    this.looked = text;
    try {
      const inspection = await this.app.client.inspect(text);
      this.inspection = inspection;
      this.failure = null;
      this.layer = Math.min(this.layer, inspection.layers.length - 1);
      this.quantity = Math.min(this.quantity, inspection.gate_names.length - 1);
      // With the new text, not before: a shorter one may be shown yet.
      this.step = Math.min(another ? FIRST_STEP : this.step, inspection.places.length - 1);
      if (this.unit !== null && this.unit >= inspection.hidden_size) this.unit = null;
    } catch (error) {
      this.failure = asFailure(error);
      // The states of an earlier text would say nothing of this one.
      this.inspection = null;
    } finally {
      this.busy = false;
      this.lastLook = performance.now();
    }
  }

  override render() {
    return html`<section class="card" aria-labelledby="title">
      <div class="head"><h2 id="title">${this.t('inside.title')}</h2><span class="small muted">${this.t('inside.help')} ${mark(this, 'hidden-state', this.t('inside.hidden'))} ${mark(this, 'surprise', this.t('sample.surprise'))}</span></div>
      <form @submit=${this.submit}>
        <input
          id="inside-text"
          aria-label=${this.t('inside.text')}
          autocomplete="off"
          spellcheck="false"
          .value=${(this.state.inside || this.opening()).replaceAll('\n', '↵')}
        />
        <button class="primary" ?disabled=${!this.state.session}>${this.t('inside.look')}</button>
      </form>
      ${this.failure
        ? html`<div class="row problem small" role="alert" id="inside-problem">
            <span>${this.problem(this.failure)}</span>
            ${this.known === null ? nothing : html`<button id="inside-known" @click=${this.lookAtKnown}>${this.t('inside.known')}</button>`}
          </div>`
        : nothing}
      ${this.inspection ? this.views(this.inspection) : nothing}
    </section>`;
  }

  private problem(failure: Failure): string {
    return this.known === null ? this.failureText(failure) : this.t('inside.unknown', { characters: this.unknown.join(' ') });
  }

  private get unknown(): string[] {
    const vocabulary = new Set(this.state.session?.vocabulary ?? []);
    return [...new Set(this.looked)].filter((character) => !vocabulary.has(character)).map((each) => format.visible(each, this.state.language));
  }

  /** What the model knows of a text of which it does not know all; else null. */
  private get known(): string | null {
    if (this.failure?.code !== 'unknown-character' && this.failure?.code !== 'unknown-characters') return null;
    const vocabulary = new Set(this.state.session?.vocabulary ?? []);
    const known = [...this.looked].filter((character) => vocabulary.has(character)).join('');
    return known || null;
  }

  private readonly lookAtKnown = () => {
    if (this.known !== null) this.app.lookInside(this.known);
  };

  private submit(event: Event): void {
    event.preventDefault();
    const text = this.renderRoot.querySelector<HTMLInputElement>('#inside-text')!.value.replaceAll('↵', '\n');
    this.looked = '';
    this.app.lookInside(text);
    this.requestUpdate();
  }

  private grid(inspection: Inspection): Grid {
    const layer = inspection.layers[this.layer]!;
    return this.quantity < 0
      ? hiddenGrid(layer, inspection.hidden_size)
      : gateGrid(layer, this.quantity, inspection.gate_names.length, inspection.hidden_size);
  }

  private views(inspection: Inspection) {
    const grid = this.grid(inspection);
    const { units, scores } = orderUnits(grid, this.order, inspection, this.step);
    const { language } = this.state;
    const gate = inspection.gate_names[this.quantity];
    const positive = gate !== undefined && !['sum', 'cell', 'new'].includes(gate);
    return html`${this.tools(inspection)}
      <div class="main">
        <div>
          <cl-score
            .places=${inspection.places}
            .grid=${grid}
            .order=${units}
            .positive=${positive}
            .tall=${this.tall}
            .step=${this.step}
            .unit=${this.unit}
            .visible=${(character: string) => format.visible(character, language)}
            .label=${this.t('inside.score')}
            .numbered=${this.t('inside.numbered')}
            @pick=${this.picked}
          ></cl-score>
          <p class="small unit" id="unit" aria-live="polite">${this.aboutUnit(inspection, grid, scores)}</p>
        </div>
        <cl-expectations .app=${this.app} .inspection=${inspection} .step=${this.step}></cl-expectations>
      </div>
      <div class="below">
        <cl-reach .app=${this.app} .inspection=${inspection} .text=${this.looked}></cl-reach>
        <cl-tensors .app=${this.app} .inspection=${inspection}></cl-tensors>
      </div>`;
  }

  private readonly picked = ({ step, unit }: PickEvent) => {
    this.step = step;
    this.unit = unit;
  };

  private tools({ layers, gate_names, hidden_size }: Inspection) {
    const quantities = [[-1, this.t('inside.hidden')], ...gate_names.map((name, index) => [index, this.gate(name)])] as [number, string][];
    return html`<div class="row tools">
      <label
        >${this.t('inside.show')}
        <select id="quantity" @change=${(event: Event) => (this.quantity = Number((event.target as HTMLSelectElement).value))}>
          ${quantities.map(([value, name]) => html`<option value=${value} ?selected=${value === this.quantity}>${name}</option>`)}
        </select>
      </label>
      ${layers.length > 1
        ? html`<label
            >${this.t('network.layer')}
            <select @change=${(event: Event) => (this.layer = Number((event.target as HTMLSelectElement).value))}>
              ${layers.map((_, index) => html`<option value=${index} ?selected=${index === this.layer}>${index + 1}</option>`)}
            </select>
          </label>`
        : nothing}
      <label
        >${this.t('inside.order')}
        <select id="order" @change=${(event: Event) => (this.order = (event.target as HTMLSelectElement).value as Order)}>
          ${ORDERS.map((order) => html`<option value=${order} ?selected=${order === this.order}>${this.t(`inside.order.${order}`)}</option>`)}
        </select>
      </label>
      ${hidden_size > READABLE_ROWS
        ? html`<label class="check">
            <input type="checkbox" id="all-rows" .checked=${!this.tall} @change=${() => (this.tall = !this.tall)} />${this.t('inside.allRows', { units: hidden_size })}
          </label>`
        : nothing}
      ${this.unit === null
        ? nothing
        : html`<button class="link" @click=${() => (this.unit = null)}>${this.t('inside.bySurprise')}</button>`}
    </div>`;
  }

  private gate(name: string): string {
    const key = `inside.gate.${name}`;
    return isMessageKey(key) ? this.t(key) : name;
  }

  private aboutUnit(inspection: Inspection, grid: Grid, scores: number[]) {
    if (this.unit === null) return html`<span class="muted">${this.t('inside.pickUnit')}</span>`;
    const character = format.visible(inspection.places[this.step]?.character ?? '', this.state.language);
    const value = this.step < grid.steps ? format.fixed(at(grid, this.step, this.unit), 2) : '–';
    const score = scores[this.unit]!;
    return html`${this.t('inside.unit', { unit: this.unit, character, value })}
    ${this.order === 'index' || this.order === 'lively'
      ? nothing
      : html`<span class="muted">${this.t('inside.correlation', { value: format.fixed(score, 2) })}</span>`}`;
  }
}
