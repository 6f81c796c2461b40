/** Beneath the writing: how well what was held back is predicted, and how much of the writing is recited. */
import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { AppElement } from '../components/base.ts';
import { marks, recited } from '../components/recited.ts';
import { shared } from '../components/styles.ts';
import '../components/term.ts';
import * as format from '../i18n/format.ts';
import type { LivingSample } from '../protocol/messages.ts';
import { parting, RECITED } from './progress.ts';

/** Whatever is this short is known by heart before a network can learn from it how such texts are made. */
const SHORT = 3000;

@customElement('cl-reciting')
export class Reciting extends AppElement {
  protected readonly watches = ['runsVersion', 'session', 'sampling', 'text'] as const;
  @property({ attribute: false }) sample: LivingSample | null = null;

  static override styles = [
    shared,
    marks,
    css`
      p {
        font-size: 13.5px;
        line-height: 1.55;
      }
      label {
        display: flex;
        align-items: center;
        gap: 8px;
        font-size: 13.5px;
      }
      @media print {
        label {
          display: none;
        }
      }
    `,
  ];

  override render() {
    if (!this.sample?.likeness && !this.app.runs.current?.epochs.length) return html`<p class="small muted">${this.t('living.soon')}</p>`;
    return html`${this.perplexities()} ${this.recited()} ${this.short()} ${this.parted()}`;
  }

  private perplexities() {
    const last = this.app.runs.current?.epochs.at(-1);
    if (!last || last.validation_perplexity === null) return nothing;
    const values = { train: format.perplexity(last.perplexity), held: format.perplexity(last.validation_perplexity) };
    return html`<p id="perplexities" class="number">
      <cl-term .app=${this.app} name="perplexity">${this.t('run.perplexity')}</cl-term>${this.t('recite.perplexities', values)}
      <cl-term .app=${this.app} name="validation" .about=${this.t('recite.held')}></cl-term>
    </p>`;
  }

  private recited() {
    const likeness = this.sample?.likeness;
    return likeness ? html`<p id="recited">${recited(this.state.language, likeness)}</p>` : nothing;
  }

  /** Of so little it can only recite: that is no fault of the settings. */
  private short() {
    const characters = this.state.text?.statistics.characters ?? Infinity;
    if (characters > SHORT || !this.sample?.likeness || this.sample.likeness.share < RECITED) return nothing;
    return html`<p id="too-short">
      ${this.t('recite.short', { count: format.count(characters, this.state.language) })}
      ${this.shows('own-text') && !this.fixed('own-text')
        ? html`<button class="link" id="longer" @click=${() => this.app.askForText()}>${this.t('recite.longer')}</button>`
        : nothing}
    </p>`;
  }

  /** What it means that the two perplexities part, and the choice of the model from before. */
  private parted() {
    const best = this.app.teaching.best;
    if (!best) return nothing;
    const parted = parting(this.app.runs.current?.epochs ?? []);
    const values = { epoch: best.epoch, perplexity: format.perplexity(best.perplexity) };
    return html`${parted
        ? html`<p id="parted">
            ${this.t('recite.parted', { epoch: parted.epoch })}
            <cl-term .app=${this.app} name="by-heart" .about=${this.t('recite.byHeart')}></cl-term>
          </p>`
        : nothing}
      <label
        ><input
          type="checkbox"
          id="write-best"
          .checked=${this.state.sampling?.best ?? false}
          @change=${(event: Event) => this.app.setSampling({ best: (event.target as HTMLInputElement).checked })}
        />${this.t('recite.best', values)}</label
      >`;
  }
}
