/**
 * The network at work, beside its writing: the character that goes in, the hidden state that it leaves, the
 * probabilities that follow from it, and the character that is drawn, comes out and goes in again. All of it is the
 * living sampler's own last step.
 */
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { AppElement } from '../components/base.ts';
import { Sight } from '../components/sight.ts';
import { meter, shared } from '../components/styles.ts';
import '../components/term.ts';
import * as format from '../i18n/format.ts';
import type { LivingSample } from '../protocol/messages.ts';
import { channels, Colours, onAppearance } from '../theme/theme.ts';

const EXPECTED_SHOWN = 6;
const CONTEXT_CHARACTERS = 8;
/** Han characters are twice as wide. */
const CONTEXT_HAN = 5;
/** The worker tells ten times a second while it trains, and more often while it rests. */
const REDRAW_EVERY_MS = 100;

@customElement('cl-picture')
export class Picture extends AppElement {
  protected readonly watches = ['session'] as const;
  @property({ attribute: false }) sample: LivingSample | null = null;
  /** What is drawn: the sample as it was when there last was time to draw. */
  private drawn: LivingSample | null = null;
  private drawnAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly sight = new Sight(this);
  private readonly colours = new Colours(() => this);
  private unwatch: (() => void) | undefined;
  private readonly recolour = () => {
    this.colours.forget();
    this.requestUpdate();
  };
  private readonly calm = matchMedia('(prefers-reduced-motion: reduce)');

  static override styles = [
    shared,
    meter,
    css`
      .flow {
        display: grid;
        grid-template-columns: auto auto minmax(0, 1fr);
        grid-template-rows: auto auto auto;
        align-items: center;
        gap: 2px 6px;
      }
      .io {
        display: grid;
        place-items: center;
        min-width: 34px;
        height: 34px;
        border: 1.5px solid var(--accent);
        border-radius: 8px;
        font: 18px/1 var(--serif);
      }
      .arrow {
        color: var(--ink-2);
        text-align: center;
      }
      .state {
        display: flex;
        align-items: center;
        gap: 8px;
        min-width: 0;
      }
      canvas {
        width: 64px;
        height: 64px;
        flex: none;
        border: 1px solid var(--line);
        border-radius: 6px;
        image-rendering: pixelated;
        background: var(--surface-2);
      }
      .context {
        grid-column: 1 / -1;
        /* One line; two where type is larger for a projector. */
        min-height: calc((var(--drawn, 1) - 1) * 4.9em);
      }
      ol {
        grid-column: 1 / -1;
        display: grid;
        grid-auto-rows: 1.4em;
        min-height: 8.4em;
      }
      li {
        display: grid;
        grid-template-columns: 1.7em minmax(0, 1fr) minmax(3.2em, auto);
        align-items: center;
        gap: 8px;
        padding: 0 4px;
        border-radius: 5px;
        font-size: 13px;
      }
      li.drawn {
        background: var(--accent-soft);
        font-weight: 600;
      }
      li b {
        font: 400 15px/1.3 var(--serif);
        text-align: center;
      }
      .meter i {
        transition: width 0.09s;
      }
      .back {
        grid-column: 1 / -1;
        min-height: 2.9em;
      }
      .positive {
        color: var(--run-0);
      }
      .negative {
        color: var(--run-1);
      }
    `,
  ];

  protected override shouldUpdate(changed: PropertyValues): boolean {
    if (!this.sight.visible) return false;
    const whole = this.sample?.complete !== false;
    // With reduced motion only a whole sample is shown, which stands still.
    if (this.calm.matches && !whole && this.drawn) return false;
    const wait = this.drawnAt + REDRAW_EVERY_MS - performance.now();
    if (wait > 0 && changed.has('sample')) {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.requestUpdate();
      }, wait);
      return false;
    }
    return true;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.unwatch = onAppearance(this.recolour);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unwatch?.();
    this.recolour();
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  override render() {
    this.drawn = this.sample;
    this.drawnAt = performance.now();
    const { language } = this.state;
    const written = this.drawn?.characters ?? [];
    const last = written.at(-1);
    const before = (this.drawn?.prefix ?? '') + written.slice(0, -1).map(({ character }) => character).join('');
    const context = [...before].slice(/[\u4e00-\u9fff]/.test(before.slice(-CONTEXT_CHARACTERS)) ? -CONTEXT_HAN : -CONTEXT_CHARACTERS).map((each) => format.visible(each, language)).join('');
    const read = format.visible([...before].at(-1) ?? '', language);
    const units = this.state.session?.config.model.hidden_size ?? 0;
    const shown = this.drawn?.hidden?.length ?? 0;
    const alternatives = last?.alternatives.slice(0, EXPECTED_SHOWN) ?? [];
    const listed = alternatives.some(({ character }) => character === last?.character);
    const rows = last && !listed ? [...alternatives.slice(0, EXPECTED_SHOWN - 1), last] : alternatives;
    const layers = this.state.session?.config.model.num_layers ?? 1;
    return html`<div class="flow">
      <span class="io" id="read" title=${this.t('picture.reads')}>${read}</span>
      <span class="arrow" aria-hidden="true">→</span>
      <div class="state">
        <canvas width="16" height="16" role="img" aria-label=${this.t('picture.state.label', { shown, units })}></canvas>
        <span class="small muted"
          ><cl-term .app=${this.app} name="hidden-state">${this.t('picture.state')}</cl-term><br />${shown < units ? this.t('picture.units.some', { shown, units }) : this.t('picture.units', { units })}${layers > 1
            ? html`, ${this.t('picture.top')}`
            : nothing}</span
        >
      </div>
      <p class="small muted context" id="context">${this.t('next.after', { context })} ↓</p>
      <ol aria-label=${this.t('next.title')}>
        ${rows.map(
          ({ character, probability }) =>
            html`<li class=${character === last?.character ? 'drawn' : ''}>
              <b>${format.visible(character, language)}</b>
              <span class="meter"><i .style=${`width:${probability * 100}%`}></i></span>
              <span class="number muted">${format.percent(probability, language)}</span>
            </li>`,
        )}
      </ol>
      <p class="small muted back">
        ${last ? this.t('picture.drawn', { character: format.visible(last.character, language) }) : nothing}
      </p>
    </div>`;
  }

  /** One pixel a unit: blue above zero, orange below, paler towards it. */
  protected override updated(): void {
    const context = this.renderRoot.querySelector('canvas')?.getContext('2d');
    if (!context) return;
    const hidden = this.drawn?.hidden ?? new Float32Array();
    const side = Math.max(1, Math.ceil(Math.sqrt(hidden.length)));
    if (context.canvas.width !== side) context.canvas.width = context.canvas.height = side;
    const image = context.createImageData(side, side);
    const [positive, negative] = ['--run-0', '--run-1'].map((token) => channels(this.colours.of(token)));
    for (const [unit, value] of hidden.entries()) {
      image.data.set(value < 0 ? negative! : positive!, unit * 4);
      image.data[unit * 4 + 3] = Math.round(255 * Math.min(1, Math.abs(value)));
    }
    context.putImageData(image, 0, 0);
  }
}
