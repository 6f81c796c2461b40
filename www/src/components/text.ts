/** The data desk: choose, open, drop or paste a text; see what was understood. */
import { css, html, nothing } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import * as format from '../i18n/format.ts';
import type { Encoding } from '../protocol/engine.ts';
import type { TextView } from '../protocol/messages.ts';
import { textName } from '../i18n/names.ts';
import { TEXT_OPTIONS } from '../i18n/options.ts';
import { openPart } from '../parts.ts';
import { AppElement } from './base.ts';
import './options.ts';
import { shared } from './styles.ts';
import './training.ts';

const ENCODINGS: readonly Encoding[] = ['utf-8', 'gb18030', 'big5', 'utf-16le', 'utf-16be', 'windows-1252'];
const FREQUENT_SHOWN = 24;

@customElement('cl-text')
export class TextDesk extends AppElement {
  protected readonly watches = ['boot', 'text', 'reading', 'proposal'] as const;
  @query('dialog') private dialog!: HTMLDialogElement;
  @query('textarea') private area!: HTMLTextAreaElement;
  @query('input[type=file]') private picker!: HTMLInputElement;

  static override styles = [
    shared,
    css`
      .choose {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 6px;
      }
      .choose .drop {
        grid-column: 1 / -1;
      }
      .choose select {
        grid-column: 1 / -1;
      }
      .excerpt {
        max-height: 6.4em;
        margin: 0;
        padding: 8px 10px;
        overflow: hidden;
        border-radius: 8px;
        background: var(--surface-2);
        font: 14px/1.6 var(--serif);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        mask-image: linear-gradient(#000 60%, transparent);
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
      .encoding {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px;
      }
      .encoding select {
        width: auto;
      }
      dialog {
        width: min(640px, calc(100vw - 32px));
        padding: 20px;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        color: var(--ink);
      }
      dialog::backdrop {
        background: rgb(10 15 20 / 45%);
      }
      textarea {
        height: 280px;
        margin: 10px 0;
        padding: 10px;
        resize: vertical;
        font-family: var(--serif);
      }
      .end {
        justify-content: flex-end;
      }
      .file {
        margin-right: auto;
      }
    `,
  ];

  /** Where one's own text is entered. */
  openOwn(): void {
    this.dialog.showModal();
  }

  override render() {
    const { boot, text } = this.state;
    return html`<section class="card stack" aria-labelledby="title">
      <div class="head tight"><h2 id="title">${this.t('text.title')}</h2></div>
      <cl-presets .app=${this.app}></cl-presets>
      <div class="choose">
        <select
          id="corpus"
          aria-label=${this.t('text.choose')}
          ?disabled=${!boot}
          .value=${live(this.chosen)}
          @change=${this.chooseCorpus}
        >
          ${boot?.corpora.map(
            ({ id }) =>
              html`<option value=${id} ?selected=${text?.kind === 'corpus' && text.name === id}>${textName(this.state, id)}</option>`,
          )}
          ${text && text.kind !== 'corpus' ? html`<option value="" selected>${textName(this.state, text.name)}</option>` : nothing}
        </select>
        <button id="pick" @click=${() => this.picker.click()}>${this.t('text.pick')}</button>
        <button id="paste" @click=${this.openOwn}>${this.t('text.paste')}</button>
        <input type="file" hidden aria-label=${this.t('text.pick')} @change=${this.picked} />
        <p class="small muted drop">${this.t('text.drop')}</p>
      </div>
      ${text ? this.about(text) : nothing}
      ${text
        ? html`<details id="windows" @toggle=${() => this.app.notices.attempt(() => openPart('windows', this.state.language))}>
            <summary>${this.t('windows.title')}</summary>
            <cl-windows .app=${this.app}></cl-windows>
          </details>`
        : nothing}
      <cl-options .app=${this.app} .specs=${TEXT_OPTIONS} .label=${this.t('text.options')}></cl-options>
      ${this.pasteDialog()}
    </section>`;
  }

  /** What is asked about is shown as chosen. */
  private get chosen(): string {
    const { text, proposal } = this.state;
    if (proposal?.event === 'text') return proposal.name;
    return text?.kind === 'corpus' ? text.name : '';
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
      ${text.encoding && text.kind !== 'paste' ? this.encoding(text) : nothing}
      ${text.replaced
        ? html`<p class="small problem">${this.t('text.replaced', { count: format.count(text.replaced, language) })}</p>`
        : nothing}
      <figure>
        <figcaption class="sr">${this.t('text.excerpt')}</figcaption>
        <p class="excerpt">${text.excerpt.slice(0, 400)}</p>
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

  private named(character: string): string {
    if (character === '\n') return this.t('text.newline');
    if (character === '\t') return this.t('text.tab');
    return character === ' ' ? this.t('text.space') : character;
  }

  private encoding(text: TextView) {
    return html`<div class="encoding small">
      <label for="encoding">${this.t('text.encoding')}</label>
      <select
        id="encoding"
        .value=${live(this.state.proposal?.event === 'encoding' ? this.state.proposal.name.toLowerCase() : (text.encoding ?? ''))}
        @change=${(event: Event) => this.app.setEncoding((event.target as HTMLSelectElement).value as Encoding)}
      >
        ${ENCODINGS.map((each) => html`<option value=${each} ?selected=${each === text.encoding}>${each.toUpperCase()}</option>`)}
      </select>
      <span class="muted">${text.confidence ? this.t(`text.encoding.${text.confidence}`) : nothing}</span>
    </div>`;
  }

  private pasteDialog() {
    return html`<dialog aria-labelledby="paste-title">
      <h2 id="paste-title">${this.t('text.paste.title')}</h2>
      <textarea aria-label=${this.t('text.paste.label')} spellcheck="false"></textarea>
      <div class="row end">
        <button class="file" @click=${this.pickInstead}>${this.t('text.pick')}</button>
        <button @click=${() => this.dialog.close()}>${this.t('text.cancel')}</button>
        <button class="primary" id="paste-use" @click=${this.usePasted}>${this.t('text.paste.use')}</button>
      </div>
    </dialog>`;
  }

  private chooseCorpus(event: Event): void {
    const id = (event.target as HTMLSelectElement).value;
    if (id) void this.app.openText({ kind: 'corpus', id });
  }

  private pickInstead(): void {
    this.dialog.close();
    this.picker.click();
  }

  private picked(): void {
    const file = this.picker.files?.[0];
    this.picker.value = '';
    if (file) void this.app.openFile(file);
  }

  private usePasted(): void {
    const text = this.area.value;
    this.area.value = '';
    this.dialog.close();
    void this.app.openText({ kind: 'paste', text });
  }
}
