/** How a text was read: its encoding, what was left out, and how to have it read otherwise. */
import { css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { isMessageKey, type MessageKey } from '../i18n/i18n.ts';
import type { TextConfig } from '../protocol/engine.ts';
import type { ReadingNote } from '../protocol/reading.ts';
import { nameOf } from '../state/texts.ts';
import { AppElement } from './base.ts';
import { shared } from './styles.ts';

const FORMATS: readonly TextConfig['format'][] = ['auto', 'plain', 'timed', 'table', 'json'];
/** Whose texts an encoding is for; the browser names it in the page's language. */
const LANGUAGES_OF: Record<string, string> = {
  gb18030: 'zh-Hans',
  big5: 'zh-Hant',
  shift_jis: 'ja',
  'euc-jp': 'ja',
  'iso-2022-jp': 'ja',
  'euc-kr': 'ko',
  'windows-1250': 'pl',
  'windows-1251': 'ru',
  'windows-1252': 'en',
  'windows-1253': 'el',
  'windows-1254': 'tr',
  'windows-1255': 'he',
  'windows-1256': 'ar',
  'windows-1257': 'lt',
  'windows-1258': 'vi',
  'windows-874': 'th',
  'koi8-r': 'ru',
  'koi8-u': 'uk',
  ibm866: 'ru',
};

@customElement('cl-reading')
export class ReadingLine extends AppElement {
  protected readonly watches = ['text', 'config', 'refused', 'proposal'] as const;
  /** Known once there is a text to choose one for. */
  @state() private encodings: string[] = [];

  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      .line {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 8px;
        margin: 4px 0;
      }
      .line select {
        flex: 0 1 auto;
        width: auto;
        min-width: 0;
        max-width: 100%;
      }
      ul {
        margin: 4px 0;
        padding: 0 0 0 1.2em;
        overflow-wrap: anywhere;
      }
      .refused {
        padding: 8px 10px;
        border-left: 4px solid var(--warm);
        background: var(--surface-2);
        overflow-wrap: anywhere;
      }
    `,
  ];

  private async fetchEncodings(): Promise<void> {
    await this.app.notices.attempt(async () => {
      this.encodings = await this.app.client.encodings();
    });
  }

  override render() {
    const { text, refused, config } = this.state;
    const reading = text?.reading;
    if ((!reading && !refused) || !config) return nothing;
    if (!this.encodings.length) void this.fetchEncodings();
    return html`${refused ? this.refusal(nameOf(refused.source)) : nothing}
    ${reading
      ? html`<div id="reading" class="small">
          ${text.kind === 'paste'
            ? nothing
            : html`<div class="line">
                <label for="encoding">${this.t('text.encoding')}</label>
                ${this.encodingChoice('encoding', reading.encoding, (encoding) => this.app.setReading({ encoding }))}
                <span class="muted">${this.t(`reading.${config.text.encoding === 'auto' ? reading.confidence : 'chosen'}`)}</span>
              </div>`}
          ${text.kind !== 'paste' || reading.format !== 'plain' || config.text.format !== 'auto' ? this.format(reading.format) : nothing}
          ${reading.columns.length
            ? html`<div class="line">
                <label for="column">${this.t('reading.column')}</label>
                <select id="column" .value=${live(reading.column ?? '')} @change=${(event: Event) => this.app.setReading({ column: chosen(event) })}>
                  ${reading.columns.map((name) => html`<option .value=${name} ?selected=${name === reading.column}>${name}</option>`)}
                </select>
              </div>`
            : nothing}
          ${reading.notes.length
            ? html`<ul id="reading-notes">
                ${reading.notes.map((note) => html`<li data-code=${note.code}>${this.told(note)}</li>`)}
              </ul>`
            : nothing}
          ${reading.notes.some(({ code }) => code === 'invisible') || config.text.invisible === 'drop'
            ? html`<label class="line">
                <input
                  id="invisible"
                  type="checkbox"
                  .checked=${config.text.invisible === 'drop'}
                  @change=${(event: Event) =>
                    this.app.setOption('text.invisible', (event.target as HTMLInputElement).checked ? 'drop' : 'keep')}
                />
                ${this.t('reading.dropInvisible')}
              </label>`
            : nothing}
        </div>`
      : nothing}`;
  }

  /** A file that could not be read: perhaps in an encoding chosen by hand. */
  private refusal(name: string) {
    return html`<div class="refused small" id="refused">
      <p>${this.t('reading.refused', { name })} ${this.failureText(this.state.refused!.failure)}</p>
      <div class="line">
        <label for="refused-encoding">${this.t('reading.refused.encoding')}</label>
        ${this.encodingChoice('refused-encoding', '', (encoding) => this.app.readRefused({ encoding, format: 'plain' }))}
        <button @click=${() => this.app.store.set({ refused: null })}>${this.t('reading.refused.leave')}</button>
      </div>
    </div>`;
  }

  private encodingChoice(id: string, selected: string, choose: (encoding: string) => void) {
    return html`<select id=${id} .value=${live(selected)} @change=${(event: Event) => choose(chosen(event))}>
      ${selected ? nothing : html`<option value="" selected>…</option>`}
      ${this.encodings.map((each) => html`<option value=${each} ?selected=${each === selected}>${this.named(each)}</option>`)}
    </select>`;
  }

  private named(encoding: string): string {
    const tag = LANGUAGES_OF[encoding];
    const language = tag && new Intl.DisplayNames(this.state.language, { type: 'language' }).of(tag);
    return language ? `${encoding.toUpperCase()} · ${language}` : encoding.toUpperCase();
  }

  private format(found: TextConfig['format']) {
    const asked = this.state.config!.text.format;
    const label = (format: TextConfig['format']) => this.t(`reading.format.${format}`);
    return html`<div class="line">
      <label for="format">${this.t('reading.format')}</label>
      <select id="format" .value=${live(asked)} @change=${(event: Event) => this.app.setReading({ format: chosen(event) as TextConfig['format'], column: null })}>
        ${FORMATS.map(
          (each) =>
            html`<option value=${each} ?selected=${each === asked}>
              ${each === 'auto' ? this.t('reading.format.found', { format: label(found) }) : label(each)}
            </option>`,
        )}
      </select>
    </div>`;
  }

  private told({ code, message, values }: ReadingNote): string {
    const full = `reading.note.${code}`;
    const key: MessageKey | null = isMessageKey(full) ? full : null;
    return key ? this.t(key, values) : message;
  }
}

const chosen = (event: Event) => (event.target as HTMLSelectElement).value;
