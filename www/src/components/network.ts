/** The network's options and what they amount to. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import { NETWORK_OPTIONS } from '../i18n/options.ts';
import { AppElement } from './base.ts';
import './diagram.ts';
import './options.ts';
import { shared } from './styles.ts';

@customElement('cl-network')
export class Network extends AppElement {
  protected readonly watches = ['summary'] as const;

  static override styles = [
    shared,
    css`
      .summary {
        margin-top: 10px;
      }
      table {
        font-size: 12.5px;
      }
      th,
      td {
        overflow-wrap: anywhere;
      }
      .note {
        color: var(--ink-2);
        font-size: 12px;
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
      >${this.t('network.parameters', { count: format.compact(summary.parameters, language) })} ·
      ${this.t('network.memory', { size: format.bytes(summary.memory_bytes, language) })}</span
    >`;
  }

  private layers() {
    const { summary, language } = this.state;
    if (!summary) return nothing;
    return html`<details class="summary">
      <summary>${this.t('network.summary')}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">${this.t('network.layer')}</th>
            <th scope="col">${this.t('network.shape')}</th>
            <th scope="col" class="number">${this.t('network.count')}</th>
          </tr>
        </thead>
        <tbody>
          ${summary.layers.map(
            (layer) =>
              html`<tr>
                <th scope="row">${layer.name}${layer.note ? html`<div class="note">${layer.note}</div>` : nothing}</th>
                <td class="number">${layer.output_shape}</td>
                <td class="number">${format.count(layer.parameters, language)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>`;
  }
}
