/** At one character: how surprising it was, what was expected next, and which characters are alike to the network. */
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import type { Inspection, Neighbour } from '../protocol/engine.ts';
import { AppElement } from './base.ts';
import { meter, shared } from './styles.ts';
import { mark } from './term.ts';

const NEIGHBOURS = 6;
const SETTLES_MS = 150;

@customElement('cl-expectations')
export class Expectations extends AppElement {
  protected readonly watches = [] as const;
  @property({ attribute: false }) inspection!: Inspection;
  @property({ type: Number }) step = 0;
  @state() private neighbours: Neighbour[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  static override styles = [
    shared,
    meter,
    css`
      .character {
        font: 400 30px/1.2 var(--serif);
      }
      li {
        display: grid;
        grid-template-columns: 1.6em minmax(0, 1fr) minmax(3.2em, auto);
        align-items: center;
        gap: 8px;
        font-size: 13px;
        line-height: 1.75;
      }
      b {
        font: 400 15px/1.5 var(--serif);
        text-align: center;
      }
      .meter.alike i {
        background: var(--run-4);
      }
      h3 {
        margin: 12px 0 2px;
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (!changed.has('step') && !changed.has('inspection')) return;
    clearTimeout(this.timer);
    const { character } = this.inspection.places[this.step]!;
    this.timer = setTimeout(() => {
      this.app.client.neighbours(character, NEIGHBOURS).then(
        (neighbours) => (this.neighbours = neighbours),
        () => (this.neighbours = []),
      );
    }, SETTLES_MS);
  }

  override render() {
    const place = this.inspection.places[this.step]!;
    const { language } = this.state;
    return html`<div>
      <p class="number">
        <span class="character">${format.visible(place.character, language)}</span>
        <span class="small muted"
          >${place.surprise === null
            ? this.t('inside.first')
            : this.t('inside.surprise', { percent: format.percent(Math.exp(-place.surprise), language), nats: format.fixed(place.surprise, 2) })} ${mark(this, 'nats', this.t('sample.surprise'))}</span
        >
      </p>
      ${place.next.length
        ? html`<h3>${this.t('inside.next')}</h3>
            <ol>
              ${place.next.map(({ character, probability }) => this.bar(character, probability, format.percent(probability, language), 'meter'))}
            </ol>`
        : nothing}
      ${this.neighbours.length
        ? html`<h3>${this.t('inside.neighbours')}</h3>
            <ol id="neighbours">
              ${this.neighbours.map(({ character, similarity }) =>
                this.bar(character, Math.max(0, similarity), format.fixed(similarity, 2), 'meter alike'),
              )}
            </ol>`
        : nothing}
    </div>`;
  }

  private bar(character: string, share: number, text: string, style: string) {
    return html`<li>
      <b>${format.visible(character, this.state.language)}</b>
      <span class=${style}><i .style=${`width:${share * 100}%`}></i></span>
      <span class="number muted">${text}</span>
    </li>`;
  }
}
