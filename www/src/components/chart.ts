/**
 * A uPlot chart in the page's colours. The owner sets `options` when the set of curves changes and `data` when the
 * numbers do; resizing, theme changes, pointing and accessibility are handled here.
 *
 * Data flows one way. Only a person changes what is pointed at: mouse, finger or key send a PointEvent, the owner sets
 * `pointed`, and drawing places the cursor there. No hook of uPlot's may change state, since uPlot calls its hooks
 * again for whatever a new state makes it draw.
 *
 * It is drawn in the next frame in which it can be seen: whatever changed until then costs one drawing, and out of
 * sight none.
 */
import { LitElement, css, html, nothing, unsafeCSS, type PropertyValues } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import uPlot from 'uplot';
import uplotStyles from 'uplot/dist/uPlot.min.css?inline';
import { nearest } from '../state/series.ts';
import { Colours, onAppearance } from '../theme/theme.ts';
import { typeScale } from '../theme/view.ts';
import { Sight } from './sight.ts';

export type ChartOptions = Omit<uPlot.Options, 'width' | 'height'>;
export type ColourOf = Colours['of'];

/** Someone points at this place of the horizontal axis; null: no longer at any. */
export class PointEvent extends Event {
  constructor(readonly x: number | null) {
    super('point');
  }
}

/** uPlot's own listeners, none of which is wanted. */
const UNBOUND = Object.fromEntries(
  ['mousedown', 'mouseup', 'click', 'dblclick', 'mousemove', 'mouseleave', 'mouseenter'].map((name) => [name, () => null]),
) as uPlot.Cursor.Bind;
const NOWHERE = { left: -10, top: -10 };
/** Steps of the Page keys along the curve. */
const PAGES = 20;

/** Larger labels, with room for them, and stronger lines. */
function sized(options: ChartOptions, scale: number): ChartOptions {
  if (scale === 1) return options;
  const larger = (font: string | undefined) => font?.replace(/[\d.]+px/, (size) => `${Number.parseFloat(size) * scale}px`);
  return {
    ...options,
    axes: options.axes!.map((axis) => {
      const [font, labelFont] = [larger(axis.font), larger(axis.labelFont)];
      const size = typeof axis.size === 'number' ? { size: axis.size * scale } : {};
      const labelSize = axis.labelSize ? { labelSize: axis.labelSize * scale } : {};
      return { ...axis, ...size, ...labelSize, ...(font ? { font } : {}), ...(labelFont ? { labelFont } : {}) };
    }),
    series: options.series.map((line) => (line.width ? { ...line, width: line.width * scale } : line)),
  };
}

@customElement('cl-chart')
export class Chart extends LitElement {
  /** Builds the options; called again when the theme changes, with the colours of that theme. */
  @property({ attribute: false }) options!: (colour: ColourOf) => ChartOptions;
  @property({ attribute: false }) data: uPlot.AlignedData = [[]];
  /** Places that can be pointed at, in rising order; none: the chart is a picture only. */
  @property({ attribute: false }) places: readonly number[] = [];
  @property({ attribute: false }) pointed: number | null = null;
  /** What stands at the pointed place, for screen readers. */
  @property() reading = '';
  @property({ type: Number }) height = 260;
  /** What a screen reader says of it. */
  @property() label = '';
  @query('.plot') private place!: HTMLElement;
  private plot: uPlot | undefined;
  /** What is to be drawn. */
  private readonly due = new Set<'plot' | 'size' | 'data' | 'cursor'>();
  private frame = 0;
  private readonly sight = new Sight(this, '200px');
  private readonly resizes = new ResizeObserver(() => this.resize());
  private unwatch: (() => void) | undefined;
  readonly colours = new Colours(() => this.place);
  private readonly rebuild = () => {
    this.due.add('plot');
    this.requestUpdate();
  };
  private readonly recolour = () => {
    this.colours.forget();
    this.rebuild();
  };
  private readonly draw = () => {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (!this.isConnected || !this.clientWidth) return;
    if (!this.plot || this.due.has('plot')) this.build();
    else {
      if (this.due.has('size')) this.plot.setSize(this.size);
      if (this.due.has('data')) this.plot.setData(this.data);
      if (this.due.has('cursor')) this.showCursor();
    }
    this.due.clear();
  };

