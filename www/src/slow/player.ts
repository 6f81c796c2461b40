/** The player of slow motion: one training step to walk through, from the tokens to the changed weight. */
import { css, html, nothing, svg, type PropertyValues } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { asFailure } from '../client/client.ts';
import { AppElement } from '../components/base.ts';
import { meter, shared } from '../components/styles.ts';
import * as format from '../i18n/format.ts';
import type { MessageKey } from '../i18n/i18n.ts';
import type { Cell } from '../protocol/engine.ts';
import type { Failure, SlowSize } from '../protocol/messages.ts';
import * as derive from './derive.ts';
import { frameOf, framesOf, STAGES, type Frame, type Stage } from './frames.ts';
import './strip.ts';
import type { AtEvent } from './strip.ts';
import './values.ts';
import type { StepView } from './view.ts';

/** The step is looked at no more; with a failure, it never was. */
export class SlowEndEvent extends Event {
  constructor(readonly failure: Failure | null) {
    super('end');
  }
}

const GATE_NAMES = {
  rnn: {},
  lstm: { i: 'inside.gate.input', f: 'inside.gate.forget', g: 'inside.gate.cell', o: 'inside.gate.output' },
  gru: { r: 'inside.gate.reset', z: 'inside.gate.update', n: 'inside.gate.new' },
} as const satisfies Record<Cell, Record<string, MessageKey>>;
const WALK_MS = 260;
const REST_MS = 1600;
const PLAY = svg`<path d="M4 2.5v11l9-5.5z" fill="currentColor"/>`;
const PAUSE = svg`<path d="M4 2.5h3v11H4zM9 2.5h3v11H9z" fill="currentColor"/>`;
const BACK = svg`<path d="M12 2.5v11L5 8zM3 2.5h1.6v11H3z" fill="currentColor"/>`;
const FORWARD = svg`<path d="M4 2.5v11L11 8zM11.4 2.5H13v11h-1.6z" fill="currentColor"/>`;

