/** Every parameter tensor: how its weights are spread, and the gradients that pull at them. */
import { css, html, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import type { Histogram, Inspection } from '../protocol/engine.ts';
import { AppElement } from './base.ts';
import { shared } from './styles.ts';

const WIDTH = 120;
const HEIGHT = 34;

/** A name that may be broken after its dots and underscores. */
function breakable(name: string) {
  return name.split(/(?<=[._])/).map((part) => html`${part}<wbr />`);
}

@customElement('cl-tensors')
export class Tensors extends AppElement {
  protected readonly watches = [] as const;
  @property({ attribute: false }) inspection!: Inspection;

  static override styles = [
    shared,
    css`
      .scroll {
        max-height: 400px;
        overflow: auto;
      }
      svg {
        display: block;
        width: 100%;
        height: ${HEIGHT}px;
      }
      .weights {
        fill: var(--run-0);
      }
      .gradients {
        fill: var(--run-3);
      }
      th {
        overflow-wrap: anywhere;
      }
      .range {
        font-size: 11px;
        color: var(--ink-2);
        display: flex;
        justify-content: space-between;
      }
      td {
        width: 34%;
      }
    `,
  ];

  override render() {
    return html`<h3 id="title">${this.t('tensors.title')}</h3>
      <p class="small muted">${this.t('tensors.help')}</p>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="title">
        <table>
          <thead>
            <tr>
              <th scope="col">${this.t('network.layer')}</th>
              <th scope="col">${this.t('tensors.weights')}</th>
              <th scope="col">${this.t('tensors.gradients')}</th>
            </tr>
          </thead>
          <tbody>
            ${this.inspection.tensors.map(
              ({ name, shape, parameter, gradient }) =>
                html`<tr>
                  <th scope="row">${breakable(name)}<br /><span class="muted small number">${shape.join(' × ')}</span></th>
                  <td>${this.histogram(parameter, 'weights')}</td>
                  <td>${this.histogram(gradient, 'gradients')}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }

  private histogram({ min, max, counts }: Histogram, style: string) {
    const highest = Math.log1p(Math.max(1, ...counts));
    const width = WIDTH / counts.length;
    const range = { min: format.short(min), max: format.short(max) };
    return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${this.t('tensors.range', range)} class=${style}>
        ${counts.map((count, index) => {
          const height = (Math.log1p(count) / highest) * HEIGHT;
          return svg`<rect x=${index * width} y=${HEIGHT - height} width=${width * 0.86} height=${height} />`;
        })}
      </svg>
      <span class="range number" aria-hidden="true"><span>${range.min}</span><span>${range.max}</span></span>`;
  }
}
