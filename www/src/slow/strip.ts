/** The row's characters, one column each, with a bar under each where there is something to compare. */
import { LitElement, css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { shared } from '../components/styles.ts';

export class AtEvent extends Event {
  constructor(readonly at: number) {
    super('at', { bubbles: true, composed: true });
  }
}

@customElement('cl-strip')
export class Strip extends LitElement {
  @property({ attribute: false }) characters: string[] = [];
  @property({ attribute: false }) targets: string[] | null = null;
  /** A number a character; null for those not yet reached. */
  @property({ attribute: false }) bars: (number | null)[] | null = null;
  @property({ type: Number }) at = 0;
  @property() label = '';

  static override styles = [
    shared,
    css`
      .scroll {
        display: flex;
        overflow-x: auto;
        padding: 4px 2px 8px;
      }
      .column {
        flex: 1 0 24px;
        max-width: 40px;
        border-radius: 6px;
        text-align: center;
        font: 17px/26px var(--serif);
        cursor: pointer;
      }
      .column:hover {
        background: var(--surface-2);
      }
      .column.picked {
        outline: 2px solid var(--accent);
        outline-offset: -2px;
        background: var(--accent-soft);
      }
      .target {
        color: var(--ink-2);
        font-size: 15px;
      }
      .bar {
        position: relative;
        height: 56px;
        margin: 4px 5px;
      }
      .bar i {
        position: absolute;
        inset-inline: 0;
        border-radius: 2px;
        background: var(--run-0);
      }
      .bar i.negative {
        background: var(--run-1);
      }
    `,
  ];

  override render() {
    const numbers = (this.bars ?? []).filter((each): each is number => each !== null);
    const most = Math.max(1e-30, ...numbers.map(Math.abs));
    const signed = numbers.some((each) => each < 0);
    return html`<div class="scroll" tabindex="0" role="group" aria-label=${this.label} @keydown=${this.walk}>
      ${this.characters.map(
        (character, index) =>
          html`<div class="column ${index === this.at ? 'picked' : ''}" @click=${() => this.dispatchEvent(new AtEvent(index))}>
            <div>${character}</div>
            ${this.targets ? html`<div class="target">${this.targets[index]}</div>` : nothing}
            ${this.bars ? html`<div class="bar">${this.bar(this.bars[index] ?? null, most, signed)}</div>` : nothing}
          </div>`,
      )}
    </div>`;
  }

  private bar(value: number | null, most: number, signed: boolean) {
    if (value === null) return nothing;
    const room = signed ? 50 : 100;
    const height = Math.max(2, (Math.abs(value) / most) * room);
    const bottom = !signed ? 0 : value < 0 ? 50 - height : 50;
    return html`<i class=${value < 0 ? 'negative' : ''} .style=${`height:${height}%;bottom:${bottom}%`}></i>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('at') && !changed.has('bars')) return;
    // Only sideways: the page itself must not jump.
    const scroll = this.renderRoot.querySelector<HTMLElement>('.scroll')!;
    const column = scroll.children[this.at] as HTMLElement | undefined;
    if (!column) return;
    const left = column.offsetLeft - scroll.offsetLeft;
    if (left < scroll.scrollLeft) scroll.scrollLeft = left - 40;
    else if (left + column.offsetWidth > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = left + column.offsetWidth - scroll.clientWidth + 40;
  }

  private walk(event: KeyboardEvent): void {
    const last = this.characters.length - 1;
    const next = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.dispatchEvent(new AtEvent(Math.min(last, Math.max(0, next))));
  }
}