@customElement('cl-slow-player')
export class SlowPlayer extends AppElement {
  protected readonly watches = ['session', 'position'] as const;
  @state() private size: SlowSize | null = null;
  @state() private view: StepView | null = null;
  @state() private failure: Failure | null = null;
  @state() private frame = 0;
  /** A character looked at where the frame has none of its own. */
  @state() private looked: number | null = null;
  @state() private playing = false;
  @state() private tensor = 0;
  private chosen = { row: 0, layer: 0, unit: 0 };
  private frames: Frame[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private run: unknown = null;
  private measured = { width: 0, height: 0 };

  static override styles = [
    shared,
    meter,
    css`
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px 14px;
        margin: 12px 0 10px;
      }
      .buttons {
        display: flex;
        gap: 6px;
      }
      .buttons svg {
        width: 15px;
        height: 15px;
      }
      .stages {
        display: flex;
        flex-wrap: wrap;
        gap: 4px;
        min-width: 0;
      }
      .stages button {
        min-height: 32px;
        padding: 2px 10px;
        font-size: 13px;
      }
      .stages button[aria-current='step'] {
        border-color: var(--accent);
        background: var(--accent);
        color: var(--accent-ink);
        font-weight: 600;
      }
      .choices {
        display: flex;
        flex-wrap: wrap;
        gap: 6px 16px;
      }
      .choices label {
        display: flex;
        align-items: center;
        gap: 6px;
        font-size: 13px;
      }
      .choices input {
        width: 5em;
      }
      .body {
        min-height: 24em;
      }
      cl-strip {
        min-height: 104px;
      }
      .about {
        max-width: 78ch;
        margin: 8px 0 10px;
      }
      .vector {
        display: flex;
        flex-wrap: wrap;
        gap: 4px;
        margin-bottom: 10px;
      }
      .vector li {
        padding: 2px 7px;
        border-radius: 5px;
        background: var(--surface-2);
        font-size: 13px;
      }
      .probabilities {
        display: grid;
        gap: 2px;
        max-width: 520px;
        margin-bottom: 10px;
      }
      .probabilities li {
        display: grid;
        grid-template-columns: 1.8em minmax(0, 1fr) 7.5em;
        align-items: center;
        gap: 8px;
        font-size: 13px;
      }
      .probabilities b {
        font: 400 16px/1.5 var(--serif);
        text-align: center;
      }
      .probabilities .target b {
        color: var(--accent);
        text-decoration: underline;
        text-underline-offset: 3px;
      }
      .scroll {
        overflow-x: auto;
        margin-bottom: 10px;
      }
      th,
      td {
        padding-right: 14px;
        white-space: nowrap;
      }
      tr.picked {
        background: var(--accent-soft);
      }
      tbody button {
        min-height: 26px;
        padding: 0 4px;
        text-align: left;
      }
    `,
  ];

  protected override firstUpdated(): void {
    void this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
    void this.app.client.endSlow().catch(() => undefined);
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    // Another run: the step belongs to the old one.
    if (this.size && this.run !== this.app.runs.current?.id) this.end(null);
  }

  private seen(character: string): string {
    return format.visible(character, this.state.language);
  }

  private async begin(): Promise<void> {
    this.pause();
    try {
      this.run = this.app.runs.current?.id;
      const size = await this.app.client.beginSlow();
      const { row, layer, unit } = this.chosen;
      this.chosen = { row: Math.min(row, size.rows - 1), layer: Math.min(layer, size.layers - 1), unit: Math.min(unit, size.units - 1) };
      [this.size, this.looked] = [size, null];
      await this.look();
    } catch (error) {
      this.end(asFailure(error));
    }
  }

  private async look(): Promise<void> {
    try {
      const { row, layer, unit } = this.chosen;
      const view = await this.app.client.slowView(row, layer, unit);
      if (!this.size) return;
      [this.view, this.failure] = [view, null];
      this.frames = framesOf(view.places.length);
      this.frame = Math.min(this.frame, this.frames.length - 1);
      this.tensor = Math.min(this.tensor, view.tensors.length - 1);
    } catch (error) {
      this.failure = asFailure(error);
    }
  }

  private end(failure: Failure | null): void {
    this.dispatchEvent(new SlowEndEvent(failure));
  }

  private choose(what: 'row' | 'layer' | 'unit', from: number) {
    return (event: Event) => {
      const input = event.target as HTMLInputElement;
      const value = input.valueAsNumber;
      if (input.validity.valid && Number.isInteger(value)) {
        this.chosen = { ...this.chosen, [what]: value - from };
        void this.look();
      } else input.value = String(this.chosen[what] + from);
    };
  }

  // Walking

  private go(frame: number): void {
    this.frame = Math.min(this.frames.length - 1, Math.max(0, frame));
    this.looked = null;
  }

  private stepBy(by: number): void {
    this.pause();
    this.go(this.frame + by);
  }

  private play(): void {
    if (this.frame === this.frames.length - 1) this.go(0);
    this.playing = true;
    this.schedule();
  }

  private schedule(): void {
    const { stage } = this.frames[this.frame]!;
    const walks = stage === 'recurrence' || stage === 'gradients';
    this.timer = setTimeout(
      () => {
        this.go(this.frame + 1);
        if (this.frame === this.frames.length - 1) this.pause();
        else this.schedule();
      },
      walks ? WALK_MS : REST_MS,
    );
  }

  private pause(): void {
    clearTimeout(this.timer);
    this.playing = false;
  }

  private readonly pickAt = ({ at }: AtEvent) => {
    this.pause();
    const { stage } = this.frames[this.frame]!;
    const frame = frameOf(this.frames, stage, at);
    this.frame = frame;
    this.looked = at;
  };

  // Drawing

  override render() {
    return html`${this.failure ? html`<p class="problem small" role="alert">${this.failureText(this.failure)}</p>` : nothing}
    ${this.view && this.size ? this.player(this.view, this.size) : nothing}`;
  }

  private player(view: StepView, size: SlowSize) {
    const { stage, at: own } = this.frames[this.frame]!;
    const at = this.looked ?? own;
    const icon = (content: unknown) => html`<svg viewBox="0 0 16 16" aria-hidden="true">${content}</svg>`;
    return html`<div class="bar" role="group" aria-label=${this.t('slow.controls')}>
        <div class="buttons">
          <button id="slow-back" aria-label=${this.t('slow.back')} title=${this.t('slow.back')} ?disabled=${this.frame === 0} @click=${() => this.stepBy(-1)}>
            ${icon(BACK)}
          </button>
          <button class="primary" id="slow-play" @click=${() => (this.playing ? this.pause() : this.play())}>
            ${icon(this.playing ? PAUSE : PLAY)}${this.t(this.playing ? 'slow.pause' : 'slow.play')}
          </button>
          <button
            id="slow-forward"
            aria-label=${this.t('slow.forward')}
            title=${this.t('slow.forward')}
            ?disabled=${this.frame === this.frames.length - 1}
            @click=${() => this.stepBy(1)}
          >
            ${icon(FORWARD)}
          </button>
        </div>
        <ol class="stages" aria-label=${this.t('slow.stages')}>
          ${STAGES.map(
            (each) =>
              html`<li>
                <button data-stage=${each} aria-current=${each === stage ? 'step' : nothing} @click=${() => this.jump(each)}>
                  ${this.t(each === 'input' && view.layer === 0 && view.model.input === 'one-hot' ? 'slow.stage.oneHot' : `slow.stage.${each}`)}
                </button>
              </li>`,
          )}
        </ol>
      </div>
      <div class="choices">
        ${this.field('row', size.rows, 1)} ${size.layers > 1 ? this.field('layer', size.layers, 1) : nothing} ${this.field('unit', size.units, 0)}
        <button class="link" id="slow-again" @click=${this.begin}>${this.t('slow.again')}</button>
        <button class="link" id="slow-close" @click=${() => this.end(null)}>${this.t('slow.close')}</button>
      </div>
      <p class="small muted number where">
        ${this.t('slow.where', { step: view.position.step + 1, row: view.row + 1, rows: size.rows, start: view.start + 1 })}
      </p>
      <cl-strip
        .characters=${view.places.map(({ character }) => this.seen(character))}
        .targets=${stage === 'tokens' || stage === 'loss' ? view.places.map(({ target }) => this.seen(target)) : null}
        .bars=${this.bars(view, stage, at)}
        .at=${at}
        .label=${this.t('slow.strip')}
        @at=${this.pickAt}
      ></cl-strip>
      <div class="body" data-stage=${stage} data-at=${at}>${this.body(view, stage, at)}</div>`;
  }

  private field(what: 'row' | 'layer' | 'unit', count: number, from: number) {
    return html`<label
      >${this.t(`slow.${what}`)}
      <input
        type="number"
        id=${`slow-${what}`}
        min=${from}
        max=${count - 1 + from}
        step="1"
        .value=${String(this.chosen[what] + from)}
        @change=${this.choose(what, from)}
      />
    </label>`;
  }

  private jump(stage: Stage): void {
    this.pause();
    this.go(frameOf(this.frames, stage, -1));
  }

  private bars({ places }: StepView, stage: Stage, at: number): (number | null)[] | null {
    switch (stage) {
      case 'recurrence':
        return places.map(({ hidden }, index) => (index <= at ? hidden : null));
      case 'loss':
        return places.map(({ loss }) => loss);
      case 'gradients':
        return places.map(({ gradientNorm }, index) => (index >= at ? gradientNorm : null));
      default:
        return null;
    }
  }

  private body(view: StepView, stage: Stage, at: number) {
    const place = view.places[at]!;
    const { language } = this.state;
    const character = this.seen(place.character);
    const values = {
      character,
      vocabulary: view.vocabulary,
      token: place.token,
      unit: view.unit,
      rows: view.train.batch_size,
      steps: view.train.steps,
      loss: derive.number(view.loss),
    };
    const about = (key: MessageKey) => html`<p class="about">${this.t(key, values)}</p>`;
    const numbers = (derived: derive.Derived[]) => html`<cl-values .values=${derived} .language=${language} .named=${this.named}></cl-values>`;
    switch (stage) {
      case 'tokens':
        return html`${about('slow.about.tokens')}
          <ol class="vector">
            ${view.places.map(({ character: each, token }) => html`<li class="number">${this.seen(each)} <span class="muted">${token}</span></li>`)}
          </ol>`;
      case 'input':
        return html`${about(place.input.length === 0 ? 'slow.about.oneHot' : view.layer === 0 ? 'slow.about.embedding' : 'slow.about.layerInput')}
          ${place.input.length
            ? html`<ol class="vector">
                ${place.input.map((each) => html`<li class="number">${derive.number(each)}</li>`)}
                <li>…</li>
              </ol>`
            : nothing}
          ${numbers(derive.inputs(view, place))}`;
      case 'recurrence':
        return html`${about('slow.about.recurrence')}${numbers(derive.recurrence(view, place))}`;
      case 'softmax':
        return html`${about('slow.about.softmax')}
          <ol class="probabilities">
            ${place.top.map(({ character: each, logit, target }) => {
              const probability = Math.exp(logit - place.logSum);
              return html`<li class=${target ? 'target' : ''}>
                <b>${this.seen(each)}</b>
                <span class="meter"><i .style=${`width:${probability * 100}%`}></i></span>
                <span class="number muted">${format.percent(probability, language)}${target ? ` · ${this.t('slow.target')}` : ''}</span>
              </li>`;
            })}
          </ol>
          ${numbers(derive.softmax(place))}`;
      case 'loss':
        return html`${about('slow.about.loss')}${numbers([derive.loss(place)])}`;
      case 'gradients':
        return html`${about('slow.about.gradients')}${numbers(derive.gradients(view, place, at === view.places.length - 1))}`;
      case 'update':
        return html`${about('slow.about.update')}${this.tensors(view)}
          ${numbers([derive.globalNorm(view), ...derive.update(view, view.tensors[this.tensor]!)])}`;
    }
  }

  /** The gates by their names: a letter alone says nothing. */
  private readonly named = (symbol: string): string | null => {
    const gates = GATE_NAMES[this.view?.cell ?? 'rnn'];
    const name = gates[symbol as keyof typeof gates] as MessageKey | undefined;
    return name ? this.t(name) : null;
  };

  /** The tallest stage so far: walking from stage to stage moves nothing that stands below. */
  protected override updated(): void {
    // What is inside draws itself after this.
    requestAnimationFrame(() => this.keepHeight());
  }

  private keepHeight(): void {
    const body = this.renderRoot.querySelector<HTMLElement>('.body');
    if (!body) return;
    if (body.clientWidth !== this.measured.width) {
      this.measured = { width: body.clientWidth, height: 0 };
      body.style.minHeight = '';
    }
    this.measured.height = Math.max(this.measured.height, body.scrollHeight);
    body.style.minHeight = `${this.measured.height}px`;
  }

  private tensors(view: StepView) {
    return html`<div class="scroll" tabindex="0" role="group" aria-label=${this.t('slow.tensor')}>
      <table>
        <thead>
          <tr>
            <th scope="col">${this.t('slow.tensor')}</th>
            <th scope="col" class="number">${this.t('slow.norm')}</th>
            <th scope="col" class="number">${this.t('slow.clipped')}</th>
            <th scope="col" class="number">${this.t('slow.element')}</th>
            <th scope="col" class="number">p</th>
            <th scope="col" class="number">p⁺</th>
          </tr>
        </thead>
        <tbody>
          ${view.tensors.map(
            ({ name, norm, factor, index, before, after }, row) =>
              html`<tr class=${row === this.tensor ? 'picked' : ''}>
                <th scope="row">
                  <button class="quiet" aria-pressed=${row === this.tensor} @click=${() => (this.tensor = row)}>${name}</button>
                </th>
                <td class="number">${derive.number(norm)}</td>
                <td class="number">${derive.number(factor)}</td>
                <td class="number">[${index.join(', ')}]</td>
                <td class="number">${derive.number(before)}</td>
                <td class="number">${derive.number(after)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
      <p class="small muted number">${this.t('slow.rate', { lr: derive.number(view.lr) })}</p>
    </div>`;
  }
}
