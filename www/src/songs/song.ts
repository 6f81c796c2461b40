/** What can be done with a written song: keep it, copy it, share it as text or picture, see its lines. */
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { AppElement } from '../components/base.ts';
import { copyText } from '../components/clipboard.ts';
import { saveAs } from '../components/download.ts';
import { shared } from '../components/styles.ts';
import { keepSong, keptSongs, ShelfFull, type Song } from './kept.ts';
import { say } from './messages.ts';
import { pictureOf, TooLong, type Picture } from './picture.ts';
import { structureOf } from './structure.ts';

@customElement('cl-song')
export class SongActions extends AppElement {
  protected readonly watches = [] as const;
  @property({ attribute: false }) song!: Song;
  /** Set for a song that is kept: deletes it. */
  @property({ attribute: false }) forget: (() => void) | null = null;
  @state() private lines = false;
  @state() private copied = false;
  /** The text that was kept from here: a song that goes on is another one. */
  @state() private keptText: string | null = null;
  @state() private deleting = false;
  @state() private problem = '';
  @state() private picture: Picture | null = null;
  @query('dialog') private dialog!: HTMLDialogElement | null;

  static override styles = [
    shared,
    css`
      .row {
        gap: 6px;
      }
      .row button {
        min-height: 30px;
        padding: 2px 9px;
        font-size: 13px;
      }
      @media (pointer: coarse) {
        .row button {
          min-height: 40px;
        }
      }
      figure {
        margin-top: 8px;
        padding: 10px 12px;
        border-radius: 8px;
        background: var(--surface-2);
      }
      ol {
        display: grid;
        gap: 10px;
        margin: 6px 0;
      }
      ol ol {
        gap: 0;
        margin: 0;
      }
      ol ol li {
        display: grid;
        grid-template-columns: 2.2em minmax(0, 1fr) 1.8em;
        gap: 6px;
        align-items: baseline;
        font: 15px/1.6 var(--serif);
        overflow-wrap: anywhere;
      }
      .index {
        color: var(--ink-2);
        font: 12px/1.6 var(--sans);
        font-variant-numeric: tabular-nums;
        text-align: right;
      }
      .rhyme {
        border-radius: 5px;
        background: color-mix(in srgb, var(--rhyme) 22%, var(--surface));
        font: 600 12px/1.6 var(--sans);
        text-align: center;
      }
      dialog {
        width: min(560px, calc(100vw - 24px));
        max-height: calc(100dvh - 24px);
        padding: 16px;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        color: var(--ink);
      }
      dialog::backdrop {
        background: rgb(10 15 20 / 45%);
      }
      canvas {
        display: block;
        max-width: 100%;
        max-height: 60dvh;
        margin: 10px auto;
        border: 1px solid var(--line);
      }
      .end {
        justify-content: flex-end;
      }
    `,
  ];

