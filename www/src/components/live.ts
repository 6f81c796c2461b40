/** The options that a training takes up at once, in one row beside the curve that they move. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { LIVE_SPECS } from '../i18n/options.ts';
import { coversOption } from '../state/parts.ts';
import { AppElement } from './base.ts';
import './option.ts';
import { shared } from './styles.ts';

@customElement('cl-live')
export class Live extends AppElement {
  protected readonly watches = ['config'] as const;

  static override styles = [
    shared,
    css`
      :host {
        container-type: inline-size;
      }
      .card {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 18px;
        min-height: 52px;
        padding: 8px 18px;
      }
      h2 {
        font-size: 13px;
        color: var(--good);
      }
      @container (max-width: 719px) {
        .card {
          gap: 6px 12px;
        }
        cl-option {
          flex: 1 1 100px;
        }
      }
      @container (max-width: 479px) {
        /* In two columns every value and choice has room for all of it. */
        .card {
          display: grid;
          grid-template-columns: repeat(2, minmax(0, 1fr));
          padding: 8px 14px;
        }
        h2 {
          grid-column: 1 / -1;
        }
      }
    `,
  ];

  override render() {
    const { config } = this.state;
    const shown = config ? LIVE_SPECS.filter((spec) => !coversOption(this.state.hide, spec.path) && (spec.when?.(config) ?? true)) : [];
    return html`<section class="card" aria-labelledby="title">
      <h2 id="title" title=${this.t('options.live.help')}>${this.t('options.live')}</h2>
      ${config
        ? repeat(
            shown,
            (spec) => spec.path,
            (spec) => html`<cl-option compact .app=${this.app} .spec=${spec} data-path=${spec.path}></cl-option>`,
          )
        : nothing}
    </section>`;
  }
}
