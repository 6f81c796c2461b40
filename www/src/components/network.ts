/** The network's options and what they amount to. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import { NETWORK_OPTIONS } from '../i18n/options.ts';
import { AppElement } from './base.ts';
import './diagram.ts';
import './options.ts';
import { shared } from './styles.ts';
import { word } from './term.ts';

@customElement('cl-network')
export class Network extends AppElement {
  protected readonly watches = ['summary'] as const;

  static override styles = [
    shared,
    css`
      .summary {
        margin-top: 10px;
      }
      /* Two lines a layer: a table of three columns has no room in this one. */
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 12px;
        padding: 6px 0;
        border-bottom: 1px solid var(--line);
        font-size: 13px;
      }
      li:last-child {
        border-bottom: 0;
      }
      b {
        font-weight: 550;
      }
      li .small {
        grid-column: 1 / -1;
        color: var(--ink-2);
      }
    `,
  ];

  override render() {
    return html`<section class="card" aria-labelledby="title">
      <div class="head"><h2 id="title">${this.t('network.title')}</h2>${this.size()}</div>
      <cl-diagram .app=${this.app}></cl-diagram>
      <cl-options .app=${this.app} .specs=${NETWORK_OPTIONS}></cl-options>
      ${this.layers()}
    </section>`;
  }

  private size() {
    const { summary, language } = this.state;
    if (!summary) return nothing;
    return html`<span class="small muted number"
      >${word(this, 'parameter', this.t('network.parameters', { count: format.compact(summary.parameters, language) }))} ·
      ${this.t('network.memory', { size: format.bytes(summary.memory_bytes, language) })}</span
    >`;
  }

  private layers() {
    const { summary, config, language } = this.state;
    if (!summary) return nothing;
    return html`<details class="summary">
      <summary>${this.t('network.summary')}</summary>
      <ul>
        ${summary.layers.map(
          (layer) =>
            html`<li>
              <b>${layer.name}</b>
              <span class="number">${this.t('network.parameters', { count: format.count(layer.parameters, language) })}</span>
              <span class="small number">${this.t('network.shape')} ${layer.output_shape.replaceAll(',', ',\u200b')}</span>
              ${layer.note
                ? html`<span class="small">${this.t(config?.model.cell === 'gru' ? 'network.note.gru' : 'network.note')}</span>`
                : nothing}
            </li>`,
        )}
      </ul>
    </details>`;
  }
}
