/** The songs that were kept, each to be read, shared or deleted. */
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement } from 'lit/decorators.js';
import { AppElement } from '../components/base.ts';
import { shared } from '../components/styles.ts';
import * as format from '../i18n/format.ts';
import { dropSong, keptSongs, onChange, type KeptSong } from './kept.ts';
import { say } from './messages.ts';
import './song.ts';

@customElement('cl-songs')
export class SongShelf extends AppElement {
  protected readonly watches = [] as const;
  private stop: (() => void) | undefined;

  static override styles = [
    shared,
    css`
      li {
        padding: 6px 0;
        border-top: 1px solid var(--line);
      }
      li > details > summary {
        width: auto;
        color: var(--ink);
        font: 15px/1.5 var(--serif);
        overflow-wrap: anywhere;
      }
      .text {
        margin-bottom: 8px;
        padding: 8px 12px;
        border-left: 3px solid var(--line);
        font: 16px/1.65 var(--serif);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.listen();
  }

  /** Who was in the page before its code was has its App only now. */
  override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.listen();
  }

  private listen(): void {
    if (this.app) this.stop ??= onChange(this.app.host.memory, () => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
    this.stop = undefined;
  }

  override render() {
    const songs = keptSongs(this.app.host.memory);
    if (!songs.length) return nothing;
    const { language } = this.state;
    return html`<details id="kept-songs">
      <summary>${say(language, 'kept.title', { count: songs.length })}</summary>
      <p class="small muted">${say(language, 'kept.help')}</p>
      <ul>
        ${songs.map((song) => this.entry(song))}
      </ul>
    </details>`;
  }

  private entry(song: KeptSong) {
    const { language } = this.state;
    const { text, cell, units, epoch, learntFrom, written } = song;
    const first = text.split('\n').find((line) => line.trim()) ?? say(language, 'kept.untitled');
    const when = format.ago(written, language);
    return html`<li>
      <details>
        <summary>${[...first].slice(0, 40).join('')}</summary>
        <p class="text">${text}</p>
        <p class="small muted">
          ${say(language, 'kept.about', { cell: cell.toUpperCase(), units, epoch, text: learntFrom, when })}
        </p>
        <cl-song .app=${this.app} .song=${song} .forget=${() => dropSong(this.app.host.memory, song.id)}></cl-song>
      </details>
    </li>`;
  }
}
