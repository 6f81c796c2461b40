/**
 * A uPlot chart in the page's colours. The owner sets `options` when the set of curves changes and `data` when the
 * numbers do; resizing, theme changes and accessibility are handled here.
 */
import { LitElement, css, html, unsafeCSS, type PropertyValues } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import uPlot from 'uplot';
import uplotStyles from 'uplot/dist/uPlot.min.css?inline';

export type ChartOptions = Omit<uPlot.Options, 'width' | 'height'>;
export type ColourOf = (token: string) => string;

@customElement('cl-chart')
export class Chart extends LitElement {
  /** Builds the options; called again when the theme changes, with the colours of that theme. */
  @property({ attribute: false }) options!: (colour: ColourOf) => ChartOptions;
  @property({ attribute: false }) data: uPlot.AlignedData = [[]];
  @property({ type: Number }) height = 260;
  /** What a screen reader says of it. */
  @property() label = '';
  @query('.plot') private place!: HTMLElement;
  private plot: uPlot | undefined;
  private readonly resizes = new ResizeObserver(() => this.resize());
  private readonly dark = matchMedia('(prefers-color-scheme: dark)');
  private readonly themes = new MutationObserver(() => this.rebuild());
  private readonly rebuild = () => {
    this.plot?.destroy();
    this.plot = undefined;
    this.requestUpdate();
  };

  static override styles = [
    unsafeCSS(uplotStyles),
    css`
      :host {
        display: block;
        min-width: 0;
      }
      .plot {
        overflow: hidden;
      }
      .uplot {
        font-family: var(--sans);
      }
      .u-legend {
        display: none;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.resizes.observe(this);
    this.dark.addEventListener('change', this.rebuild);
    this.themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resizes.disconnect();
    this.dark.removeEventListener('change', this.rebuild);
    this.themes.disconnect();
    this.rebuild();
  }

  override render() {
    return html`<div class="plot" role="img" aria-label=${this.label} .style=${`height:${this.height}px`}></div>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('options') || changed.has('height')) {
      this.plot?.destroy();
      this.plot = undefined;
    }
    if (this.plot) {
      if (changed.has('data')) this.plot.setData(this.data);
    } else if (this.clientWidth) {
      const options = { ...this.options(this.colour), width: this.clientWidth, height: this.height };
      this.plot = new uPlot(options, this.data, this.place);
    }
  }

  private resize(): void {
    if (this.plot && this.clientWidth) this.plot.setSize({ width: this.clientWidth, height: this.height });
    else this.requestUpdate();
  }

  /** The colour that a token has here and now: canvas needs it resolved. */
  private readonly colour: ColourOf = (token) => {
    this.place.style.color = `var(${token})`;
    const resolved = getComputedStyle(this.place).color;
    this.place.style.color = '';
    return resolved;
  };
}
