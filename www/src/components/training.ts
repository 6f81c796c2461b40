/** How it is trained: presets and options. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import * as format from '../i18n/format.ts';
import { isMessageKey } from '../i18n/i18n.ts';
import { TRAINING_OPTIONS } from '../i18n/options.ts';
import { secondsPerEpoch } from '../state/estimate.ts';
import { AppElement } from './base.ts';
import './options.ts';
import { shared } from './styles.ts';

@customElement('cl-training')
export class Training extends AppElement {
  protected readonly watches = ['config', 'summary', 'rate', 'text'] as const;
  static override styles = shared;

  override render() {
    return html`<section class="card" aria-labelledby="title">
      <div class="head"><h2 id="title">${this.t('training.title')}</h2>${this.estimate()}</div>
      <cl-options .app=${this.app} .specs=${TRAINING_OPTIONS}></cl-options>
    </section>`;
  }

  private estimate() {
    const { config, text, rate, language } = this.state;
    if (!config || !text || !rate) return nothing;
    const { kept, characters } = text.statistics;
    const time = format.duration(secondsPerEpoch(config, kept, characters, rate), language);
    return html`<span class="small muted number">${this.t('training.estimate', { time })}</span>`;
  }
}

@customElement('cl-presets')
export class Presets extends AppElement {
  protected readonly watches = ['boot', 'preset'] as const;
  static override styles = [
    shared,
    css`
      label {
        display: grid;
        gap: 4px;
        font-size: 13.5px;
        font-weight: 550;
      }
    `,
  ];

  override render() {
    const { boot, preset } = this.state;
    if (!boot) return nothing;
    return html`<label
      >${this.t('preset.title')}
      <select id="preset" ?disabled=${this.fixed('preset')} .value=${live(preset ?? '')} @change=${(event: Event) => this.app.usePreset((event.target as HTMLSelectElement).value)}>
        ${preset === null ? html`<option value="" selected disabled>${this.t('preset.custom')}</option>` : nothing}
        ${boot.presets.map(
          ({ id }) => html`<option value=${id} ?selected=${id === preset}>${this.name(id)}</option>`,
        )}
      </select>
    </label>`;
  }

  private name(id: string): string {
    const key = `preset.${id}`;
    return isMessageKey(key) ? this.t(key) : this.t('preset.other', { id });
  }
}
