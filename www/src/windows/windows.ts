/** The windows of a minibatch over one's own text, as the trainer takes them: random or consecutive, batch by batch. */
import { css, html, nothing, svg, type PropertyValues } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { asFailure } from '../client/client.ts';
import { AppElement } from '../components/base.ts';
import { Sight } from '../components/sight.ts';
import { segments, shared, stepper } from '../components/styles.ts';
import { word } from '../components/term.ts';
import * as format from '../i18n/format.ts';
import type { Sampling } from '../protocol/engine.ts';
import type { Failure, WindowsView } from '../protocol/messages.ts';
import { layOut } from './layout.ts';

const SAMPLINGS: readonly Sampling[] = ['random', 'consecutive'];
const WIDTH = 300;
const LINE = 7;
const BAR = 5;

@customElement('cl-windows')
export class WindowsDesk extends AppElement {
  protected readonly watches = ['session', 'training', 'trainable', 'position'] as const;
  @state() private sampling: Sampling | null = null;
  @state() private epoch = 0;
  @state() private batch = 0;
  @state() private view: WindowsView | null = null;
  @state() private failure: Failure | null = null;
  private asked = '';
  private readonly sight = new Sight(this);

  static override styles = [
    shared,
    segments,
    stepper,
    css`
      :host {
        /* So that there is something to see, and to ask for, before the first answer. */
        min-height: 1px;
      }
      svg {
        display: block;
        width: 100%;
        height: auto;
      }
      .whole {
        fill: var(--line);
      }
      .rows {
        max-height: 16em;
        overflow-y: auto;
        border: 1px solid var(--line);
        border-radius: 8px;
      }
      .rows li {
        display: grid;
        grid-template-columns: 2.2em minmax(0, 1fr);
        gap: 6px;
        padding: 3px 8px;
        font: 14px/1.5 var(--serif);
      }
      .rows .number {
        font: 12px/21px var(--sans);
        text-align: right;
      }
      .rows .window {
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .rows .window > span:first-child {
        border-radius: 3px;
        background: color-mix(in srgb, var(--row) 26%, transparent);
        box-decoration-break: clone;
      }
      .rows .next {
        color: var(--ink-2);
        border-bottom: 1.5px dotted var(--row);
      }
    `,
  ];

  private get shownSampling(): Sampling {
    return this.sampling ?? this.state.session?.config.train.sampling ?? 'random';
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { session, trainable } = this.state;
    if (!this.sight.visible || !session || !trainable) return;
    const { batch_size, steps, seed } = session.config.train;
    const asked = [session.fingerprint, batch_size, steps, seed, this.shownSampling, this.epoch, this.batch].join();
    if (asked === this.asked) return;
    this.asked = asked;
    void this.look(asked);
  }

  private async look(asked: string): Promise<void> {
    try {
      const view = await this.app.client.windows(this.shownSampling, this.epoch, this.batch);
      if (asked !== this.asked) return;
      [this.view, this.failure] = [view, null];
    } catch (error) {
      if (asked !== this.asked) return;
      // Another text or batch size has fewer minibatches.
      if (this.batch > 0) this.batch = 0;
      else [this.view, this.failure] = [null, asFailure(error)];
    }
  }

  override render() {
    const { session, trainable } = this.state;
    if (!session || !trainable) return nothing;
    return html`<div class="stack">
      <div class="segments" role="group" aria-label=${this.t('windows.order')}>
        ${SAMPLINGS.map(
          (each) =>
            html`<button data-value=${each} aria-pressed=${each === this.shownSampling} @click=${() => this.choose(each)}>
              ${this.t(`choice.train.sampling.${each}`)}
            </button>`,
        )}
      </div>
      ${this.failure ? html`<p class="small problem" role="alert">${this.failureText(this.failure)}</p>` : nothing}
      ${this.view ? this.windows(this.view) : nothing}
    </div>`;
  }

  private choose(sampling: Sampling): void {
    [this.sampling, this.epoch, this.batch] = [sampling, 0, 0];
  }

  private windows(view: WindowsView) {
    const { session, position } = this.state;
    const values = { rows: view.starts.length, steps: view.steps };
    const own = session!.config.train.sampling === this.shownSampling;
    return html`<p class="small muted">${this.t('windows.help', values)} ${this.t(`windows.${this.shownSampling}`, values)}</p>
      ${this.stepper('epoch', this.t('windows.epoch', { epoch: this.epoch + 1 }), this.epoch > 0, true)}
      ${this.stepper(
        'batch',
        this.t('windows.batch', { batch: this.batch + 1, batches: view.batches_per_epoch }),
        this.batch > 0,
        this.batch + 1 < view.batches_per_epoch,
      )}
      ${own && position && (position.epoch !== this.epoch || position.batch !== this.batch)
        ? html`<button class="link" id="here" @click=${() => ([this.epoch, this.batch] = [position.epoch, position.batch])}>
            ${this.t('windows.here')}
          </button>`
        : nothing}
      ${this.map(view)}
      <ol class="rows" tabindex="0" aria-label=${this.t('windows.rows')}>
        ${view.rows.map((characters, row) => {
          const text = characters.map((each) => (each === '\n' ? '↵' : each));
          return html`<li .style=${`--row:${colour(row, view.starts.length)}`} title=${this.t('windows.row', { row: row + 1, start: view.starts[row]! + 1 })}>
            <span class="number muted">${row + 1}</span>
            <span class="window"><span>${text.slice(0, -1).join('')}</span><span class="next">${text.at(-1)}</span></span>
          </li>`;
        })}
        ${view.starts.length > view.rows.length
          ? html`<li><span></span><span class="small muted">${this.t('windows.more', { count: view.starts.length - view.rows.length })}</span></li>`
          : nothing}
      </ol>`;
  }

  private stepper(what: 'epoch' | 'batch', text: string, back: boolean, on: boolean) {
    const move = (by: number) => {
      if (what === 'batch') this.batch += by;
      else [this.epoch, this.batch] = [this.epoch + by, 0];
    };
    return html`<div class="stepper" id=${what}>
      <button aria-label=${this.t(what === 'epoch' ? 'windows.previousEpoch' : 'windows.previousBatch')} ?disabled=${!back} @click=${() => move(-1)}>−</button>
      <span class="small number" role="status">${word(this, what === 'epoch' ? 'epoch' : 'minibatch', text)}</span>
      <button aria-label=${this.t(what === 'epoch' ? 'windows.nextEpoch' : 'windows.nextBatch')} ?disabled=${!on} @click=${() => move(1)}>+</button>
    </div>`;
  }

  private map(view: WindowsView) {
    const { lines, pieces } = layOut(view.starts, view.steps, view.characters, WIDTH);
    const label = this.t('windows.map', { characters: format.count(view.characters, this.state.language) });
    return html`<svg viewBox="0 0 ${WIDTH} ${lines.length * LINE}" role="img" aria-label=${label}>
      ${lines.map((width, line) => svg`<rect class="whole" x="0" y=${line * LINE} width=${width} height=${BAR} rx="1.5" />`)}
      ${pieces.map(
        ({ row, line, x, width }) =>
          svg`<rect x=${x} y=${line * LINE} width=${width} height=${BAR} rx="1" fill=${colour(row, view.starts.length)} />`,
      )}
    </svg>`;
  }
}

/** Neighbouring rows far apart on the colour circle. */
function colour(row: number, rows: number): string {
  const hue = rows <= 8 ? (row * 360) / rows : row * 137.5;
  return `hsl(${(hue + 225) % 360} 60% 52%)`;
}
