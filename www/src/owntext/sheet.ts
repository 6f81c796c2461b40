/**
 * One's own text: paste it, pick files, drop them. Opened from anywhere on the page. What was entered stays until the
 * text has been accepted, and why it was not stands beside it.
 */
import { css, html, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { AppElement } from '../components/base.ts';
import { mounted } from '../components/mounted.ts';
import { sheet } from '../components/sheet.ts';
import { shared } from '../components/styles.ts';
import * as format from '../i18n/format.ts';
import type { Failure, TextSource } from '../protocol/messages.ts';
import type { App } from '../state/app.ts';
import { remember } from '../state/host.ts';
import { say } from './messages.ts';

const SHORT = 300;

@customElement('cl-own-text')
export class OwnTextSheet extends AppElement {
  protected readonly watches = [] as const;
  /** What was pasted, until it has been accepted: the host may remember it over a reload. */
  @state() private text = '';
  @state() private files: readonly File[] = [];
  @state() private failure: Failure | null = null;
  @state() private problem = '';
  @state() private reading = false;
  @state() private keepSetting = false;
  @state() private over = false;
  @query('dialog') private dialog!: HTMLDialogElement;
  @query('input[type=file]') private picker!: HTMLInputElement;

  static override styles = [
    shared,
    sheet,
    css`
      dialog.over {
        outline: 3px dashed var(--accent);
        outline-offset: -8px;
      }
      textarea {
        height: min(38dvh, 300px);
        padding: 10px;
        resize: vertical;
        font-family: var(--serif);
      }
      li {
        display: flex;
        align-items: center;
        gap: 8px;
      }
      li span:first-child {
        flex: 1;
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  private say(key: Parameters<typeof say>[1], values?: Parameters<typeof say>[2]): string {
    return say(this.state.language, key, values);
  }

  /** Opens with what was entered before; what is handed over is added. */
  async show(text: string, files: readonly File[]): Promise<void> {
    this.text ||= this.app.host.memory.read('draft') ?? '';
    await this.updateComplete;
    // What was entered before is not lost to what is pasted now.
    if (text && text !== this.text) this.enter(this.text.trim() ? `${this.text.trimEnd()}\n\n${text}` : text);
    this.keepSetting = this.app.texts.ownSettings;
    this.dialog.showModal();
    if (files.length) this.add(files);
    this.renderRoot.querySelector('textarea')?.focus();
  }

  override render() {
    const characters = [...this.text].length;
    return html`<dialog
      aria-labelledby="title"
      class=${this.over ? 'over' : ''}
      @dragover=${this.dragged}
      @dragleave=${() => (this.over = false)}
      @drop=${this.dropped}
      @paste=${this.pasted}
    >
      <form class="body" @submit=${this.use}>
        <h2 id="title">${this.say('title')}</h2>
        <p class="small muted">${this.say('help')}</p>
        <label class="field"
          >${this.say('label')}
          <textarea
            id="own-words"
            spellcheck="false"
            placeholder=${this.say('placeholder')}
            .value=${this.text}
            ?disabled=${this.reading}
            @input=${(event: Event) => this.enter((event.target as HTMLTextAreaElement).value)}
          ></textarea>
        </label>
        ${this.text
          ? html`<p class="small muted" aria-live="polite">
              ${this.say('characters', { count: format.count(characters, this.state.language) })}
              ${characters < SHORT && !this.files.length ? this.say('short') : nothing}
              <button type="button" class="link" id="clear" @click=${() => this.enter('')}>${this.say('clear')}</button>
            </p>`
          : nothing}
        <div class="row">
          <button type="button" id="pick-files" @click=${() => this.picker.click()}>${this.say('pick')}</button>
          <span class="small muted">${this.say('drop')}</span>
          <input type="file" hidden multiple aria-label=${this.say('pick')} @change=${this.picked} />
        </div>
        ${this.files.length ? this.list() : nothing}
        ${this.app.texts.ownSettings ? this.setting() : nothing} ${this.trouble()}
        <div class="row end">
          <button type="button" @click=${() => this.dialog.close()}>${this.say('cancel')}</button>
          <button class="primary" id="paste-use" ?disabled=${this.reading}>${this.say(this.reading ? 'reading' : 'use')}</button>
        </div>
      </form>
    </dialog>`;
  }

  private list() {
    return html`<ul aria-label=${this.say('files')}>
      ${this.files.map(
        (file) =>
          html`<li class="small">
            <span>${file.name}</span><span class="muted number">${format.bytes(file.size, this.state.language)}</span>
            <button
              type="button"
              class="quiet"
              aria-label=${this.say('remove', { name: file.name })}
              @click=${() => (this.files = this.files.filter((each) => each !== file))}
            >
              ×
            </button>
          </li>`,
      )}
    </ul>`;
  }

  private setting() {
    return html`<label class="field"
      >${this.say('setting')}
      <select id="setting" @change=${(event: Event) => (this.keepSetting = (event.target as HTMLSelectElement).value === 'present')}>
        <option value="fitted" ?selected=${!this.keepSetting}>${this.say('setting.fitted')}</option>
        <option value="present" ?selected=${this.keepSetting}>${this.say('setting.present')}</option>
      </select>
    </label>`;
  }

  private trouble() {
    if (!this.failure && !this.problem) return nothing;
    return html`<p class="problem small" role="alert" data-code=${this.failure?.code ?? nothing}>
      ${this.failure ? html`${this.say('refused')} ${this.failureText(this.failure)}` : this.problem}
    </p>`;
  }

  private enter(text: string): void {
    this.text = text;
    this.failure = null;
    this.problem = '';
    remember(this.app.host.memory, 'draft', text);
  }

  private add(files: readonly File[]): void {
    const texts = files.filter(({ name }) => !/\.safetensors$/i.test(name));
    this.problem = texts.length < files.length ? this.say('drop.model') : '';
    this.failure = null;
    this.files = [...this.files, ...texts];
  }

  private picked(): void {
    const files = [...(this.picker.files ?? [])];
    this.picker.value = '';
    this.add(files);
  }

  private dragged(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    event.stopPropagation();
    this.over = true;
  }

  /** Not the page's: what is dropped here is added here. */
  private dropped(event: DragEvent): void {
    this.over = false;
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    event.stopPropagation();
    this.add([...event.dataTransfer.files]);
  }

  private pasted(event: ClipboardEvent): void {
    event.stopPropagation();
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.add(files);
  }

  private source(): TextSource | null {
    const text = this.text.trim() ? this.text : '';
    if (text && !this.files.length) return { kind: 'paste', text };
    const [first, ...rest] = this.files;
    if (!first) return null;
    if (!text && !rest.length) return { kind: 'file', file: first };
    const pasted = text ? [new File([text], this.say('pasted'))] : [];
    return { kind: 'files', files: [...pasted, ...this.files] };
  }

  private async use(event: Event): Promise<void> {
    event.preventDefault();
    const source = this.source();
    if (!source) {
      this.problem = this.say('nothing');
      return;
    }
    this.reading = true;
    const { text, files } = this;
    await this.app.texts.openOwn(source, this.keepSetting, (refusal) => this.answered(refusal, text, files));
    this.reading = false;
    // The run bar asks first: until the answer, what was entered stays.
    if (this.app.state.proposal) this.dialog.close();
  }

  /** That may come after the question: what was entered meanwhile stays. */
  private answered(refusal: Failure | null, text: string, files: readonly File[]): void {
    this.failure = refusal;
    if (refusal) {
      if (!this.dialog.open) this.dialog.showModal();
      return;
    }
    if (this.files === files) this.files = [];
    if (this.text === text) this.enter('');
    this.dialog.close();
  }
}

/** Opens the sheet; `text` and `files` are put into it. */
export async function openOwnText(app: App, text = '', files: readonly File[] = []): Promise<void> {
  await mounted<OwnTextSheet>('cl-own-text', app).show(text, files);
}
