/** Gradient through time: how much of the last character's error arrives at each character before it. */
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type uPlot from 'uplot';
import * as format from '../i18n/format.ts';
import type { Cell, Inspection } from '../protocol/engine.ts';
import type { GradientReach } from '../protocol/messages.ts';
import { AppElement } from './base.ts';
import './chart.ts';
import { reachOptions, type ReachCurve } from './curves.ts';
import { shared } from './styles.ts';

const CELL_COLOURS: Record<Cell, string> = { rnn: '--run-1', gru: '--run-2', lstm: '--run-0' };
const LAYER_COLOURS = ['--run-0', '--run-2', '--run-1', '--run-4'];
/** Below this a gradient is as good as gone, and its curve ends. */
const FLOOR = 1e-12;

@customElement('cl-reach')
export class Reach extends AppElement {
  protected readonly watches = ['session', 'config'] as const;
  @property({ attribute: false }) inspection!: Inspection;
  @property() text = '';
  @state() private compared: GradientReach[] | null = null;
  private options: ReturnType<typeof reachOptions> | undefined;
  private built = '';

  static override styles = [
    shared,
    css`
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 14px;
      }
      .legend span {
        display: inline-flex;
        align-items: center;
        gap: 6px;
      }
      .legend i {
        width: 18px;
        border-top: 2.5px solid var(--swatch);
      }
    `,
  ];

  private get curves(): (ReachCurve & { norms: Float32Array })[] {
    if (this.compared) {
      return this.compared.map(({ cell, norms }) => ({ name: this.t(`choice.model.cell.${cell}`), token: CELL_COLOURS[cell], norms }));
    }
    return this.inspection.layers.map((layer, index) => ({
      name: `${this.t('network.layer')} ${index + 1}`,
      token: LAYER_COLOURS[index % LAYER_COLOURS.length]!,
      norms: layer.gradient_norms,
    }));
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (changed.has('text')) this.compared = null;
    const curves = this.curves;
    const built = JSON.stringify([curves.map(({ name, token }) => [name, token]), this.state.language]);
    if (built === this.built) return;
    this.built = built;
    this.options = reachOptions(curves, this.t('reach.axis'));
  }

  override render() {
    const curves = this.curves;
    const steps = curves[0]?.norms.length ?? 0;
    // Position 0 is the last character read; on the left, the furthest back.
    const back = Array.from({ length: steps }, (_, index) => index - (steps - 1));
    const data = [back, ...curves.map(({ norms }) => Array.from(norms, (norm) => (norm >= FLOOR ? norm : null)))] as uPlot.AlignedData;
    const ends = curves[0];
    return html`<figure>
      <figcaption class="head tight">
        <h3>${this.t('reach.title')}</h3>
        <button class="link" id="compare" @click=${this.toggle}>${this.t(this.compared ? 'reach.own' : 'reach.compare')}</button>
      </figcaption>
      <p class="small muted">${this.t(this.compared ? 'reach.help.compared' : 'reach.help')}</p>
      <cl-chart
        .options=${this.options}
        .data=${data}
        .height=${190}
        .label=${this.t('chart.describe', {
          title: this.t('reach.title'),
          points: steps,
          first: format.short(ends?.norms[0]),
          last: format.short(ends?.norms.at(-1)),
        })}
      ></cl-chart>
      <p class="legend small muted" aria-hidden="true">
        ${curves.length > 1 ? curves.map(({ name, token }) => html`<span .style=${`--swatch:var(${token})`}><i></i>${name}</span>`) : nothing}
      </p>
      <p class="small">${this.clipping()}</p>
    </figure>`;
  }

  private clipping() {
    const norm = this.inspection.gradient_norm;
    const train = this.state.session?.config.train;
    const values = { norm: format.short(norm), threshold: format.short(train?.clip_threshold) };
    if (!train || train.clip !== 'norm') return this.t('reach.unclipped', values);
    const share = Math.min(1, train.clip_threshold / norm);
    return share === 1
      ? this.t('reach.passes', values)
      : this.t('reach.clipped', { ...values, share: format.percent(share, this.state.language) });
  }

  private async toggle(): Promise<void> {
    if (this.compared) this.compared = null;
    else {
      await this.app.notices.attempt(async () => {
        this.compared = await this.app.client.compareGradients(this.text);
      });
    }
  }
}
