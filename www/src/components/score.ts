/**
 * A text and, woven beneath it, what every unit did at every character: one column per character, one row per unit.
 * Point or walk with the arrow keys to pick a character and a unit.
 */
import { LitElement, css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { guard } from 'lit/directives/guard.js';
import type { Place } from '../protocol/engine.ts';
import { at, type Grid } from '../state/inside.ts';
import { channels, Colours, onAppearance } from '../theme/theme.ts';
import { typeScale } from '../theme/view.ts';
import { shared } from './styles.ts';

const NARROWEST = 18;
const WIDEST = 34;
/** A row that can be read, and the least height of all of them. */
const ROW = 11;
const HEIGHT = 280;
/** For the rows' numbers, of four digits. */
const NUMBERS = 28;

export class PickEvent extends Event {
  constructor(
    readonly step: number,
    readonly unit: number | null,
  ) {
    super('pick', { bubbles: true, composed: true });
  }
}

@customElement('cl-score')
export class Score extends LitElement {
  @property({ attribute: false }) places: Place[] = [];
  @property({ attribute: false }) grid!: Grid;
  /** Units from top to bottom. */
  @property({ attribute: false }) order: number[] = [];
  /** Whether values lie in 0…1 (gates) rather than around zero. */
  @property({ type: Boolean }) positive = false;
  @property({ type: Number }) step = 0;
  @property({ attribute: false }) unit: number | null = null;
  @property() label = '';
  /** What the numbers of the rows are. */
  @property() numbered = '';
  /** How each character is written. */
  @property({ attribute: false }) visible: (character: string) => string = (character) => character;
  /** Every row tall enough to be read; else all of them at once. */
  @property({ type: Boolean }) tall = true;
  @state() private room = 0;
  @query('canvas') private canvas!: HTMLCanvasElement;
  private readonly resizes = new ResizeObserver(([entry]) => {
    this.room = entry?.contentRect.width ?? 0;
  });
  private readonly colours = new Colours(() => this.canvas);
  private readonly repaint = () => {
    this.colours.forget();
    this.paint();
  };
  private unwatch: (() => void) | undefined;

  static override styles = [
    shared,
    css`
      .scroll {
        position: relative;
        overflow: auto;
        max-height: ${HEIGHT + 40}px;
      }
      .text {
        position: sticky;
        top: 0;
        z-index: 1;
        width: max-content;
        background: var(--surface);
        display: flex;
        font: 17px/26px var(--serif);
      }
      .text span[data-index] {
        flex: none;
        width: var(--column);
        text-align: center;
        border-radius: 3px;
        background: color-mix(in srgb, var(--tint, transparent) calc(var(--s, 0) * 70%), transparent);
      }
      .text .picked {
        outline: 2px solid var(--accent);
      }
      .rows {
        display: flex;
        width: max-content;
      }
      /* One text for all: a thousand elements would make every pick slow. */
      .numbers,
      .corner {
        position: sticky;
        left: 0;
        z-index: 1;
        flex: none;
        width: var(--numbers);
        margin: 0;
        background: var(--surface);
      }
      .numbers {
        padding-right: 5px;
        color: var(--ink-2);
        font: 9px var(--sans);
        font-variant-numeric: tabular-nums;
        line-height: var(--line);
        text-align: right;
      }
      .weave {
        position: relative;
        cursor: crosshair;
      }
      canvas {
        display: block;
        height: 100%;
        image-rendering: pixelated;
        border-radius: 4px;
      }
      .column,
      .unit {
        position: absolute;
        pointer-events: none;
      }
      .column {
        top: 0;
        bottom: 0;
        width: var(--column);
        border: 2px solid var(--accent);
        border-radius: 3px;
      }
      .unit {
        left: 0;
        right: 0;
        min-height: 3px;
        border-block: 1.5px solid var(--ink);
      }
      .key {
        display: flex;
        align-items: center;
        gap: 8px;
        margin-top: 6px;
      }
      .key i {
        width: 120px;
        height: 10px;
        border-radius: 3px;
        background: linear-gradient(to right, var(--low), var(--middle), var(--high));
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.resizes.observe(this);
    this.unwatch = onAppearance(this.repaint);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resizes.disconnect();
    this.unwatch?.();
  }

  private get column(): number {
    return Math.min(WIDEST, Math.max(NARROWEST, Math.floor((this.room - this.margin) / Math.max(1, this.places.length))));
  }

  /** Room for the rows' numbers. */
  private get margin(): number {
    return NUMBERS * typeScale(this);
  }

  override render() {
    const { places, grid, step, unit, column, order } = this;
    const height = this.height;
    const rowHeight = height / Math.max(1, order.length);
    const row = unit === null ? -1 : order.indexOf(unit);
    return html`<div class="scroll" tabindex="0" role="group" aria-label=${this.label} .style=${`--column:${column}px;--numbers:${this.margin}px`} @keydown=${this.walk}>
      <div class="text" @pointerover=${this.pointText} @click=${this.pointText}>
        <span class="corner"></span>${guard([places, grid, unit, step], () => places.map((place, index) => this.glyph(place, index)))}
      </div>
      <div class="rows">
        ${guard([order, rowHeight], () => this.numbers(rowHeight))}
        <div class="weave" .style=${`width:${grid.steps * column}px;height:${height}px`} @pointermove=${this.pointWeave} @click=${this.pointWeave}>
          <canvas .style=${`width:${grid.steps * column}px`}></canvas>
          ${step < grid.steps ? html`<div class="column" .style=${`left:${step * column}px`}></div>` : nothing}
          ${row >= 0 ? html`<div class="unit" .style=${`top:${row * rowHeight}px;height:${rowHeight}px`}></div>` : nothing}
        </div>
      </div>
    </div>
    ${this.key()}`;
  }

  /** Which unit a row is; where rows are lower than a number, of every so many. */
  private numbers(rowHeight: number) {
    const every = Math.ceil((ROW * typeScale(this)) / rowHeight - 0.01);
    const units = this.order.filter((_, row) => row % every === 0);
    return html`<pre class="numbers" aria-hidden="true" .style=${`--line:${every * rowHeight}px`}>${units.join('\n')}</pre>`;
  }

  /** What the colours stand for. */
  private key() {
    const [least, most] = this.positive ? ['0', '1'] : ['−1', '1'];
    const [low, high] = this.positive ? ['--surface-2', '--run-2'] : ['--run-1', '--run-0'];
    const middle = this.positive ? `color-mix(in srgb, var(${low}), var(${high}))` : 'var(--surface-2)';
    return html`<p class="key small muted number" id="key">
      ${least}<i .style=${`--low:var(${low});--middle:${middle};--high:var(${high})`}></i>${most}<span>${this.numbered}</span>
    </p>`;
  }

  private get height(): number {
    return this.tall ? Math.max(HEIGHT, this.order.length * ROW) : HEIGHT;
  }

  /** Coloured by the picked unit where there is one, else by how surprising the character was. */
  private glyph({ character, surprise }: Place, index: number) {
    let style = '';
    if (this.unit !== null && index < this.grid.steps) {
      const value = at(this.grid, index, this.unit);
      style = `--tint:var(${value < 0 ? '--run-1' : '--run-0'});--s:${Math.min(1, Math.abs(value)).toFixed(2)}`;
    } else if (this.unit === null && surprise !== null) {
      style = `--tint:var(--run-1);--s:${Math.min(1, surprise / 7).toFixed(2)}`;
    }
    return html`<span data-index=${index} class=${index === this.step ? 'picked' : ''} .style=${style}>${this.visible(character)}</span>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('grid') || changed.has('order') || changed.has('positive')) this.paint();
    if (changed.has('step') || changed.has('unit')) this.reveal();
  }

  /** Scrolls along the text until the picked character shows. The page stays where its reader put it. */
  private reveal(): void {
    const scroll = this.renderRoot.querySelector('.scroll');
    if (!scroll) return;
    const left = this.step * this.column;
    const least = left + this.column + this.margin - scroll.clientWidth;
    scroll.scrollLeft = Math.min(left, Math.max(least, scroll.scrollLeft));
    if (this.unit === null) return;
    const rowHeight = this.height / Math.max(1, this.order.length);
    const top = this.order.indexOf(this.unit) * rowHeight;
    const above = top + rowHeight + this.renderRoot.querySelector('.text')!.clientHeight - scroll.clientHeight;
    scroll.scrollTop = Math.min(top, Math.max(above, scroll.scrollTop));
  }

  private paint(): void {
    const { grid, order, canvas } = this;
    if (!canvas || !grid.steps) return;
    canvas.width = grid.steps;
    canvas.height = order.length;
    const context = canvas.getContext('2d')!;
    const [low, middle, high] = ['--run-1', '--surface-2', this.positive ? '--run-2' : '--run-0'].map((token) => channels(this.colours.of(token))) as [
      readonly number[], readonly number[], readonly number[],
    ];
    const image = context.createImageData(grid.steps, order.length);
    let pixel = 0;
    for (const unit of order) {
      for (let step = 0; step < grid.steps; step++) {
        const value = Math.max(-1, Math.min(1, at(grid, step, unit)));
        const end = value < 0 ? low : high;
        for (let channel = 0; channel < 3; channel++) {
          image.data[pixel++] = middle[channel]! + (end[channel]! - middle[channel]!) * Math.abs(value);
        }
        image.data[pixel++] = 255;
      }
    }
    context.putImageData(image, 0, 0);
  }

  private pick(step: number, unit: number | null): void {
    this.dispatchEvent(new PickEvent(step, unit));
  }

  private pointText(event: Event): void {
    const index = (event.target as HTMLElement).dataset['index'];
    if (index !== undefined) this.pick(Number(index), this.unit);
  }

  private pointWeave(event: PointerEvent | MouseEvent): void {
    const box = this.canvas.getBoundingClientRect();
    const step = Math.floor((event.clientX - box.left) / this.column);
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.order.length);
    const unit = this.order[row];
    if (step < 0 || step >= this.grid.steps || unit === undefined) return;
    if (event.type === 'click') this.pick(step, this.unit === unit ? null : unit);
    else if (step !== this.step) this.pick(step, this.unit);
  }

  private walk(event: KeyboardEvent): void {
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (across === undefined && down === undefined && event.key !== 'Escape') return;
    event.preventDefault();
    const row = this.unit === null ? -1 : this.order.indexOf(this.unit);
    const next = Math.min(this.order.length - 1, Math.max(0, row + (down ?? 0)));
    if (event.key === 'Escape') this.pick(this.step, null);
    else if (across !== undefined) this.pick(Math.min(this.places.length - 1, Math.max(0, this.step + across)), this.unit);
    else this.pick(this.step, this.order[next] ?? null);
  }
}
