/** A textbook run beside the book's own numbers. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import type { Milestone } from '../state/runs.ts';
import { AppElement } from './base.ts';
import { shared } from './styles.ts';

/** Both ends, where they differ as shown. */
function range(pytorch: Milestone['pytorch']): string {
  const [low, high] = (pytorch ?? [null, null]).map(format.perplexity) as [string, string];
  return low === high ? low : `${low}–${high}`;
}

@customElement('cl-book')
export class Book extends AppElement {
  protected readonly watches = ['runsVersion'] as const;

  static override styles = [
    shared,
    css`
      .scroll {
        overflow-x: auto;
        margin-bottom: 8px;
      }
      td {
        white-space: nowrap;
      }
      .yours td {
        font-weight: 600;
      }
    `,
  ];

  override render() {
    const run = this.app.runs.current;
    // An empty element would still take a gap of its own.
    this.hidden = !run?.references.length;
    if (!run || this.hidden) return nothing;
    const onThisText = run.references.some(({ pytorch }) => pytorch);
    const reached = (epoch: number) => run.epochs.find((each) => each.epoch === epoch)?.perplexity;
    return html`<section class="card" aria-labelledby="title">
      <div class="head"><h2 id="title">${this.t('book.title')}</h2></div>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="title">
        <table>
          <thead>
            <tr>
              <th scope="row">${this.t('book.epoch')}</th>
              ${run.references.map(({ epoch }) => html`<th scope="col" class="number">${epoch}</th>`)}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">${this.t('book.theirs')}</th>
              ${run.references.map(({ perplexity }) => html`<td class="number">${format.perplexity(perplexity)}</td>`)}
            </tr>
            ${onThisText
              ? html`<tr>
                  <th scope="row">${this.t('chart.expected')}</th>
                  ${run.references.map(({ pytorch }) => html`<td class="number">${range(pytorch)}</td>`)}
                </tr>`
              : nothing}
            <tr class="yours">
              <th scope="row">${this.t('book.yours')}</th>
              ${run.references.map(({ epoch }) => html`<td class="number">${format.perplexity(reached(epoch))}</td>`)}
            </tr>
          </tbody>
        </table>
      </div>
      <p class="small muted">${this.t('book.help')} ${onThisText ? this.t('book.help.expected') : nothing}</p>
      ${run.config.train.clip === 'none' ? html`<p class="small muted">${this.t('book.unclipped')}</p>` : nothing}
    </section>`;
  }
}
