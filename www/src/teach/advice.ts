/** Trouble, told where the reader is: what the numbers say, and what to try with one press. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { AppElement } from '../components/base.ts';
import { shared } from '../components/styles.ts';
import '../components/term.ts';
import * as format from '../i18n/format.ts';

@customElement('cl-advice')
export class Advice extends AppElement {
  protected readonly watches = ['trouble', 'config', 'training'] as const;

  static override styles = [
    shared,
    css`
      div {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 12px;
        padding: 7px 24px;
        border-bottom: 1px solid var(--warm);
        background: var(--warm-soft);
        font-size: 14px;
      }
      @container (max-width: 720px) {
        /* Below, where a thumb is. */
        :host {
          position: sticky;
          bottom: 0;
          order: 7;
          z-index: 7;
        }
        div {
          padding: 7px 16px;
          border-top: 1px solid var(--warm);
          border-bottom: 0;
        }
      }
    `,
  ];

  override render() {
    const { trouble, config } = this.state;
    if (!trouble || !config) return nothing;
    const { kind, step } = trouble;
    const [now, before] = kind === 'exploding' || kind === 'diverged' ? [trouble.now, trouble.before].map(format.short) : [trouble.now, trouble.before].map((loss) => format.fixed(loss, 2));
    const { lr, clip } = config.train;
    // What has diverged was far too high.
    const share = kind === 'diverged' ? 0.1 : 0.5;
    return html`<div role="alert" id="advice" data-kind=${kind}>
      <span>${this.t(`advice.${kind}`, { step, now: now!, before: before! })}</span>
      <button class="primary" id="advice-halve" @click=${() => this.app.teaching.heed('train.lr', Number((lr * share).toPrecision(3)))}>
        ${this.t('advice.halve', { lr: format.short(lr * share) })}
      </button>
      ${clip === 'none'
        ? html`<button id="advice-clip" @click=${() => this.app.teaching.heed('train.clip', 'norm')}>${this.t('advice.clip')}</button>`
        : nothing}
      <button class="quiet" id="advice-shut" @click=${() => this.app.teaching.dismissTrouble()}>${this.t('app.close')}</button>
    </div>`;
  }
}
