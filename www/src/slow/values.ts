/** Numbers that say where they come from: point at one, or reach it by keyboard. */
import { LitElement, css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { shared } from '../components/styles.ts';
import { translate, type Language } from '../i18n/i18n.ts';
import { number, type Derived } from './derive.ts';

@customElement('cl-values')
export class Values extends LitElement {
  @property({ attribute: false }) values: Derived[] = [];
  @property() language: Language = 'en';
  /** What a symbol is called. */
  @property({ attribute: false }) named: (symbol: string) => string | null = () => null;
  @state() private picked = -1;

  static override styles = [
    shared,
    css`
      ul {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
      }
      li {
        max-width: 100%;
      }
      button {
        flex-wrap: wrap;
        justify-content: start;
        gap: 2px 8px;
        min-height: 34px;
        text-align: left;
      }
      button b {
        font: italic 16px/1.4 var(--serif);
        color: var(--ink-2);
      }
      button[aria-pressed='true'] {
        border-color: var(--accent);
        background: var(--accent-soft);
      }
      .source {
        min-height: 6.2em;
        margin-top: 10px;
        padding: 9px 12px;
        border-left: 3px solid var(--accent);
        border-radius: 0 8px 8px 0;
        background: var(--surface-2);
        font: 14px/1.6 var(--serif);
        font-variant-numeric: tabular-nums;
        overflow-wrap: anywhere;
      }
      .source strong {
        font-weight: 650;
      }
      .source .small {
        font-family: var(--sans);
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues): void {
    // The same place in the next character's numbers, where there is one.
    if (changed.has('values') && this.picked >= this.values.length) this.picked = -1;
  }

  private word(symbol: string) {
    const word = this.named(symbol);
    return word ? html`<span class="small muted">${word}</span>` : nothing;
  }

  override render() {
    const picked = this.values[this.picked];
    return html`<ul>
        ${this.values.map(
          ({ symbol, value, computed }, index) =>
            html`<li>
              <button
                class="number"
                aria-pressed=${index === this.picked}
                aria-describedby="source"
                data-value=${value}
                data-computed=${computed}
                @pointerenter=${() => (this.picked = index)}
                @focus=${() => (this.picked = index)}
                @click=${() => (this.picked = index)}
              >
                <b>${symbol}</b>${this.word(symbol)}${number(value)}
              </button>
            </li>`,
        )}
      </ul>
      <div class="source" id="source" aria-live="polite">
        ${picked
          ? html`<p class="muted">${picked.formula}</p>
              <p>= ${picked.numbers}</p>
              <p><strong>${`= ${number(picked.computed)}`}</strong></p>
              ${picked.parts.length ? html`<p class="small muted">${picked.parts.map((part) => html`${part}<br />`)}</p>` : nothing}`
          : html`<p class="small muted">${translate(this.language, 'slow.formula')}</p>`}
      </div>`;
  }
}
