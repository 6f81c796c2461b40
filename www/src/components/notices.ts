/** What just happened, what went wrong and what to do, and the offer to resume. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import { textName } from '../i18n/names.ts';
import { AppElement } from './base.ts';
import { shared } from './styles.ts';

@customElement('cl-notices')
export class Notices extends AppElement {
  protected readonly watches = ['notices', 'resume', 'engine', 'problem', 'reading'] as const;

  static override styles = [
    shared,
    css`
      /* Beside the page, not in it: nothing moves when something is said. */
      :host {
        position: sticky;
        bottom: 0;
        z-index: 8;
        height: 0;
        pointer-events: none;
      }
      .all {
        position: absolute;
        inset: auto 0 0 auto;
        box-sizing: border-box;
        width: min(560px, 100%);
        max-height: var(--notices-height, 400px);
        padding: 0 16px 16px;
        overflow-y: auto;
      }
      .all:not(:has(.notice)) {
        padding: 0;
      }
      .notice {
        pointer-events: auto;
        display: flex;
        align-items: center;
        gap: 6px 14px;
        flex-wrap: wrap;
        margin-top: 8px;
        padding: 9px 14px;
        border: 1px solid var(--line);
        border-left: 4px solid var(--accent);
        border-radius: 8px;
        background: var(--surface);
        box-shadow: 0 2px 16px rgb(0 0 0 / 22%);
      }
      /* Most texts are read before one could read this. */
      .reading {
        animation: appear 0.2s 0.5s backwards;
      }
      @keyframes appear {
        from {
          opacity: 0;
        }
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
    `,
  ];

  override render() {
    const { notices, reading, engine, problem } = this.state;
    return html`<div class="all" aria-live="polite">
      ${engine === 'unavailable'
        ? html`<div class="notice problem" data-code=${problem?.failure.code ?? nothing}>
            <span><strong>${this.t('app.unavailable')}</strong> ${problem ? this.failureText(problem.failure) : ''}</span>
            <button id="retry" @click=${() => this.app.retry()}>${this.t('app.retry')}</button>
          </div>`
        : nothing}
      ${this.resumeOffer()}
      ${reading ? html`<div class="notice reading"><span>${this.t('text.reading', { name: textName(this.state, reading) })}</span></div>` : nothing}
      ${notices.map(
        ({ id, kind, key, values, failure, action }) =>
          html`<div class="notice ${kind}" data-code=${failure?.code ?? nothing}>
            <span>
              ${failure
                ? html`<strong>${this.t(key, values)}${this.t('app.stop')}</strong>${this.failureText(failure)}`
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
    const text = textName(this.state, resume.textName);
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
