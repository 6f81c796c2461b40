/** Train, Pause, Step, Reset, and the few numbers that matter. */
import { css, html, nothing, svg } from 'lit';
import { customElement } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import { optionKey } from '../i18n/i18n.ts';
import { latest } from '../state/runs.ts';
import { AppElement } from './base.ts';
import './device.ts';
import { shared } from './styles.ts';
import './term.ts';

const PLAY = svg`<path d="M4 2.5v11l9-5.5z" fill="currentColor"/>`;
const STEP = svg`<path d="M3 2.5v11L10.5 8zM11.4 2.5H13.4v11h-2z" fill="currentColor"/>`;
const RESET = svg`<path d="M3.2 8a4.8 4.8 0 1 0 1.6-3.6M4.6 1.4v3.3h3.3" fill="none" stroke="currentColor" stroke-width="1.7"/>`;
const PAUSE = svg`<path d="M4 2.5h3v11H4zM9 2.5h3v11H9z" fill="currentColor"/>`;

const icon = (content: unknown) => html`<svg viewBox="0 0 16 16" aria-hidden="true">${content}</svg>`;

@customElement('cl-runbar')
export class RunBar extends AppElement {
  protected readonly watches = [
    'engine', 'session', 'position', 'training', 'waiting', 'trainable', 'finished', 'runsVersion', 'pending', 'proposal', 'problem', 'view',
  ] as const;

  static override styles = [
    shared,
    css`
      :host {
        position: sticky;
        top: 0;
        z-index: 5;
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        align-items: center;
      }
      :host,
      .bar {
        background: color-mix(in srgb, var(--bg) 94%, transparent);
        backdrop-filter: blur(10px);
      }
      :host {
        border-bottom: 1px solid var(--line);
      }
      /* One row, at every width of the same height: what has no room is left out, and nothing that is in it grows. */
      .bar {
        display: flex;
        align-items: center;
        gap: 22px;
        height: 63px;
        padding: 0 24px;
      }
      .buttons {
        display: flex;
        gap: 8px;
      }
      .buttons button {
        flex: none;
        min-height: 42px;
        white-space: nowrap;
      }
      .buttons svg {
        width: 16px;
        height: 16px;
      }
      #step svg,
      #reset svg {
        display: none;
      }
      .train {
        width: 148px;
        font-size: 16px;
        border-radius: 10px;
      }
      .stats {
        display: grid;
        flex: 1;
        grid-template-columns: minmax(110px, 300px) minmax(62px, auto) minmax(76px, auto) minmax(84px, auto);
        justify-content: start;
        align-items: start;
        gap: 0 18px;
        min-width: 0;
      }
      .stat {
        min-width: 0;
      }
      .stat dt {
        overflow: hidden;
        color: var(--ink-2);
        font-size: 12px;
        line-height: 1.3;
        white-space: nowrap;
      }
      .stat dd {
        font-size: 19px;
        font-weight: 600;
        line-height: 1.3;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      .epoch dd {
        display: flex;
        align-items: center;
        gap: 10px;
      }
      progress {
        width: 72px;
        height: 6px;
        border: 0;
        border-radius: 3px;
        overflow: hidden;
        background: var(--line);
        appearance: none;
      }
      progress::-webkit-progress-bar {
        background: var(--line);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
      .left {
        font-size: 13px;
        font-weight: 400;
        color: var(--ink-2);
      }
      cl-device {
        padding-right: 24px;
      }
      .pending {
        display: flex;
        grid-column: 1 / -1;
        align-items: center;
        gap: 6px 12px;
        flex-wrap: wrap;
        padding: 7px 24px;
        background: var(--accent-soft);
        border-top: 1px solid var(--line);
        font-size: 14px;
      }
      @media print {
        :host,
        .bar {
          position: static;
          border: 0;
        }
        .buttons,
        .pending,
        cl-device,
        progress,
        .time {
          display: none !important;
        }
        .stats {
          grid-template-columns: repeat(4, auto);
        }
      }
      @container (max-width: 1279px) {
        .time {
          display: none;
        }
      }
      @container (max-width: 1199px) {
        .large .speed {
          display: none;
        }
      }
      @container (max-width: 1023px) {
        .bar {
          gap: 16px;
          height: 57px;
          padding: 0 16px;
        }
        cl-device {
          padding-right: 16px;
        }
        .buttons {
          gap: 6px;
        }
        .buttons button {
          width: 40px;
          min-height: 40px;
          padding: 0;
        }
        .buttons .train {
          width: 112px;
          font-size: 15px;
        }
        #step svg,
        #reset svg {
          display: block;
        }
        #step .word,
        #reset .word,
        .epochs {
          position: absolute;
          width: 1px;
          height: 1px;
          overflow: hidden;
          clip-path: inset(50%);
        }
        .stats {
          grid-template-columns: minmax(56px, 1fr) 54px 64px 82px;
          gap: 0 14px;
        }
        .stat dd {
          font-size: 17px;
        }
      }
      @container (max-width: 899px) {
        progress {
          display: none;
        }
        .stats {
          grid-template-columns: minmax(44px, auto) minmax(48px, auto) minmax(62px, auto) minmax(78px, auto);
          justify-content: space-between;
        }
      }
      @container (max-width: 699px) {
        /* What stays on a small screen is what one watches; what it computes on scrolls away. */
        :host {
          display: contents;
        }
        .bar {
          position: sticky;
          top: 0;
          z-index: 5;
          gap: 10px;
          padding: 0 12px;
          border-bottom: 1px solid var(--line);
        }
        cl-device {
          padding: 8px 12px 0;
        }
        .buttons .train {
          width: 100px;
        }
        .stats {
          grid-template-columns: minmax(30px, auto) minmax(40px, auto) minmax(52px, auto);
          justify-content: space-between;
          gap: 0 8px;
        }
        .stat dt {
          font-size: 11px;
        }
        .stat dd {
          font-size: 15px;
        }
        .speed {
          display: none;
        }
        .pending {
          position: sticky;
          bottom: 0;
          order: 8;
          z-index: 6;
          padding: 7px 16px;
        }
      }
      @container (max-width: 419px) {
        .buttons .train {
          width: 44px;
        }
        .train .word {
          position: absolute;
          width: 1px;
          height: 1px;
          overflow: hidden;
          clip-path: inset(50%);
        }
      }
      /* In a column of somebody's page: two numbers have room. */
      @container (max-width: 319px) {
        .bar {
          gap: 8px;
          padding: 0 8px;
        }
        .stats {
          grid-template-columns: minmax(30px, auto) minmax(40px, auto);
        }
        .perplexity {
          display: none;
        }
      }
    `,
  ];