  static override styles = [
    unsafeCSS(uplotStyles),
    css`
      :host {
        display: block;
        min-width: 0;
      }
      /* With room for larger labels. */
      .plot {
        height: calc(var(--height) * (1 + (var(--drawn, 1) - 1) / 2));
        overflow: hidden;
      }
      .plot[role='slider'] {
        /* A finger goes along the curve sideways, and scrolls the page up and down. */
        touch-action: pan-y;
        cursor: crosshair;
      }
      .plot:focus-visible {
        outline: 2px solid var(--accent);
        outline-offset: 2px;
        border-radius: 4px;
      }
      .uplot {
        font-family: var(--sans);
      }
      .u-over {
        cursor: inherit;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.resizes.observe(this);
    addEventListener('beforeprint', this.draw);
    this.unwatch = onAppearance(this.recolour, this.rebuild);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resizes.disconnect();
    removeEventListener('beforeprint', this.draw);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.unwatch?.();
    this.plot?.destroy();
    this.plot = undefined;
    this.recolour();
  }

  override render() {
    const { places, pointed } = this;
    const last = places.at(-1);
    const along = last !== undefined;
    return html`<div
      class="plot"
      role=${along ? 'slider' : 'img'}
      tabindex=${along ? 0 : nothing}
      aria-label=${this.label}
      aria-valuemin=${along ? places[0]! : nothing}
      aria-valuemax=${last ?? nothing}
      aria-valuenow=${pointed ?? last ?? nothing}
      aria-valuetext=${this.reading || nothing}
      .style=${`--height:${this.height}px`}
      @pointerdown=${this.pointAt}
      @pointermove=${this.pointAt}
      @pointerleave=${this.leave}
      @keydown=${this.walk}
    ></div>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('options') || changed.has('height')) this.due.add('plot');
    if (changed.has('data')) this.due.add('data');
    if (changed.has('pointed')) this.due.add('cursor');
    if (this.sight.visible && this.due.size) this.frame ||= requestAnimationFrame(this.draw);
  }

  private build(): void {
    this.plot?.destroy();
    const options = sized(this.options(this.colours.of), typeScale(this));
    const { hooks } = options;
    this.plot = new uPlot(
      {
        ...options,
        ...this.size,
        legend: { show: false },
        cursor: { y: false, points: { size: 6 }, bind: UNBOUND },
        // The scales may have changed: the cursor stays at its place, not at its pixel.
        hooks: { ...hooks, draw: [...(hooks?.draw ?? []), () => this.showCursor()] },
      },
      this.data,
      this.place,
    );
  }

  /** The picture as it is now; none while the chart has no room. */
  async drawn(): Promise<HTMLCanvasElement | undefined> {
    if (this.due.size) this.draw();
    // uPlot draws at the end of the task.
    await Promise.resolve();
    return this.plot?.ctx.canvas;
  }

  private get size(): { width: number; height: number } {
    return { width: this.clientWidth, height: this.place.clientHeight };
  }

  private resize(): void {
    this.due.add('size');
    this.requestUpdate();
  }

  private showCursor(): void {
    const { plot, pointed } = this;
    plot?.setCursor(pointed === null ? NOWHERE : { left: plot.valToPos(pointed, 'x'), top: 0 }, false);
  }

  private point(x: number | null): void {
    if (x !== this.pointed) this.dispatchEvent(new PointEvent(x));
  }

  private pointAt(event: PointerEvent): void {
    if (!this.plot || !this.places.length) return;
    const x = this.plot.posToVal(event.clientX - this.plot.over.getBoundingClientRect().left, 'x');
    this.point(this.places[nearest(this.places, x)] ?? null);
  }

  /** What a finger pointed at stays to be read once it is lifted. */
  private leave(event: PointerEvent): void {
    if (event.pointerType !== 'touch') this.point(null);
  }

  private walk(event: KeyboardEvent): void {
    const last = this.places.length - 1;
    if (last < 0) return;
    const here = this.pointed === null ? last : nearest(this.places, this.pointed);
    const page = Math.max(1, Math.round(last / PAGES));
    const next = {
      ArrowLeft: here - 1, ArrowDown: here - 1, ArrowRight: here + 1, ArrowUp: here + 1,
      PageDown: here - page, PageUp: here + page, Home: 0, End: last, Escape: -Infinity,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.point(next === -Infinity ? null : this.places[Math.min(last, Math.max(0, next))]!);
  }
}
