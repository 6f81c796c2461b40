/**
 * The first run, in four notes: noise, lines and words, verse, learning by heart. Each comes when what it speaks of is
 * on the screen; nothing here goes by a clock. It stands above the writing and covers nothing.
 */
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { AppElement } from '../components/base.ts';
import { shared } from '../components/styles.ts';
import '../components/term.ts';
import * as format from '../i18n/format.ts';
import type { LivingSample } from '../protocol/messages.ts';
import { advance, stageOf, STAGES, type Stage } from './progress.ts';

/** What the second note waits for. */
const SEEN = ['lines', 'words', 'verse'] as const;

@customElement('cl-guide')
export class Guide extends AppElement {
  protected readonly watches = ['guide', 'taught', 'living', 'training', 'position', 'trainable', 'engine', 'problem'] as const;
  private reached: Stage = 'noise';
  /** What the last whole sample showed. */
  private latest: Stage = 'noise';
  /** The largest share of a sample that stood word for word in the text. */
  private recited = 0;
  private run: number | undefined;
  /** The last whole sample: what is measured of one half written jumps about. */
  @state() private whole: LivingSample | null = null;

  static override styles = [
    shared,
    css`
      aside {
        position: relative;
        min-height: var(--guide-height);
        padding: 12px 46px 12px 16px;
        border: 1px solid var(--accent);
        border-radius: var(--radius);
        background: var(--accent-soft);
      }
      .head {
        margin-bottom: 3px;
      }
      p {
        font-size: 14px;
        line-height: 1.5;
      }
      .shut {
        position: absolute;
        top: 6px;
        right: 6px;
        min-width: 32px;
        padding: 0;
        font-size: 18px;
      }
      .row {
        margin-top: 8px;
      }
      ul {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 16px;
        margin-top: 6px;
        font-size: 13.5px;
      }
      li.seen {
        color: var(--good);
        font-weight: 600;
      }
      li:not(.seen) {
        color: var(--ink-2);
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const current = this.app.runs.current;
    if (current?.id !== this.run) {
      this.run = current?.id;
      this.reached = this.latest = 'noise';
      this.whole = null;
      this.recited = 0;
    }
    const { living } = this.state;
    if (living?.complete && living !== this.whole) {
      this.whole = living;
      const stage = stageOf(living);
      this.reached = advance(this.reached, this.latest, stage);
      this.latest = stage;
      this.recited = Math.max(this.recited, living.likeness?.share ?? 0);
    }
  }

  /** Which note: 0 before training, 1 while writing takes shape, 2 verse, 3 by heart. */
  private get note(): number {
    if (!this.state.position?.step || !this.state.taught) return 0;
    return this.reached === 'reciting' ? 3 : this.reached === 'verse' ? 2 : 1;
  }

  override render() {
    this.hidden = !this.state.guide;
    if (this.hidden) return nothing;
    const { note } = this;
    return html`<aside aria-labelledby="guide-title" data-note=${note}>
      <div class="head" role="status">
        <h2 id="guide-title">${this.t(`guide.${note as 0 | 1 | 2 | 3}.title`)}</h2>
        <span class="small muted">${this.t('guide.of', { note: note + 1 })}</span>
      </div>
      <p>${this.text(note)}</p>
      ${note === 1 ? this.seen() : nothing} ${this.buttons(note)}
      <button class="quiet shut" id="guide-shut" aria-label=${this.t('guide.shut')} title=${this.t('guide.shut')} @click=${() => this.app.teaching.hideGuide()}>×</button>
    </aside>`;
  }

  private text(note: number) {
    const { language } = this.state;
    const likeness = this.whole?.likeness;
    if (note === 0) return this.t('guide.0', { vocabulary: this.state.session?.vocabulary.length ?? 0 });
    if (note === 1) return this.t('guide.1');
    if (note === 2) return this.t(likeness?.dense ? 'guide.2.pairs' : 'guide.2', { share: format.percent(likeness?.knownWords ?? 0, language) });
    return this.t('guide.3', { share: format.percent(this.recited, language) });
  }

  /** What has been reached of it, with the measured share. */
  private seen() {
    const likeness = this.whole?.likeness;
    const share = format.percent(likeness?.knownWords ?? 0, this.state.language);
    const at = STAGES.indexOf(this.reached);
    return html`<ul>
      ${SEEN.map((stage) => {
        const reached = at >= STAGES.indexOf(stage);
        return html`<li class=${reached ? 'seen' : ''}>${reached ? '✓' : '○'} ${this.t(`guide.seen.${stage}`)}</li>`;
      })}
      ${likeness ? html`<li>${this.t(likeness.dense ? 'guide.known.pairs' : 'guide.known', { share })}</li>` : nothing}
    </ul>`;
  }

  private buttons(note: number) {
    const { training, trainable, engine, problem } = this.state;
    const ready = engine === 'ready' && trainable && !problem;
    if (note === 0) {
      return html`<div class="row">
        <button class="primary" id="guide-train" ?disabled=${!ready || training} @click=${() => this.app.train()}>${this.t('run.train')}</button>
      </div>`;
    }
    return note === 3
      ? html`<div class="row"><button id="guide-done" @click=${() => this.app.teaching.hideGuide()}>${this.t('guide.done')}</button></div>`
      : nothing;
  }
}
