/** The curves of training: loss and perplexity in one, gradient norm and learning rate beneath. */
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type uPlot from 'uplot';
import * as format from '../i18n/format.ts';
import type { Run } from '../state/runs.ts';
import { centres, nearest, smooth } from '../state/series.ts';
import { AppElement } from './base.ts';
import './chart.ts';
import type { Chart, PointEvent } from './chart.ts';
import { look, lossData, lossOptions, MOST_DOTS, smallData, smallOptions } from './curves.ts';
import { csvFile, saveAs } from './download.ts';
import type { Mark } from './marks.ts';
import { runDetails, runName } from './runname.ts';
import { shared } from './styles.ts';
import { mark, word } from './term.ts';

/** What differs among runs, once each; in the colour of its run where several differ. */
function distinct(runs: readonly Run[], what: (run: Run) => number | null): { value: number; colour: string }[] {
  const found = new Map<number, string>();
  for (const run of runs) {
    const value = what(run);
    if (value !== null) found.set(value, look(run).colour);
  }
  return [...found].map(([value, colour]) => ({ value, colour: found.size > 1 ? colour : '--ink-2' }));
}

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
  private places: number[] = [];
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
      /* Its place is kept, so that nothing moves when training begins. */
      .waiting {
        visibility: hidden;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        min-height: 1.45em;
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
      .legend .ink {
        --swatch: var(--ink);
      }
      .legend svg {
        width: 26px;
        height: 10px;
        fill: var(--surface);
        stroke: var(--swatch);
        stroke-width: 2;
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
      @container (max-width: 480px) {
        .pair {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  private get shown(): Run[] {
    return this.app.runs.all.filter((run) => run.visible && run.steps.length > 0);
  }

  /** The run that is drawn in full, and that read-out and screen reader tell of. */
  private get told(): Run | undefined {
    return this.shown.at(-1);
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const runs = this.shown;
    const toldId = this.told?.id ?? 0;
    this.gather(runs, toldId);
    const blind = this.blind(runs);
    const marks = this.thresholds(runs);
    // New options only when the set of curves or their labels changed: rebuilding a chart is what costs.
    const built = JSON.stringify([
      runs.map((run) => [run.id, run.epochs.length <= MOST_DOTS, run.epochs.some((epoch) => epoch.validation_perplexity !== null)]),
      blind, marks, this.state.language,
    ]);
    if (built === this.built) return;
    this.built = built;
    this.lossChart = lossOptions({
      runs,
      toldId,
      blind,
      text: { loss: this.t('chart.loss.axis'), perplexity: this.t('chart.perplexity.axis'), epoch: this.t('chart.epoch.axis') },
    });
    this.gradientChart = smallOptions({ runs, log: true, marks });
    this.rateChart = smallOptions({ runs, log: false, marks: [] });
  }

  /** Blind guessing, for each size of vocabulary among what is drawn; before anything is, for the run to come. */
  private blind(runs: Run[]) {
    const { current } = this.app.runs;
    const among = runs.length ? runs : current ? [current] : [];
    return distinct(among, (run) => (run.vocabulary > 1 ? run.vocabulary : null)).map(({ value: vocabulary, colour }) => ({
      vocabulary,
      mark: { value: Math.log(vocabulary), label: `${this.t('chart.blind')} (${vocabulary})`, colour },
    }));
  }

  /** Where the drawn runs clip. */
  private thresholds(runs: Run[]): Mark[] {
    // Named above the picture: gradients that are clipped run along this line, and its name would stand in them.
    return distinct(runs, ({ config: { train } }) => (train.clip === 'none' ? null : train.clip_threshold)).map((each) => ({ ...each, label: '' }));
  }

  /** Which line is which threshold. */
  private clipped(): string {
    const values = this.thresholds(this.shown).map(({ value }) => format.short(value));
    return values.length ? `┄ ${this.t('chart.threshold', { value: values.join(', ') })}` : '';
  }

  /** The numbers to draw, new ones only where the runs changed: pointing must not draw the curves anew. */
  private gather(runs: Run[], toldId: number): void {
    const { runsVersion } = this.state;
    if (this.data && runsVersion === this.drawnVersion) return;
    this.drawnVersion = runsVersion;
    this.data = { loss: lossData(runs, toldId), gradient: smallData(runs, 1), rate: smallData(runs, 2) };
    this.places = this.told ? centres(this.told.steps) : [];
  }

  override render() {
    const runs = this.shown;
    const told = this.told;
    const smallest = told?.steps.columns[0];
    const reading = this.reading(told);
    return html`<section class="card" aria-labelledby="title">
      <div class="head">
        <h2 id="title">${word(this, 'loss', this.t('chart.loss'))}</h2>
        <span class="small muted number" id="reading" aria-hidden="true">${reading}</span>
      </div>
      <div class="hero">
        <cl-chart
          .options=${this.lossChart}
          .data=${this.data!.loss}
          .places=${this.places}
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
            : this.empty}
        ></cl-chart>
        ${runs.length ? nothing : html`<p class="empty muted" id="no-curve">${this.empty}</p>`}
      </div>
      ${told ? this.legend(told) : html`<p class="legend small"></p>`}
      <p class="small muted">${this.t('chart.loss.help')} ${mark(this, 'perplexity', this.t('run.perplexity'))} ${mark(this, 'epoch', this.t('run.epoch'))}</p>
      <p class="row small ${told ? '' : 'waiting'}">
        <button class="link" id="curves-csv" @click=${this.saveTable}>${this.t('chart.save.csv')}</button>
        <button class="link" id="curves-png" @click=${this.savePicture}>${this.t('chart.save.png')}</button>
      </p>
      <div class="pair">
        ${this.small('chart.gradient', 1, this.gradientChart, this.data!.gradient)}
        ${this.small('chart.rate', 2, this.rateChart, this.data!.rate)}
      </div>
    </section>`;
  }

  /** What is said where no curve is drawn. */
  private get empty(): string {
    const { current } = this.app.runs;
    return this.t(current?.opened && !current.steps.length ? 'chart.empty.opened' : 'chart.empty');
  }

  private small(title: 'chart.gradient' | 'chart.rate', column: number, options: unknown, data: uPlot.AlignedData) {
    const values = this.told?.steps.columns[column] ?? [];
    const at = this.pointed === null ? values.length - 1 : nearest(this.places, this.pointed);
    const value = format.short(values[at]);
    return html`<figure>
      <figcaption class="head tight">
        <h3 title=${title === 'chart.gradient' ? this.t('chart.gradient.help') : nothing}>${word(this, title === 'chart.gradient' ? 'norm' : 'learning-rate', this.t(title))}${title === 'chart.gradient' ? html` ${mark(this, 'gradient', this.t('option.train.clip.label'))}` : nothing}</h3>
        ${title === 'chart.gradient' ? html`<span class="small muted" id="clipped">${this.clipped()}</span>` : nothing}
        <span class="small muted number">${value}</span>
      </figcaption>
      <cl-chart
        .options=${options}
        .data=${data}
        .places=${this.places}
        .pointed=${this.pointed}
        .reading=${this.pointed === null ? '' : `${this.t('chart.epoch.axis')} ${format.short(this.places[at])} · ${value}`}
        .height=${120}
        @point=${this.point}
        .label=${values.length
          ? this.t('chart.describe', { title: this.t(title), points: values.length, first: format.short(values[0]), last: format.short(values.at(-1)) })
          : this.empty}
      ></cl-chart>
    </figure>`;
  }

  private legend(run: Run) {
    const { colour, dash } = look(run);
    const style = `--swatch: ${colour}`;
    const line = html`<svg viewBox="0 0 26 10" aria-hidden="true"><path d="M0 5h26" stroke-dasharray=${dash.join(' ')} /></svg>`;
    return html`<p class="legend small muted" id="legend">
      <span .style=${style}>${line}${this.t('chart.train')}</span>
      <span .style=${style}><i class="dotted"></i>${this.t('chart.epochs')}</span>
      ${run.epochs.some((epoch) => epoch.validation_perplexity !== null)
        ? html`<span class="warm"><svg viewBox="0 0 26 10" aria-hidden="true"><path d="M0 5h26" /><circle cx="13" cy="5" r="3.5" /></svg>${word(this, 'validation', this.t('chart.validation'))}</span>`
        : nothing}
      ${run.references.some(({ pytorch }) => pytorch) ? html`<span class="ink"><i class="dotted"></i>${this.t('chart.expected')}</span>` : nothing}
      ${run.references.length ? html`<span class="plain"><i class="ring"></i>${this.t('chart.book')}</span>` : nothing}
    </p>`;
  }

  private readonly saveTable = () =>
    this.app.notices.attempt(async () => {
      const { curvesTable } = await import('../export/csv.ts');
      saveAs(csvFile(curvesTable(this.shown)), 'charloom-curves.csv');
    });

  private readonly savePicture = () =>
    this.app.notices.attempt(async () => {
      const { picture } = await import('../export/picture.ts');
      const titles = [this.t('chart.loss'), `${this.t('chart.gradient')} ${this.clipped()}`, this.t('chart.rate')];
      const charts = [...this.renderRoot.querySelectorAll('cl-chart')] as Chart[];
      const colour = charts[0]!.colours.of;
      const { language } = this.state;
      const runs = this.shown.map((run) => {
        const { colour: own, dash } = look(run);
        return { name: `${runName(language, run)} · ${runDetails(language, run, this.app.runs.all)}`, colour: colour(own), dash };
      });
      const canvases = await Promise.all(charts.map((chart) => chart.drawn()));
      const shown = canvases.flatMap((canvas, index) => (canvas ? [{ title: titles[index]!, canvas }] : []));
      const sheet = await picture(shown, { background: colour('--surface'), ink: colour('--ink'), runs });
      saveAs(sheet, 'charloom-curves.png');
    });

  private readonly point = ({ x }: PointEvent) => {
    this.pointed = x;
  };

  /** What the told run's smoothed curve says at the pointed place. */
  private reading(run: Run | undefined): string {
    if (this.pointed === null || !run) return '';
    const at = nearest(this.places, this.pointed);
    const loss = smooth(run.steps.columns[0]!, run.steps.stride)[at];
    return `${this.t('chart.epoch.axis')} ${format.short(this.places[at])} · ${this.t('chart.loss.axis')} ${format.fixed(loss, 3)} · ${this.t('chart.perplexity.axis')} ${format.perplexity(loss === undefined ? null : Math.exp(loss))}`;
  }
}
