/** What just happened, what went wrong and what to do, and the offer to resume. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import { failureText } from '../i18n/failures.ts';
import { AppElement } from './base.ts';
import { shared } from './styles.ts';

@customElement('cl-notices')
export class Notices extends AppElement {
  protected readonly watches = ['notices', 'resume', 'engine', 'problem', 'reading'] as const;

  static override styles = [
    shared,
    css`
      .notice {
        display: flex;
        align-items: center;
        gap: 6px 14px;
        flex-wrap: wrap;
        margin: 12px 24px 0;
        padding: 9px 14px;
        border: 1px solid var(--line);
        border-left: 4px solid var(--accent);
        border-radius: 8px;
        background: var(--surface);
      }
      .notice.problem {
        border-left-color: var(--warm);
        color: var(--ink);
      }
      .notice > span {
        flex: 1 1 300px;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      strong {
        font-weight: 650;
      }
      @media (max-width: 720px) {
        .notice {
          margin: 10px 16px 0;
        }
      }
    `,
  ];

  override render() {
    const { notices, reading, engine, problem } = this.state;
    return html`<div aria-live="polite">
      ${engine === 'unavailable'
        ? html`<div class="notice problem">
            <span><strong>${this.t('app.unavailable')}</strong> ${problem ? failureText(this.state.language, problem.failure) : ''}</span>
          </div>`
        : nothing}
      ${this.resumeOffer()}
      ${reading ? html`<div class="notice"><span>${this.t('text.reading', { name: reading })}</span></div>` : nothing}
      ${notices.map(
        ({ id, kind, key, values, failure, action }) =>
          html`<div class="notice ${kind}" data-code=${failure?.code ?? nothing}>
            <span>
              ${failure
                ? html`<strong>${this.t(key, values)}.</strong> ${failureText(this.state.language, failure)}`
                : this.t(key, values)}
            </span>
            ${action
              ? html`<button
                  class="primary"
                  @click=${() => {
                    this.app.notices.dismiss(id);
                    action.act();
                  }}
                >
                  ${this.t(action.key, action.values)}
                </button>`
              : nothing}
            <button class="quiet" @click=${() => this.app.notices.dismiss(id)}>${this.t('app.close')}</button>
          </div>`,
      )}
    </div>`;
  }

  private resumeOffer() {
    const { resume, language } = this.state;
    if (!resume) return nothing;
    const { cell, hidden_size } = resume.config.model;
    const text =
      resume.textKind === 'corpus'
        ? this.t(resume.textName.includes('zh') ? 'corpus.zh' : 'corpus.en')
        : resume.textName || this.t('text.pasted');
    const perplexity =
      resume.perplexity === null ? '' : this.t('resume.perplexity', { value: format.perplexity(resume.perplexity) });
    return html`<div class="notice" id="resume-offer">
      <span
        >${this.t('resume.found', {
          cell: this.t(`choice.model.cell.${cell}`),
          hidden: hidden_size,
          text,
          epoch: resume.position.epoch,
          perplexity,
        })}
        <span class="muted">${format.ago(resume.updated, language)}</span></span
      >
      <button class="primary" id="resume" @click=${() => this.app.openModel(resume)}>${this.t('resume.go')}</button>
      <button class="quiet" @click=${() => this.app.shelf.dismissResume()}>${this.t('resume.dismiss')}</button>
    </div>`;
  }
}
