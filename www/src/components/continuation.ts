/**
 * One written text, character by character. Point at a character, tap it, or walk with the arrow keys: beneath
 * stands how likely it was and what else might have come, and from there another way can be taken.
 */
import { css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import type { SampledCharacter } from '../protocol/engine.ts';
import type { Likeness } from '../protocol/messages.ts';
import { guard } from 'lit/directives/guard.js';
import type { Song } from '../songs/kept.ts';
import { AppElement } from './base.ts';
import { marks, recited } from './recited.ts';
import { shared } from './styles.ts';

export interface Continuation {
  id: number;
  prefix: string;
  seed: number;
  /** What writes it. */
  by: Omit<Song, 'text' | 'seed'>;
  characters: SampledCharacter[];
  status: 'writing' | 'done' | 'stopped';
  skipped: string[];
  /** Null while it is being written, and where there is nothing to compare with. */
  likeness: Likeness | null;
}

/** Asks for another way: keep the first `keep` characters, then `character`. */
export class BranchEvent extends Event {
  constructor(
    readonly continuation: number,
    readonly keep: number,
    readonly character: SampledCharacter,
  ) {
    super('branch', { bubbles: true, composed: true });
  }
}

const CHUNK = 100;

/** Surprise in nats, as a share of what counts as very surprising. */
function surprise(probability: number): number {
  return Math.min(1, Math.max(0, -Math.log(Math.max(probability, 1e-9)) / 6));
}

@customElement('cl-continuation')
export class ContinuationView extends AppElement {
  protected readonly watches = ['taught'] as const;
  @property({ attribute: false }) continuation!: Continuation;
  @property({ type: Number }) number = 1;
  @property({ type: Boolean }) surprise = false;
  @state() private picked: number | null = null;

  static override styles = [
    shared,
    marks,
    css`
      .text {
        min-height: 4.8em;
        max-height: 22em;
        margin: 0;
        padding: 10px 12px;
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: 8px;
        font: 16.5px/1.65 var(--serif);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .prefix {
        color: var(--accent);
      }
      .text span[data-index] {
        border-radius: 2px;
      }
      .text.surprise span[data-index] {
        background: color-mix(in srgb, var(--run-1) calc(var(--s) * 40%), transparent);
      }
      #copied {
        margin-top: 5px;
      }
      .text .recited {
        box-shadow: inset 0 -2px var(--run-1);
      }
      .text span.picked {
        outline: 2px solid var(--accent);
        outline-offset: 0;
      }
      .caret {
        display: inline-block;
        width: 2px;
        height: 1.1em;
        vertical-align: text-bottom;
        background: var(--accent);
        animation: blink 1s steps(2) infinite;
      }
      @keyframes blink {
        50% {
          opacity: 0;
        }
      }
      .detail {
        min-height: 6.6em;
        padding: 8px 2px 10px;
      }
      .alternatives {
        display: flex;
        flex-wrap: wrap;
        gap: 5px;
        margin-top: 5px;
      }
      .alternatives button {
        min-height: 30px;
        padding: 0 9px;
        font-size: 13px;
      }
      .alternatives b {
        font: 400 16px/1.5 var(--serif);
      }
    `,
  ];

  override render() {
    const { prefix, status, skipped } = this.continuation;
    return html`<p
        class="text ${this.surprise ? 'surprise' : ''}"
        tabindex="0"
        role="group"
        aria-label=${this.t('sample.output', { number: this.number })}
        aria-describedby="detail"
        data-status=${status}
        @pointerover=${this.point}
        @click=${this.point}
        @keydown=${this.walk}
      ><span class="prefix">${prefix}</span>${this.chunks()}${status === 'writing' ? html`<i class="caret"></i>` : nothing}</p>
      ${this.recited()}
      <div class="detail" id="detail" aria-live=${this.picked === null ? 'off' : 'polite'}>
        ${skipped.length ? html`<p class="small muted">${this.t('sample.skipped', { characters: skipped.join(' ') })}</p>` : nothing}
        ${this.detail()}
      </div>`;
  }

  /** In pieces, so that writing on draws the last piece only. */
  private chunks() {
    const { id, characters, likeness } = this.continuation;
    const pieces: unknown[] = [];
    for (let from = 0; from < characters.length; from += CHUNK) {
      const piece = characters.slice(from, from + CHUNK);
      const picked = this.picked !== null && Math.floor(this.picked / CHUNK) * CHUNK === from ? this.picked : null;
      pieces.push(guard([id, piece.length, picked, this.surprise, likeness], () => piece.map((each, index) => this.glyph(each, from + index))));
    }
    return pieces;
  }

  private glyph(each: SampledCharacter, index: number) {
    // No white space around the character: the text keeps it.
    const style = this.surprise ? `--s:${surprise(each.probability).toFixed(2)}` : '';
    return html`<span data-index=${index} class=${this.look(index)} .style=${style}>${each.character}</span>`;
  }

  private look(index: number): string {
    const recited = this.continuation.likeness?.spans.some(([from, to]) => from <= index && index < to);
    return `${recited ? 'recited' : ''} ${index === this.picked ? 'picked' : ''}`;
  }

  /** How much of it stands in the learnt text, once that can be said. */
  private recited() {
    const { likeness } = this.continuation;
    return likeness && this.state.taught ? html`<p class="small" id="copied">${recited(this.state.language, likeness)}</p>` : nothing;
  }

  protected override updated(): void {
    if (this.continuation.likeness) void this.app.teaching.fetchLessons().catch(() => undefined);
  }

  private detail() {
    const { characters, status } = this.continuation;
    const character = this.picked === null ? undefined : characters[this.picked];
    const { language } = this.state;
    if (!character || this.picked === null) {
      return characters.length && status !== 'writing' ? html`<p class="small muted">${this.t('sample.hint')}</p>` : nothing;
    }
    const keep = this.picked;
    return html`<p class="small" id="probability">
        “${format.visible(character.character, language)}”
        ${this.t('sample.probability', { percent: format.percent(character.probability, language) })}${this.t('app.stop')}
        <span class="muted">${this.t('sample.alternatives')}</span>
      </p>
      <div class="alternatives">
        ${character.alternatives
          .filter((other) => other.character !== character.character)
          .map(({ character: other, probability }) => {
            const percent = format.percent(probability, language);
            const seen = format.visible(other, language);
            return html`<button
              title=${this.t('sample.branch', { character: seen, percent })}
              ?disabled=${status === 'writing'}
              @click=${() => this.branch(keep, { ...character, character: other, probability })}
            >
              <b>${seen}</b><span class="muted number">${percent}</span>
            </button>`;
          })}
      </div>`;
  }

  private branch(keep: number, character: SampledCharacter): void {
    this.dispatchEvent(new BranchEvent(this.continuation.id, keep, character));
  }

  private point(event: Event): void {
    const index = (event.target as HTMLElement).dataset?.['index'];
    if (index !== undefined) this.picked = Number(index);
  }

  private walk(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const last = this.continuation.characters.length - 1;
    if (by === undefined || last < 0) return;
    event.preventDefault();
    this.picked = this.picked === null ? (by > 0 ? 0 : last) : Math.min(last, Math.max(0, this.picked + by));
  }
}