  /** Another song in the same place begins anew. */
  override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const before = changed.get('song');
    if (!before || before.text === this.song.text) return;
    this.deleting = false;
    this.problem = '';
  }

  private say(key: Parameters<typeof say>[1], values?: Parameters<typeof say>[2]): string {
    return say(this.state.language, key, values);
  }

  override render() {
    const kept = this.keptText === this.song.text;
    return html`<div class="row" role="group" aria-label=${this.say('actions')}>
        ${this.forget
          ? this.removal()
          : html`<button class="keep" ?disabled=${kept} @click=${this.keep}>${this.say(kept ? 'kept' : 'keep')}</button>`}
        <button class="copy" @click=${this.copy}>${this.say(this.copied ? 'copied' : 'copy')}</button>
        ${'share' in navigator ? html`<button class="share" @click=${this.share}>${this.say('share')}</button>` : nothing}
        <button class="picture" @click=${this.draw}>${this.say('picture')}</button>
        <button class="lines" aria-expanded=${this.lines} @click=${() => (this.lines = !this.lines)}>${this.say('lines')}</button>
        ${this.forget ? nothing : html`<span class="small muted number seed">${this.say('seed', { seed: this.song.seed })}</span>`}
      </div>
      ${this.picture ? nothing : this.told()} ${this.lines ? this.structure() : nothing} ${this.picture ? this.pictureDialog(this.picture) : nothing}`;
  }

  private removal() {
    if (!this.deleting) return html`<button class="delete" @click=${() => (this.deleting = true)}>${this.say('delete')}</button>`;
    return html`<span class="small">${this.say('deleteSure')}</span>
      <button class="sure" @click=${() => this.forget!()}>${this.say('delete')}</button>
      <button class="quiet" @click=${() => (this.deleting = false)}>${this.say('cancel')}</button>`;
  }

  private structure() {
    const { verses, lines, script } = structureOf(this.song.text);
    const rhymes = verses.some((verse) => verse.some(({ rhyme }) => rhyme !== null));
    let index = 0;
    return html`<figure>
      <figcaption class="small muted">
        ${this.say(verses.length > 1 ? 'lines.count' : 'lines.count.one', { lines, verses: verses.length })}
        ${this.say(rhymes ? `lines.${script}` : 'lines.none')}
      </figcaption>
      <ol>
        ${verses.map(
          (verse) => html`<li>
            <ol>
              ${verse.map(({ text, rhyme }) => {
                index++;
                const colour = rhyme === null ? '' : `--rhyme: var(--run-${(rhyme.charCodeAt(0) - 65) % 6})`;
                return html`<li>
                  <span class="index">${index}</span><span>${text}</span>
                  ${rhyme === null
                    ? nothing
                    : html`<span class="rhyme" .style=${colour} title=${this.say('lines.rhyme', { letter: rhyme })}
                        ><span class="sr">${this.say('lines.rhyme', { letter: '' })}</span>${rhyme}</span
                      >`}
                </li>`;
              })}
            </ol>
          </li>`,
        )}
      </ol>
    </figure>`;
  }

  private keep(): void {
    this.problem = '';
    try {
      keepSong(this.app.host.memory, this.song);
      this.keptText = this.song.text;
    } catch (error) {
      this.problem = error instanceof ShelfFull ? this.say('keep.full', { count: keptSongs(this.app.host.memory).length }) : this.say('keep.failed');
    }
  }

  private async copy(): Promise<void> {
    this.problem = '';
    this.copied = await copyText(this.song.text);
    if (!this.copied) this.problem = this.say('copy.failed');
    setTimeout(() => (this.copied = false), 1500);
  }

  private share(): Promise<void> {
    return this.hand({ text: this.song.text });
  }

  /** Opens the system's share sheet; that it was closed again is no problem. */
  private async hand(data: ShareData): Promise<void> {
    this.problem = '';
    try {
      await navigator.share(data);
    } catch (error) {
      const { name, message } = error as Error;
      if (name !== 'AbortError') this.problem = this.say('share.failed', { message });
    }
  }

  private async draw(): Promise<void> {
    this.problem = '';
    const { text, cell, units, epoch, learntFrom } = this.song;
    const caption = this.say('picture.caption', { cell: cell.toUpperCase(), units, epoch, text: learntFrom });
    try {
      this.picture = await pictureOf(text, caption);
      this.picture.canvas.role = 'img';
      this.picture.canvas.ariaLabel = this.say('picture.alt', { lines: structureOf(text).lines });
      await this.updateComplete;
      this.dialog?.showModal();
    } catch (error) {
      this.problem = error instanceof TooLong ? this.say('picture.tooLong') : this.say('picture.failed', { message: (error as Error).message });
    }
  }

  /** What went wrong, where it was tried: behind an open dialog nobody reads it. */
  private told() {
    return this.problem ? html`<p class="small problem" role="alert">${this.problem}</p>` : nothing;
  }

  private readonly closed = () => {
    this.picture = null;
    this.problem = '';
  };

  /** The canvas itself, not an image of it: a strict content security policy has no blob: images. */
  private pictureDialog({ canvas, file }: Picture) {
    const sharing = navigator.canShare?.({ files: [file] }) ?? false;
    return html`<dialog aria-labelledby="picture-title" @close=${this.closed}>
      <h2 id="picture-title">${this.say('picture.title')}</h2>
      ${canvas} ${this.told()}
      <div class="row end">
        ${sharing ? html`<button class="primary" @click=${() => this.hand({ files: [file] })}>${this.say('picture.share')}</button>` : nothing}
        <button class=${sharing ? '' : 'primary'} id="save-picture" @click=${() => saveAs(file, file.name)}>${this.say('picture.save')}</button>
        <button @click=${() => this.dialog?.close()}>${this.say('close')}</button>
      </div>
    </dialog>`;
  }
}
