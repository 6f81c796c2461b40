/**
 * Gradient through time: how much of the last character's error arrives at each character before it, in this network
 * or in fresh ones of each cell, whose recurrent weights may be such that it vanishes or explodes; and what clipping
 * leaves of it.
 */
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type uPlot from 'uplot';
import * as format from '../i18n/format.ts';
import type { Inspection } from '../protocol/engine.ts';
import type { GradientReach, ReachSettings } from '../protocol/messages.ts';
import { CELL_COLOURS } from '../theme/looks.ts';
import { AppElement } from './base.ts';
import './chart.ts';
import { reachOptions, type ReachCurve } from './curves.ts';
import { told } from './reachtold.ts';
import { shared } from './styles.ts';
import { mark, word } from './term.ts';

const LAYER_COLOURS = ['--run-0', '--run-2', '--run-1', '--run-4'];
/** Below this a gradient is as good as gone, and its curve ends. */
const FLOOR = 1e-12;
/** Of the recurrent weights of fresh networks. */
const RADII = [0.5, 1, 1.5, 2, 3];
/** Biases of the gates that keep memory. */
const BIASES = [0, 1, 2, 3];
/** How the comparison opens: over many seeds an RNN's gradient then vanishes, and that of gated cells is kept. */
const OPENS_WITH: ReachSettings = { weights: 'pytorch', gates: 2 };

interface Curve extends ReachCurve {
  norms: Float32Array;
  /** Of the whole gradient. */
  norm: number;
}

