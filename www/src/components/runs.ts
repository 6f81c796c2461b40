/** The run table: every run of this visit, side by side. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import type { Run } from '../state/runs.ts';
import { AppElement } from './base.ts';
import { look } from './curves.ts';
import { csvFile, saveAs } from './download.ts';
import { runDetails, runName } from './runname.ts';
import { shared } from './styles.ts';
import { word } from './term.ts';

@customElement('cl-runs')
export class Runs extends AppElement {
  protected readonly watches = ['runsVersion'] as const;

  static override styles = [
    shared,
    css`
      .fits {
        container-type: inline-size;
      }
      th,
      td {
        white-space: nowrap;
      }
      .name {
        display: flex;
        align-items: center;
        gap: 8px;
        white-space: normal;
        overflow-wrap: anywhere;
      }
      .name svg {
        width: 26px;
        height: 10px;
        flex: none;
        stroke: var(--swatch);
        stroke-width: 2.5;
      }
      button {
        min-width: 28px;
        min-height: 28px;
        padding: 0 6px;
      }
      /* Too narrow for a row: the name and its button above, the numbers below, each under its own heading. */
      @container (max-width: 560px) {
        table,
        tbody {
          display: block;
        }
        thead {
          position: absolute;
          clip-path: inset(50%);
        }
        tr {
          display: grid;
          grid-template-columns: repeat(auto-fit, minmax(56px, 1fr));
          gap: 2px 10px;
          padding: 6px 0;
          border-bottom: 1px solid var(--line);
        }
        tbody tr:last-child {
          border-bottom: 0;
        }
        th,
        td {
          padding: 0;
          border: 0;
        }
        th {
          grid-column: 1 / -1;
          grid-row: 1;
          /* Beside its button, or that it is the current one. */
          padding-right: 64px;
        }
        td.number {
          text-align: left;
        }
        td::before {
          content: attr(data-label);
          display: block;
          color: var(--ink-2);
          font-size: 12px;
        }
        td.end {
          grid-column: 1 / -1;
          grid-row: 1;
          justify-self: end;
        }
      }
    `,
  ];

  override render() {
    const runs = this.app.runs.all.filter((run) => run.step > 0);
    // An empty element would still take a gap of its own.
    this.hidden = !runs.length;
    if (this.hidden) return nothing;
    return html`<section class="card" aria-labelledby="title">
      <div class="head">
        <h2 id="title">${this.t('runs.title')}</h2>
        <button class="link" id="runs-csv" @click=${this.saveTable}>${this.t('chart.save.csv')}</button>
      </div>
      <p class="small muted">
        ${word(this, 'epoch', this.t('run.epoch'))} · ${word(this, 'perplexity', this.t('run.perplexity'))} ·
        ${word(this, 'cell', this.t('option.model.cell.label'))} · ${word(this, 'seed', this.t('option.train.seed.label'))}
      </p>
      <div class="fits">
        <table role="table">
          <thead role="rowgroup">
            <tr role="row">
              <th scope="col" role="columnheader">${this.t('runs.run')}</th>
              ${this.columns.map((name) => html`<th scope="col" role="columnheader" class="number">${name}</th>`)}
              <td role="cell"></td>
            </tr>
          </thead>
          <tbody role="rowgroup">
            ${runs.map((run) => this.row(run))}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  private get columns(): string[] {
    return [this.t('runs.epochs'), this.t('runs.best'), this.t('runs.speed'), this.t('runs.time')];
  }

  private row(run: Run) {
    const { language } = this.state;
    const current = run === this.app.runs.current;
    const { colour, dash } = look(run);
    const numbers = [
      String(run.epochs.at(-1)?.epoch ?? 0),
      format.perplexity(run.epochs.at(-1)?.perplexity),
      format.rate(run.charactersPerSecond, language),
      run.seconds ? format.duration(run.seconds, language) : '–',
    ];
    return html`<tr role="row">
      <th scope="row" role="rowheader">
        <label class="name" .style=${`--swatch: ${colour}`}>
          <input
            type="checkbox"
            aria-label=${this.t('runs.show', { number: run.id })}
            .checked=${run.visible}
            @change=${(event: Event) => this.app.runs.show(run.id, (event.target as HTMLInputElement).checked)}
          />
          <svg viewBox="0 0 26 10" aria-hidden="true"><path d="M0 5h26" stroke-dasharray=${dash.join(' ')} /></svg>
          <span
            >${runName(language, run)} <span class="muted small">${runDetails(language, run, this.app.runs.all)}</span></span
          >
        </label>
      </th>
      ${numbers.map((number, index) => html`<td class="number" role="cell" data-label=${this.columns[index]!}>${number}</td>`)}
      <td class="number end" role="cell">
        ${current
          ? html`<span class="muted small">${this.t('runs.current')}</span>`
          : html`<button class="quiet" aria-label=${this.t('runs.remove', { number: run.id })} @click=${() => this.app.runs.remove(run.id)}>
              ×
            </button>`}
      </td>
    </tr>`;
  }

  private readonly saveTable = () =>
    this.app.notices.attempt(async () => {
      const { runsTable } = await import('../export/csv.ts');
      saveAs(csvFile(runsTable(this.app.runs.all)), 'charloom-runs.csv');
    });
}
