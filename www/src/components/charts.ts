/** The curves of training: loss and perplexity in one, gradient norm and learning rate beneath. */
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type uPlot from 'uplot';
import * as format from '../i18n/format.ts';
import type { Run } from '../state/runs.ts';
import { nearest, smooth } from '../state/series.ts';
import { AppElement } from './base.ts';
import './chart.ts';
import type { PointEvent } from './chart.ts';
import { lossData, lossOptions, MOST_DOTS, smallData, smallOptions } from './curves.ts';
import { shared } from './styles.ts';

@customElement('cl-charts')
export class Charts extends AppElement {
  protected readonly watches = ['runsVersion', 'session', 'config'] as const;
  /** The epoch, as a fraction, that someone points at. */
  @state() private pointed: number | null = null;
  private lossChart: ReturnType<typeof lossOptions> | undefined;
  private gradientChart: ReturnType<typeof smallOptions> | undefined;
  private rateChart: ReturnType<typeof smallOptions> | undefined;
  private built = '';
  private drawnVersion = -1;
  private data: { loss: uPlot.AlignedData; gradient: uPlot.AlignedData; rate: uPlot.AlignedData } | undefined;

  static override styles = [
    shared,
    css`
      .pair {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 16px;
        margin-top: 16px;
      }
      .empty {
        position: absolute;
        inset: 40% 76px auto;
        background: var(--surface);
        text-align: center;
        pointer-events: none;
      }
      .hero {
        position: relative;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 14px;
        margin-top: 4px;
      }
      .legend span {
        display: inline-flex;
        align-items: center;
        gap: 6px;
      }
      .legend .warm {
        --swatch: var(--warm);
      }
      .legend .plain {
        --swatch: var(--ink-2);
      }
      .legend i {
        width: 18px;
        height: 0;
        border-top: 2.5px solid var(--swatch);
      }
      .legend i.dashed {
        border-top-style: dashed;
      }
      .legend i.ring {
        width: 9px;
        height: 9px;
        border: 2px solid var(--swatch);
        border-radius: 50%;
      }
      .legend i.dotted {
        width: 8px;
        height: 8px;
        border: 0;
        border-radius: 50%;
        background: var(--swatch);
      }
      @media (max-width: 480px) {
        .pair {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  private get shown(): Run[] {
    return this.app.runs.all.filter((run) => run.visible && run.steps.length > 0);
  }

  /** The run that the read-out and the screen reader tell of. */
  private get told(): Run | undefined {
    const { current } = this.app.runs;
    return current?.visible && current.steps.length ? current : this.shown.at(-1);
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const runs = this.shown;
    const current = this.app.runs.current;
    this.gather(runs, current?.id ?? 0);
    const threshold = current && current.config.train.clip !== 'none' ? current.config.train.clip_threshold : null;
    const validation = runs.map((run) => run.epochs.some((epoch) => epoch.validation_perplexity !== null));
    // New options only when the set of curves or their labels changed: rebuilding a chart is what costs.
    const built = JSON.stringify([
      runs.map((run) => [run.id, run.colour, run.epochs.length <= MOST_DOTS]), validation, threshold, current?.id, current?.vocabulary, this.state.language,
    ]);
    if (built === this.built) return;
    this.built = built;
    this.lossChart = lossOptions({
      runs,
      currentId: current?.id ?? 0,
      vocabulary: current?.vocabulary ?? 0,
      text: {
        loss: this.t('chart.loss.axis'),
        perplexity: this.t('chart.perplexity.axis'),
        epoch: this.t('chart.epoch.axis'),
        blind: this.t('chart.blind'),
      },
    });
    this.gradientChart = smallOptions({
      runs,
      log: true,
      mark: threshold === null ? null : { value: threshold, label: this.t('chart.threshold', { value: format.short(threshold) }) },
    });
    this.rateChart = smallOptions({ runs, log: false, mark: null });
  }

  /** The numbers to draw, new ones only where the runs changed: pointing must not draw the curves anew. */
  private gather(runs: Run[], currentId: number): void {
    const { runsVersion } = this.state;
    if (this.data && runsVersion === this.drawnVersion) return;
    this.drawnVersion = runsVersion;
    this.data = { loss: lossData(runs, currentId), gradient: smallData(runs, 1), rate: smallData(runs, 2) };
  }

  override render() {
    const runs = this.shown;
    const current = this.app.runs.current;
    const told = this.told;
    const smallest = told?.steps.columns[0];
    const reading = this.reading(told);
    return html`<section class="card" aria-labelledby="title">
      <div class="head">
        <h2 id="title">${this.t('chart.loss')}</h2>
        <span class="small muted number" id="reading" aria-hidden="true">${reading}</span>
      </div>
      <div class="hero">
        <cl-chart
          .options=${this.lossChart}
          .data=${this.data!.loss}
          .places=${told?.steps.x ?? []}
          .pointed=${this.pointed}
          .reading=${reading}
          .height=${300}
          @point=${this.point}
          .label=${smallest?.length
            ? this.t('chart.describe', {
                title: this.t('chart.loss'),
                points: smallest.length,
                first: format.short(smallest[0]),
                last: format.short(smallest.at(-1)),
              })
            : this.t('chart.empty')}
        ></cl-chart>
        ${runs.length ? nothing : html`<p class="empty muted">${this.t('chart.empty')}</p>`}
      </div>
      ${current && runs.includes(current) ? this.legend(current) : nothing}
      <p class="small muted">${this.t('chart.loss.help')}</p>
      <div class="pair" ?hidden=${!runs.length}>
        ${this.small('chart.gradient', 1, this.gradientChart, this.data!.gradient)}
        ${this.small('chart.rate', 2, this.rateChart, this.data!.rate)}
      </div>
    </section>`;
  }

  private small(title: 'chart.gradient' | 'chart.rate', column: number, options: unknown, data: uPlot.AlignedData) {
    const { x = [], columns } = this.told?.steps ?? {};
    const values = columns?.[column] ?? [];
    const at = this.pointed === null ? values.length - 1 : nearest(x, this.pointed);
    const value = format.short(values[at]);
    return html`<figure>
      <figcaption class="head tight">
        <h3 title=${title === 'chart.gradient' ? this.t('chart.gradient.help') : nothing}>${this.t(title)}</h3>
        <span class="small muted number">${value}</span>
      </figcaption>
      <cl-chart
        .options=${options}
        .data=${data}
        .places=${x}
        .pointed=${this.pointed}
        .reading=${this.pointed === null ? '' : `${this.t('chart.epoch.axis')} ${format.short(x[at])} · ${value}`}
        .height=${120}
        @point=${this.point}
        .label=${this.t('chart.describe', {
          title: this.t(title),
          points: values.length,
          first: format.short(values[0]),
          last: format.short(values.at(-1)),
        })}
      ></cl-chart>
    </figure>`;
  }

  private legend(current: Run) {
    const colour = `--swatch: var(--run-${current.colour})`;
    return html`<p class="legend small muted" aria-hidden="true">
      <span .style=${colour}><i></i>${this.t('chart.train')}</span>
      <span .style=${colour}><i class="dotted"></i>${this.t('chart.epochs')}</span>
      ${current.epochs.some((epoch) => epoch.validation_perplexity !== null)
        ? html`<span class="warm"><i class="dashed"></i>${this.t('chart.validation')}</span>`
        : nothing}
      ${current.references.length
        ? html`<span class="plain"><i class="ring"></i>${this.t('chart.book')}</span>`
        : nothing}
    </p>`;
  }

  private readonly point = ({ x }: PointEvent) => {
    this.pointed = x;
  };

  /** What the told run's smoothed curve says at the pointed place. */
  private reading(run: Run | undefined): string {
    if (this.pointed === null || !run) return '';
    const at = nearest(run.steps.x, this.pointed);
    const loss = smooth(run.steps.columns[0]!)[at];
    return `${this.t('chart.epoch.axis')} ${format.short(run.steps.x[at])} · ${this.t('chart.loss.axis')} ${format.fixed(loss, 3)} · ${this.t('chart.perplexity.axis')} ${format.perplexity(loss === undefined ? null : Math.exp(loss))}`;
  }
}