@customElement('cl-reach')
export class Reach extends AppElement {
  protected readonly watches = ['session', 'config'] as const;
  @property({ attribute: false }) inspection!: Inspection;
  @property() text = '';
  /** How the compared networks begin; null: this network is looked at. */
  @state() private settings: ReachSettings | null = null;
  @state() private compared: GradientReach[] | null = null;
  /** What the latest comparison was asked for. */
  private asked = '';
  @state() private clipping = true;
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
      .tools {
        gap: 6px 16px;
        margin: 6px 0;
      }
      .tools label {
        display: flex;
        align-items: center;
        gap: 6px;
        font-size: 13px;
      }
      .tools select {
        width: auto;
      }
      .legend i {
        width: 18px;
        border-top: 2.5px solid var(--swatch);
      }
      .legend .clipped i {
        border-top: 1.5px dashed var(--ink-2);
      }
    `,
  ];

  private get curves(): Curve[] {
    if (this.compared) {
      return this.compared.map(({ cell, norms, norm }) => ({
        name: this.t(`choice.model.cell.${cell}`),
        token: CELL_COLOURS[cell],
        clipped: false,
        norms,
        norm,
      }));
    }
    return this.inspection.layers.map((layer, index) => ({
      name: `${this.t('network.layer')} ${index + 1}`,
      token: LAYER_COLOURS[index % LAYER_COLOURS.length]!,
      clipped: false,
      norms: layer.gradient_norms,
      norm: this.inspection.gradient_norm,
    }));
  }

  private get threshold(): number {
    return this.state.session?.config.train.clip_threshold ?? 1;
  }

  /** What clipping by the norm leaves of curves that it changes. */
  private clipped(curves: Curve[]): Curve[] {
    if (!this.clipping) return [];
    return curves.flatMap((curve) => {
      const share = this.threshold / curve.norm;
      // A norm that is no number is one that exploded: training passes such a step over.
      return share < 1 ? [{ ...curve, clipped: true, norms: curve.norms.map((norm) => norm * share) }] : [];
    });
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.compareAnew();
    const curves = this.curves;
    const drawn = [...curves, ...this.clipped(curves)];
    const built = JSON.stringify([drawn.map(({ name, token, clipped }) => [name, token, clipped]), this.state.language]);
    if (built === this.built) return;
    this.built = built;
    this.options = reachOptions(drawn, this.t('reach.axis'));
  }

  override render() {
    const curves = this.curves;
    const clipped = this.clipped(curves);
    const steps = curves[0]?.norms.length ?? 0;
    // Position 0 is the last character read; on the left, the furthest back.
    const back = Array.from({ length: steps }, (_, index) => index - (steps - 1));
    const shown = (norm: number) => (norm >= FLOOR && Number.isFinite(norm) ? norm : null);
    const data = [back, ...[...curves, ...clipped].map(({ norms }) => Array.from(norms, shown))] as uPlot.AlignedData;
    const ends = curves[0];
    return html`<figure>
      <figcaption class="head tight">
        <h3>${word(this, 'vanishing', this.t('reach.title'))} ${mark(this, 'norm', this.t('chart.gradient'))}</h3>
        <span>${mark(this, 'cell', this.t('option.model.cell.label'))} <button class="link" id="compare" @click=${this.toggle}>${this.t(this.settings ? 'reach.own' : 'reach.compare')}</button></span>
      </figcaption>
      <p class="small muted" id="told">${this.compared ? told(this.state.language, this.compared, this.settings?.gates ?? 0) : this.t('reach.help')}</p>
      ${this.tools()}
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
        ${clipped.length ? html`<span class="clipped"><i></i>${this.t('reach.afterClipping')}</span>` : nothing}
      </p>
      <p class="small" id="norms">${this.norms(curves)}</p>
    </figure>`;
  }

  private tools() {
    return html`<div class="row tools">
      ${this.settings ? this.beginnings(this.settings) : nothing}
      <label
        ><input
          type="checkbox"
          id="clipping"
          .checked=${this.clipping}
          @change=${(event: Event) => (this.clipping = (event.target as HTMLInputElement).checked)}
        />${this.t('reach.clip', { threshold: format.short(this.threshold) })} ${mark(this, 'clipping', this.t('option.train.clip.label'))}</label
      >
    </div>`;
  }

  /** The norms that clipping goes by, and what it does to them. */
  private norms(curves: Curve[]) {
    const threshold = format.short(this.threshold);
    if (this.compared) {
      const list = curves.map(({ name, norm }) => `${name} ${Number.isFinite(norm) ? format.short(norm) : '∞'}`).join(' · ');
      return this.t('reach.norms', { list });
    }
    const norm = this.inspection.gradient_norm;
    const values = { norm: format.short(norm), threshold };
    if (!this.clipping) return this.t('reach.unclipped', values);
    const share = Math.min(1, this.threshold / norm);
    return share === 1
      ? this.t('reach.passes', values)
      : this.t('reach.clipped', { ...values, share: format.percent(share, this.state.language) });
  }

  /** How the compared networks begin. */
  private beginnings({ weights, gates }: ReachSettings) {
    const init = this.state.session?.config.model.init;
    const choices: [ReachSettings['weights'], string][] = [['pytorch', this.t('choice.model.init.pytorch')]];
    if (init !== 'pytorch') choices.push(['own', this.t('reach.radius.own')]);
    for (const radius of RADII) choices.push([radius, this.t('reach.radius.at', { radius: format.short(radius) })]);
    const open = (bias: number) => format.percent(1 / (1 + Math.exp(-bias)), this.state.language);
    return html`<label
        >${this.t('reach.radius')} ${mark(this, 'spectral-radius', this.t('reach.radius'))}
        <select id="radius" @change=${this.choose((value) => ({ weights: choices[Number(value)]![0] }))}>
          ${choices.map(([value, name], index) => html`<option value=${index} ?selected=${value === weights}>${name}</option>`)}
        </select>
      </label>
      <label
        >${this.t('reach.gates')}
        <select id="gates" @change=${this.choose((value) => ({ gates: Number(value) }))}>
          ${BIASES.map(
            (bias) => html`<option value=${bias} ?selected=${bias === gates}>${this.t('reach.gates.at', { share: open(bias), bias })}</option>`,
          )}
        </select>
      </label>`;
  }

  private choose(what: (value: string) => Partial<ReachSettings>) {
    return (event: Event) => {
      this.settings = { ...this.settings!, ...what((event.target as HTMLSelectElement).value) };
    };
  }

  private toggle(): void {
    this.settings = this.settings ? null : OPENS_WITH;
  }

  /** Compares again whenever what it depends on has changed. */
  private compareAnew(): void {
    const { session } = this.state;
    const { settings, text } = this;
    if (!settings || !session) {
      this.compared = null;
      this.asked = '';
      return;
    }
    const { model, train } = session.config;
    const asked = JSON.stringify([settings, text, session.fingerprint, model, train.seed]);
    if (asked === this.asked) return;
    this.asked = asked;
    void this.app.notices.attempt(async () => {
      const compared = await this.app.client.compareGradients(text, settings);
      // Something else may have been asked for meanwhile.
      if (asked === this.asked) this.compared = compared;
    });
  }
}