  override render() {
    const { session, trainable, problem, engine } = this.state;
    const canTrain = engine === 'ready' && session !== null && trainable && !problem;
    return html`<section class="bar ${this.state.view === 'projector' ? 'large' : ''}" aria-label=${this.t('run.bar')}>
        ${this.buttons(canTrain)} ${this.stats()}
      </section>
      ${this.state.waiting ? html`<p class="pending" role="status">${this.t('run.waits')}</p>` : nothing}
      <cl-device .app=${this.app} ?hidden=${!this.shows('device')}></cl-device>
      ${this.pending()}
      <slot></slot>`;
  }

  private buttons(canTrain: boolean) {
    const { position, waiting } = this.state;
    const training = this.state.training || waiting;
    const started = (position?.step ?? 0) > 0;
    return html`<div class="buttons">
      <button
        class="primary train"
        id=${training ? 'pause' : 'train'}
        ?disabled=${!training && !canTrain}
        @click=${() => (training ? this.app.pause() : this.app.train())}
      >
        ${icon(training ? PAUSE : PLAY)}
        <span class="word">${this.t(training ? 'run.pause' : started ? 'run.resume' : 'run.train')}</span>
      </button>
      <button id="step" ?disabled=${!canTrain} title=${this.t('run.step.help')} @click=${() => this.app.step()}>
        ${icon(STEP)}<span class="word">${this.t('run.step')}</span>
      </button>
      <button id="reset" ?disabled=${!started} title=${this.t('run.reset.help')} @click=${() => this.app.reset()}>
        ${icon(RESET)}<span class="word">${this.t('run.reset')}</span>
      </button>
    </div>`;
  }

