/** The run table: every run of this visit, side by side. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import type { Run } from '../state/runs.ts';
import { AppElement } from './base.ts';
import { shared } from './styles.ts';

@customElement('cl-runs')
export class Runs extends AppElement {
  protected readonly watches = ['runsVersion'] as const;

  static override styles = [
    shared,
    css`
      .scroll {
        overflow-x: auto;
      }
      .name {
        display: flex;
        align-items: center;
        gap: 8px;
        white-space: nowrap;
      }
      .swatch {
        width: 12px;
        height: 12px;
        flex: none;
        border-radius: 3px;
        background: var(--swatch);
      }
      th,
      td {
        white-space: nowrap;
      }
      @media (max-width: 480px) {
        .name {
          white-space: normal;
        }
      }
      button {
        min-height: 24px;
        padding: 0 6px;
      }
    `,
  ];

  override render() {
    const runs = this.app.runs.all.filter((run) => run.step > 0);
    // An empty element would still take a gap of its own.
    this.hidden = !runs.length;
    if (this.hidden) return nothing;
    return html`<section class="card" aria-labelledby="title">
      <div class="head"><h2 id="title">${this.t('runs.title')}</h2></div>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="title">
        <table>
          <thead>
            <tr>
              <th scope="col">${this.t('runs.run')}</th>
              <th scope="col" class="number">${this.t('runs.epochs')}</th>
              <th scope="col" class="number">${this.t('runs.best')}</th>
              <th scope="col" class="number">${this.t('runs.speed')}</th>
              <th scope="col" class="number">${this.t('runs.time')}</th>
              <td></td>
            </tr>
          </thead>
          <tbody>
            ${runs.map((run) => this.row(run))}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  private row(run: Run) {
    const { language } = this.state;
    const { cell, hidden_size, num_layers } = run.config.model;
    const current = run === this.app.runs.current;
    const { optimizer, lr } = run.config.train;
    // Only where runs read different texts does it matter which.
    const textNames = new Set(this.app.runs.all.map(({ textName }) => textName));
    const texts = textNames.size > 1 ? ` · ${run.textName || this.t('text.pasted')}` : '';
    return html`<tr>
      <th scope="row">
        <label class="name" .style=${`--swatch: var(--run-${run.colour})`}>
          <input
            type="checkbox"
            aria-label=${this.t('runs.show', { number: run.id })}
            .checked=${run.visible}
            @change=${(event: Event) => this.app.runs.show(run.id, (event.target as HTMLInputElement).checked)}
          />
          <span class="swatch"></span>
          <span
            >${this.t('runs.name', { cell: this.t(`choice.model.cell.${cell}`), hidden: hidden_size, layers: num_layers })}
            <span class="muted small">${this.t(`choice.train.optimizer.${optimizer}`)} ${format.short(lr)}${texts}</span></span
          >
        </label>
      </th>
      <td class="number">${run.epochs.at(-1)?.epoch ?? 0}</td>
      <td class="number">${format.perplexity(run.epochs.at(-1)?.perplexity)}</td>
      <td class="number">${format.compact(run.charactersPerSecond, language)}</td>
      <td class="number">${run.seconds ? format.duration(run.seconds, language) : '–'}</td>
      <td class="number">
        ${current
          ? html`<span class="muted small">${this.t('runs.current')}</span>`
          : html`<button class="quiet" aria-label=${this.t('runs.remove', { number: run.id })} @click=${() => this.app.runs.remove(run.id)}>
              ×
            </button>`}
      </td>
    </tr>`;
  }
}
