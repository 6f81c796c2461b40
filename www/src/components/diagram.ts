/**
 * The network as it is set, unrolled over a few characters of the text: each character enters at the bottom, each
 * layer passes its memory to the right, and the next character is expected at the top.
 */
import { css, html, nothing, svg } from 'lit';
import { customElement } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import { CELL_COLOURS } from '../theme/looks.ts';
import { AppElement } from './base.ts';
import { shared } from './styles.ts';

const STEPS = 5;
const COLUMN = 54;
const ROW = 40;
const BOX_WIDTH = 38;
const BOX_HEIGHT = 24;
const LEFT = 14;
const WIDTH = LEFT + STEPS * COLUMN + 12;

@customElement('cl-diagram')
export class Diagram extends AppElement {
  protected readonly watches = ['config', 'text'] as const;

  static override styles = [
    shared,
    css`
      svg {
        display: block;
        width: 100%;
        height: auto;
        margin: 4px 0 14px;
      }
      @media print {
        svg {
          max-width: 420px;
        }
      }
      text {
        fill: var(--ink);
        font-family: var(--serif);
        font-size: 16px;
        text-anchor: middle;
        dominant-baseline: central;
      }
      text.target {
        fill: var(--ink-2);
      }
      text.name {
        fill: var(--cell);
        font: 600 10.5px var(--sans);
      }
      .box {
        fill: color-mix(in srgb, var(--cell) 12%, var(--surface));
        stroke: var(--cell);
        stroke-width: 1.3;
      }
      .embed {
        fill: var(--surface-2);
        stroke: var(--line-2);
      }
      .wire {
        fill: none;
        stroke: var(--line-2);
        stroke-width: 1.2;
      }
      .memory {
        stroke: var(--cell);
        stroke-width: 2;
      }
    `,
  ];

  override render() {
    const { config, text, language } = this.state;
    if (!config) return nothing;
    const { cell, num_layers, input } = config.model;
    const line = text?.excerpt.split('\n').find((each) => [...each.trim()].length > STEPS)?.trim() ?? '';
    const characters = [...line].slice(0, STEPS + 1);
    const layers = Math.min(num_layers, 4);
    const embedded = input === 'embedding';
    const height = 26 + layers * ROW + (embedded ? 22 : 0) + 34;
    const bottom = height - 14;
    const layerY = (layer: number) => bottom - (embedded ? 22 : 0) - 14 - ROW * (layer + 0.5);
    const label = this.t('network.diagram', {
      layers: num_layers,
      cell: this.t(`choice.model.cell.${cell}`),
      hidden: config.model.hidden_size,
    });
    const columns = Array.from({ length: STEPS }, (_, step) => {
      const x = LEFT + COLUMN * (step + 0.5);
      const top = layerY(layers - 1) - BOX_HEIGHT / 2;
      return svg`
        <path class="wire" d="M${x} ${bottom - 11}V${top - 8}" marker-end="url(#tip)" />
        ${embedded ? svg`<rect class="embed" x=${x - 12} y=${bottom - 30} width="24" height="9" rx="3" />` : nothing}
        ${Array.from({ length: layers }, (__, layer) => {
          const y = layerY(layer);
          return svg`
            <path class="wire memory" d="M${x + BOX_WIDTH / 2} ${y}h${COLUMN - BOX_WIDTH - 4}" marker-end="url(#memory-tip)" />
            <rect class="box" x=${x - BOX_WIDTH / 2} y=${y - BOX_HEIGHT / 2} width=${BOX_WIDTH} height=${BOX_HEIGHT} rx="6" />
            <text class="name" x=${x} y=${y}>${this.t(`choice.model.cell.${cell}`)}</text>`;
        })}
        <text x=${x} y=${bottom}>${format.visible(characters[step] ?? '', language)}</text>
        <text class="target" x=${x} y="12">${format.visible(characters[step + 1] ?? '', language)}</text>`;
    });
    return html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label=${label} .style=${`--cell: var(${CELL_COLOURS[cell]})`}>
      <defs>
        <marker id="tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto">
          <path d="M0 0 6 3 0 6z" fill="var(--line-2)" />
        </marker>
        <marker id="memory-tip" viewBox="0 0 6 6" refX="4" refY="3" markerWidth="4" markerHeight="4" orient="auto">
          <path d="M0 0 6 3 0 6z" fill="var(--cell)" />
        </marker>
      </defs>
      ${columns}
    </svg>`;
  }
}
