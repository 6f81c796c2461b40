/** The living sample: what the network writes now, and how it got there. */
import { css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { LivingSample } from '../protocol/messages.ts';
import { AppElement } from './base.ts';
import { marks } from './recited.ts';
import { shared } from './styles.ts';
import { word } from './term.ts';

@customElement('cl-living')
export class Living extends AppElement {
  protected readonly watches = ['living', 'runsVersion', 'training', 'position', 'taught'] as const;
  /** Index of the earlier sample looked at; null follows the present. */
  @state() private lookedAt: number | null = null;
  /** The sample that a pressed pointer is marking: it stands still meanwhile. */
  private held: LivingSample | null = null;
  private followed: LivingSample | null = null;

  static override styles = [
    shared,
    marks,
    css`
      .body {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 214px;
        gap: 20px;
      }
      /* All lines of a sample fit; where a narrow window breaks them, what is being written stays in sight. */
      .text {
        height: calc(8 * 1.6em + 12px);
        margin: 0;
        padding: 6px 4px;
        overflow-y: auto;
        font: 17px/1.6 var(--serif);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .prefix {
        padding: 1px 5px;
        border: 1px dashed var(--accent);
        border-radius: 6px;
        color: var(--accent);
      }
      .prefix::before {
        margin-right: 5px;
        content: attr(data-word);
        font: 11px/1 var(--sans);
        opacity: 0.85;
      }
      .caret {
        border-right: 2px solid var(--accent);
      }
      cl-picture {
        display: block;
        min-width: 0;
        min-height: 268px;
        padding-left: 16px;
        border-left: 1px solid var(--line);
      }
      cl-reciting {
        display: block;
        min-height: 116px;
        margin-top: 8px;
        padding-top: 8px;
        border-top: 1px solid var(--line);
      }
      .waiting {
        visibility: hidden;
      }
      .scrub {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: center;
        gap: 12px;
        margin-top: 10px;
      }
      @media print {
        .scrub {
          display: none;
        }
      }
      /* Beside the controls, where the window is as wide as a tablet held upright. */
      @container (max-width: 560px) or ((min-width: 740px) and (max-width: 899px)) {
        .body {
          grid-template-columns: minmax(0, 1fr);
        }
        cl-reciting {
          min-height: 176px;
        }
        cl-picture {
          padding: 12px 0 0;
          border-left: 0;
          border-top: 1px solid var(--line);
        }
      }
    `,
  ];

  override render() {
    const samples = this.app.runs.current?.samples ?? [];
    // Another run may have fewer samples, or none.
    const earlier = this.lookedAt === null ? undefined : samples[this.lookedAt];
    const sample = earlier ?? this.held ?? this.state.living;
    return html`<section class="card" aria-labelledby="title">
      <div class="head">
        <h2 id="title">${this.t('living.title')}</h2>
        <span class="small muted number" id="when">${this.when(sample)}</span>
      </div>
      <div class="body">
        ${sample ? this.written(sample) : html`<p class="text muted">${this.t('living.empty')}</p>`}
        <cl-picture .app=${this.app} .sample=${this.shows('next-character') ? sample : null}></cl-picture>
      </div>
      <cl-reciting .app=${this.app} .sample=${sample}>${this.state.taught ? nothing : html`<p class="small muted">${this.t('living.soon')}</p>`}</cl-reciting>
      ${this.scrubber(samples, earlier)}
    </section>`;
  }

  private when(sample: LivingSample | null) {
    if (!sample) return nothing;
    const { epoch, step } = sample.position;
    if (step === 0 && this.app.runs.current?.opened) return this.t('living.opened');
    if (step === 0) return this.t('living.untrained');
    const between = this.state.language === 'en' ? ', ' : '，';
    return html`${word(this, 'epoch', this.t('living.at.epoch', { epoch }))}${between}${word(this, 'step', this.t('living.at.step', { step }))}`;
  }

  /** Lets the browser choose fitting fonts, and screen readers a fitting voice. */
  private textLanguage(sample: LivingSample): string {
    return /[\u4e00-\u9fff]/.test(sample.prefix) ? 'zh-Hans' : 'en';
  }

  private written(sample: LivingSample) {
    const caret = this.lookedAt === null && !sample.complete;
    // No white space around what is written: the text keeps it.
    return html`<p class="text" id="living" @pointerdown=${this.hold} tabindex="0" role="group" aria-label=${this.t('living.title')} lang=${this.textLanguage(sample)}><span
        class="prefix" data-word=${this.t('living.prompt')}>${sample.prefix}</span>${pieces(sample)}${caret ? html`<span class="caret"></span>` : nothing}</p>`;
  }

  private hold(): void {
    this.held = this.state.living;
    for (const end of ['pointerup', 'pointercancel']) document.addEventListener(end, this.letGo);
  }

  private readonly letGo = () => {
    this.held = null;
    for (const end of ['pointerup', 'pointercancel']) document.removeEventListener(end, this.letGo);
    this.requestUpdate();
  };

  /** What is being written stays in sight. */
  protected override updated(): void {
    const text = this.renderRoot.querySelector('#living');
    const { living } = this.state;
    // The last characters too; a whole sample may then be scrolled by whoever reads it.
    if (text && this.lookedAt === null && !this.held && living !== this.followed) text.scrollTop = text.scrollHeight;
    this.followed = living;
    if (this.state.living?.position.step) void this.app.teaching.fetchLessons().catch(() => undefined);
  }

  private scrubber(samples: LivingSample[], earlier: LivingSample | undefined) {
    const latest = Math.max(0, samples.length - 1);
    // Its place is kept from the beginning: nothing moves when it comes.
    return html`<div class="scrub ${latest ? '' : 'waiting'}">
      <label class="small muted" for="earlier">${this.t('living.scrub')}</label>
      <input
        type="range"
        id="earlier"
        min="0"
        max=${latest}
        .value=${String(earlier ? this.lookedAt : latest)}
        @input=${(event: Event) => {
          const index = (event.target as HTMLInputElement).valueAsNumber;
          this.lookedAt = index === latest ? null : index;
        }}
      />
      ${!earlier
        ? html`<span class="small muted">${this.t('living.now')}</span>`
        : html`<button class="link" @click=${() => (this.lookedAt = null)}>${this.t('living.back')}</button>`}
    </div>`;
  }
}

/** The written text, with what stands word for word in the learnt text marked. */
function pieces({ characters, likeness }: LivingSample) {
  const text = (from: number, to: number) => characters.slice(from, to).map(({ character }) => character).join('');
  let at = 0;
  const parts: unknown[] = [];
  for (const [from, to] of likeness?.spans ?? []) {
    parts.push(text(at, from), html`<mark>${text(from, to)}</mark>`);
    at = to;
  }
  return [...parts, text(at, characters.length)];
}
