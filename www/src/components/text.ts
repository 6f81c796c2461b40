/** The data desk: choose, open, drop or paste a text; see what was understood. */
import { css, html, nothing } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import * as format from '../i18n/format.ts';
import { optionKey } from '../i18n/i18n.ts';
import type { TextView } from '../protocol/messages.ts';
import { textName } from '../i18n/names.ts';
import { TEXT_OPTIONS } from '../i18n/options.ts';
import { openPart } from '../parts.ts';
import { getOption } from '../state/config.ts';
import { secondsUntilWords } from '../state/estimate.ts';
import { AppElement } from './base.ts';
import './options.ts';
import { shared } from './styles.ts';
import './training.ts';

const FREQUENT_SHOWN = 24;

@customElement('cl-text')
export class TextDesk extends AppElement {
  protected readonly watches = ['boot', 'text', 'reading', 'refused', 'fitted', 'config', 'proposal', 'rate', 'phase'] as const;
  @query('input[type=file]') private picker!: HTMLInputElement;

  static override styles = [
    shared,
    css`
      .choose {
        display: grid;
        grid-template-columns: repeat(2, minmax(min-content, auto));
        gap: 6px;
      }
      .choose button {
        padding-inline: 8px;
      }
      .choose select {
        min-width: 0;
      }
      .choose .drop {
        grid-column: 1 / -1;
      }
      .choose select,
      .which {
        grid-column: 1 / -1;
      }
      .which {
        font-size: 13.5px;
        font-weight: 550;
      }
      .excerpt {
        max-height: 6.4em;
        margin: 0;
        padding: 8px 10px;
        overflow-y: auto;
        border-radius: 8px;
        background: var(--surface-2);
        font: 14px/1.6 var(--serif);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .frequent {
        display: flex;
        flex-wrap: wrap;
        gap: 3px;
      }
      .frequent li {
        position: relative;
        min-width: 24px;
        padding: 1px 4px 4px;
        border-radius: 5px;
        background: var(--surface-2);
        text-align: center;
        font: 14px/1.5 var(--serif);
      }
      .frequent li::after {
        content: '';
        position: absolute;
        inset: auto 3px 2px;
        width: calc((100% - 6px) * var(--share));
        height: 2px;
        border-radius: 1px;
        background: var(--run-2);
      }
    `,
  ];

  override render() {
    const { boot, text, refused } = this.state;
    return html`<section class="card stack" aria-labelledby="title">
      <div class="head tight"><h2 id="title">${this.t('text.title')}</h2></div>
      ${this.shows('preset') ? html`<cl-presets .app=${this.app}></cl-presets>` : nothing}
      <div class="choose">
        <label class="which" for="corpus" ?hidden=${!this.shows('corpus')}>${this.t('text.choose')}</label>
        <select
          id="corpus"
          ?hidden=${!this.shows('corpus')}
          ?disabled=${!boot || this.fixed('corpus')}
          .value=${live(this.chosen)}
          @change=${this.chooseCorpus}
        >
          ${boot?.corpora.map(
            ({ id }) =>
              html`<option value=${id} ?selected=${text?.kind === 'corpus' && text.name === id}>${textName(this.state, id)}</option>`,
          )}
          ${text && text.kind !== 'corpus' ? html`<option value="" selected>${textName(this.state, text.name)}</option>` : nothing}
        </select>
        ${this.shows('own-text') ? this.own() : nothing}
      </div>
      ${text?.reading || refused ? html`<cl-reading .app=${this.app}></cl-reading>` : nothing}
      ${text ? this.about(text) : nothing}
      ${text
        ? html`<details id="windows" @toggle=${() => this.app.notices.attempt(() => openPart('windows', this.state.language))}>
            <summary>${this.t('windows.title')}</summary>
            <cl-windows .app=${this.app}></cl-windows>
          </details>`
        : nothing}
      <cl-options .app=${this.app} .specs=${TEXT_OPTIONS} .label=${this.t('text.options')}></cl-options>
    </section>`;
  }

  /** What is asked about is shown as chosen. */
  private get chosen(): string {
    const { text, proposal } = this.state;
    if (proposal?.event === 'text') return proposal.name;
    return text?.kind === 'corpus' ? text.name : '';
  }

  private own() {
    const locked = this.fixed('own-text');
    return html`<button id="pick" ?disabled=${locked} @click=${() => this.picker.click()}>${this.t('text.pick')}</button>
      <button id="paste" ?disabled=${locked} @click=${() => this.app.askForText()}>${this.t('text.own')}</button>
      <input type="file" hidden multiple aria-label=${this.t('text.pick')} @change=${this.picked} />
      ${this.app.host.embedded ? nothing : html`<p class="small muted drop">${this.t('text.drop')}</p>`}`;
  }

  private about(text: TextView) {
    const { language } = this.state;
    const { characters, distinct, kept, most_frequent, share_covered } = text.statistics;
    const most = most_frequent[0]?.[1] ?? 1;
    return html`
      <p class="small number" id="statistics">
        ${this.t('text.characters', { count: format.count(characters, language) })} ·
        ${this.t('text.distinct', { count: format.count(distinct, language) })}
        ${kept < distinct
          ? html`· ${this.t('text.kept', { kept: format.count(kept, language), share: format.percent(share_covered, language) })}`
          : nothing}
      </p>
      ${this.fitted()} ${this.goodIn()}
      <figure>
        <p class="excerpt" tabindex="0" role="group" aria-label=${this.t('text.excerpt')}>${text.excerpt}</p>
      </figure>
      <div>
        <p class="small muted" id="frequent">${this.t('text.frequent')}</p>
        <ul class="frequent" aria-labelledby="frequent">
          ${most_frequent.slice(0, FREQUENT_SHOWN).map(([character, times]) => {
            const title = this.t('text.frequent.item', { character: this.named(character), count: format.count(times, language) });
            return html`<li .style=${`--share:${times / most}`} title=${title}>${format.visible(character, language)}</li>`;
          })}
        </ul>
      </div>
    `;
  }

  /** What was made to fit the text. */
  private fitted() {
    const { fitted, config, language } = this.state;
    if (!fitted.length) return nothing;
    const names = fitted.map((path) => `${this.t(optionKey(path, 'label'))} ${getOption(config!, path)}`);
    const options = new Intl.ListFormat(language, { type: 'conjunction' }).format(names);
    return html`<p class="small" id="fitted">${this.t('text.fitted', { options })}</p>`;
  }

  /** Until it has begun to train; then one sees. */
  private goodIn() {
    const { config, text, rate, phase, language } = this.state;
    if (!config || !text || !rate || phase !== 'ready') return nothing;
    const { kept, characters } = text.statistics;
    const seconds = secondsUntilWords(config, kept, characters, text.excerpt, rate);
    if (!seconds) return nothing;
    const [from, to] = seconds.map((each) => format.duration(each, language));
    return html`<p class="small muted" id="good-in">${from === to ? this.t('text.goodIn.about', { time: to! }) : this.t('text.goodIn', { from: from!, to: to! })}</p>`;
  }

  private named(character: string): string {
    if (character === '\n') return this.t('text.newline');
    if (character === '\t') return this.t('text.tab');
    return character === ' ' ? this.t('text.space') : character;
  }

  private chooseCorpus(event: Event): void {
    const id = (event.target as HTMLSelectElement).value;
    if (id) void this.app.openText({ kind: 'corpus', id });
  }

  private picked(): void {
    const files = [...(this.picker.files ?? [])];
    this.picker.value = '';
    void this.app.openFiles(files);
  }
}