  private stats() {
    const { position, session, language, config } = this.state;
    const run = this.app.runs.current;
    const now = latest(run);
    const vocabulary = session?.vocabulary.length ?? 0;
    const speed = run?.charactersPerSecond ?? 0;
    const epochs = config?.train.epochs ?? 0;
    return html`<dl class="stats">
      <div class="stat epoch" ?hidden=${!this.shows('epoch')}>
        <dt><cl-term .app=${this.app} name="epoch">${this.t('run.epoch')}</cl-term></dt>
        <dd>
          <span id="epoch">${position?.epoch ?? 0}${epochs ? html`<span class="left epochs"> / ${epochs}</span>` : nothing}</span>
          <progress
            aria-label=${this.t('run.progress')}
            max=${position?.batches_per_epoch || 1}
            .value=${position?.batch ?? 0}
          ></progress>
          ${this.timeLeft(speed)}
        </dd>
      </div>
      <div class="stat" ?hidden=${!this.shows('loss')}>
        <dt><cl-term .app=${this.app} name="loss">${this.t('run.loss')}</cl-term></dt>
        <dd id="loss">${format.loss(now?.loss)}</dd>
      </div>
      <div class="stat perplexity" ?hidden=${!this.shows('perplexity')} title=${this.t('run.perplexity.help', { vocabulary })}>
        <dt><cl-term .app=${this.app} name="perplexity" .detail=${this.t('run.perplexity.help', { vocabulary })}>${this.t('run.perplexity')}</cl-term></dt>
        <dd id="perplexity">${format.perplexity(now?.perplexity)}</dd>
      </div>
      <div class="stat speed" ?hidden=${!this.shows('speed')}>
        <dt>${this.t('run.speed')}</dt>
        <dd id="speed">${speed ? format.rate(speed, language) : '–'}</dd>
      </div>
    </dl>`;
  }

  private timeLeft(speed: number) {
    const { position, session, training, language } = this.state;
    const epochs = session?.config.train.epochs ?? 0;
    if (!training || !position || !session || !epochs || !speed) return nothing;
    const { batch_size, steps } = session.config.train;
    const batches = epochs * position.batches_per_epoch - position.step;
    const seconds = (batches * batch_size * steps) / speed;
    return html`<span class="left time">${this.t('run.left', { time: format.duration(seconds, language) })}</span>`;
  }

  private pending() {
    const { pending, proposal, problem } = this.state;
    if (!pending.length && !proposal) return nothing;
    const { event } = proposal ?? {};
    const apply = event === 'reset' ? 'run.reset' : event === 'resume' || event === 'import' || event === 'link' ? 'model.open' : 'run.changed.apply';
    return html`<div class="pending" role="status">
      <span>${this.asked()}</span>
      <button class="primary" ?disabled=${problem !== null} @click=${() => this.app.applyPending()}>
        ${this.t(apply)}
      </button>
      <button class="quiet" @click=${() => this.app.undoPending()}>${this.t('run.changed.undo')}</button>
    </div>`;
  }

  /** What was changed, or would be done. */
  private asked(): string {
    const { pending, proposal, language } = this.state;
    const names = pending.map((path) => this.t(optionKey(path, 'label')));
    switch (proposal?.event) {
      case 'reset':
        return this.t('run.ask.reset');
      case 'link':
        return this.t('run.ask.link');
      case 'resume':
      case 'import':
        return this.t('run.ask.open', { name: proposal.name });
      case 'preset':
        names.unshift(this.t('preset.title'));
        break;
      case 'encoding':
        names.unshift(this.t('text.encoding'));
        break;
      case undefined:
        break;
      default:
        names.unshift(this.t('text.title'));
    }
    return this.t('run.changed', { options: new Intl.ListFormat(language, { type: 'conjunction' }).format(names) });
  }
}
