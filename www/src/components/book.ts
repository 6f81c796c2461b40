/** A textbook run beside the book's own numbers. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import { AppElement } from './base.ts';
import { shared } from './styles.ts';

@customElement('cl-book')
export class Book extends AppElement {
  protected readonly watches = ['runsVersion'] as const;

  static override styles = [
    shared,
    css`
      tr.reached td:last-child {
        font-weight: 600;
      }
    `,
  ];

  override render() {
    const run = this.app.runs.current;
    if (!run?.references.length) return nothing;
    return html`<section class="card" aria-labelledby="title">
      <div class="head"><h2 id="title">${this.t('book.title')}</h2></div>
      <table>
        <thead>
          <tr>
            <th scope="col">${this.t('book.epoch')}</th>
            <th scope="col" class="number">${this.t('book.theirs')}</th>
            <th scope="col" class="number">${this.t('book.yours')}</th>
          </tr>
        </thead>
        <tbody>
          ${run.references.map(({ epoch, perplexity }) => {
            const yours = run.epochs.find((each) => each.epoch === epoch)?.perplexity;
            return html`<tr class=${yours === undefined ? '' : 'reached'}>
              <th scope="row" class="number" style="text-align:left">${epoch}</th>
              <td class="number">${format.perplexity(perplexity)}</td>
              <td class="number">${format.perplexity(yours)}</td>
            </tr>`;
          })}
        </tbody>
      </table>
      <p class="small muted">${this.t('book.help')}</p>
    </section>`;
  }
}
