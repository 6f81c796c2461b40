/** Train, Pause, Step, Reset, and the few numbers that matter. */
import { css, html, nothing, svg } from 'lit';
import { live } from 'lit/directives/live.js';
import { customElement } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import { failureText } from '../i18n/failures.ts';
import { optionKey } from '../i18n/i18n.ts';
import { latest } from '../state/runs.ts';
import type { Backend } from '../protocol/engine.ts';
import { AppElement } from './base.ts';
import { shared } from './styles.ts';

const DEVICES: readonly Backend[] = ['auto', 'webgpu', 'cpu'];
const PLAY = svg`<path d="M4 2.5v11l9-5.5z" fill="currentColor"/>`;
const PAUSE = svg`<path d="M4 2.5h3v11H4zM9 2.5h3v11H9z" fill="currentColor"/>`;

@customElement('cl-runbar')
export class RunBar extends AppElement {
  protected readonly watches = [
    'engine', 'session', 'position', 'training', 'trainable', 'finished', 'runsVersion', 'pending', 'proposal', 'problem',
    'device', 'switching',
  ] as const;

  static override styles = [
    shared,
    css`
      :host {
        position: sticky;
        top: 0;
        z-index: 5;
      }
      .bar {
        display: flex;
        align-items: center;
        gap: 10px 28px;
        flex-wrap: wrap;
        padding: 10px 24px;
      }
      .run {
        display: contents;
      }
      .bar,
      .run {
        background: color-mix(in srgb, var(--bg) 94%, transparent);
        backdrop-filter: blur(10px);
        border-bottom: 1px solid var(--line);
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
      .buttons button {
        min-height: 42px;
      }
      .train {
        min-width: 148px;
        font-size: 16px;
        border-radius: 10px;
      }
      .train svg {
        width: 16px;
        height: 16px;
      }
      .stats {
        display: flex;
        flex: 1;
        min-width: 0;
        align-items: flex-start;
        gap: 4px 30px;
        flex-wrap: wrap;
      }
      .stat {
        min-width: 0;
        max-width: 100%;
      }
      .stat dt {
        color: var(--ink-2);
        font-size: 12px;
        line-height: 1.3;
      }
      .stat dd {
        min-width: 3.4em;
        font-size: 19px;
        font-weight: 600;
        line-height: 1.3;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      .stat dd.text {
        font-size: 14px;
        font-weight: 500;
        line-height: 25px;
      }
      .epoch dd {
        display: flex;
        align-items: center;
        gap: 10px;
      }
      progress {
        width: 84px;
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
      .device dt {
        max-width: 340px;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .device dd {
        display: flex;
        align-items: center;
        gap: 8px;
      }
      .device select {
        width: auto;
        min-height: 26px;
        padding-block: 0;
      }
      .left {
        font-size: 13px;
        font-weight: 400;
        color: var(--ink-2);
      }
      .pending {
        display: flex;
        align-items: center;
        gap: 6px 12px;
        flex-wrap: wrap;
        padding: 7px 24px;
        background: var(--accent-soft);
        border-bottom: 1px solid var(--line);
        font-size: 14px;
      }
      @media (max-width: 720px) {
        /* What stays on a small screen is what one watches; what it computes on scrolls away. */
        :host,
        .bar {
          display: contents;
        }
        .run {
          display: flex;
          flex-wrap: wrap;
          gap: 8px;
          position: sticky;
          top: 0;
          z-index: 5;
          padding: 8px 16px;
        }
        .buttons {
          width: 100%;
        }
        .train {
          flex: 1;
        }
        .stats {
          flex-basis: 100%;
          justify-content: space-between;
          gap: 0 12px;
        }
        .stat dd {
          min-width: 0;
          font-size: 16px;
        }
        .device {
          display: flex;
          flex-direction: row-reverse;
          justify-content: start;
          align-items: center;
          gap: 12px;
          padding: 8px 16px 0;
        }
        .device dt {
          flex: 1 1 0;
          min-width: 0;
        }
        .device dd {
          flex-wrap: wrap;
        }
        .left,
        progress {
          display: none;
        }
        .pending {
          position: fixed;
          inset: auto 0 0;
          z-index: 6;
          padding: 7px 16px;
          border-top: 1px solid var(--line);
        }
      }
    `,
  ];

  override render() {
    const { session, trainable, problem, engine } = this.state;
    const canTrain = engine === 'ready' && session !== null && trainable && !problem;
    return html`<section class="bar" aria-label=${this.t('run.bar')}>
        <div class="run">${this.buttons(canTrain)} ${this.stats()}</div>
        ${this.processor()}
      </section>
      ${this.pending()}`;
  }

  private buttons(canTrain: boolean) {
    const { training, position } = this.state;
    const started = (position?.step ?? 0) > 0;
    return html`<div class="buttons">
      <button
        class="primary train"
        id=${training ? 'pause' : 'train'}
        ?disabled=${!training && !canTrain}
        @click=${() => (training ? this.app.pause() : this.app.train())}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">${training ? PAUSE : PLAY}</svg>
        ${this.t(training ? 'run.pause' : started ? 'run.resume' : 'run.train')}
      </button>
      <button id="step" ?disabled=${!canTrain} title=${this.t('run.step.help')} @click=${() => this.app.step()}>
        ${this.t('run.step')}
      </button>
      <button id="reset" ?disabled=${!started} title=${this.t('run.reset.help')} @click=${() => this.app.reset()}>
        ${this.t('run.reset')}
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
      <div class="stat epoch">
        <dt>${this.t('run.epoch')}</dt>
        <dd>
          <span id="epoch">${position?.epoch ?? 0}${epochs ? html`<span class="left"> / ${epochs}</span>` : nothing}</span>
          <progress
            aria-label=${this.t('run.progress')}
            max=${position?.batches_per_epoch || 1}
            .value=${position?.batch ?? 0}
          ></progress>
          ${this.timeLeft(speed)}
        </dd>
      </div>
      <div class="stat">
        <dt>${this.t('run.loss')}</dt>
        <dd id="loss">${format.fixed(now?.loss, 3)}</dd>
      </div>
      <div class="stat" title=${this.t('run.perplexity.help', { vocabulary })}>
        <dt>${this.t('run.perplexity')}</dt>
        <dd id="perplexity">${format.perplexity(now?.perplexity)}</dd>
      </div>
      <div class="stat">
        <dt>${this.t('run.speed')}</dt>
        <dd id="speed">${speed ? format.compact(speed, language) : '–'}</dd>
      </div>
    </dl>`;
  }

  /** Where it trains, why, and the choice. */
  private processor() {
    return html`<dl class="stat device">
      <dt id="why" title=${this.why(true)}>${this.t('run.device')}${this.why() ? ` · ${this.why()}` : nothing}</dt>
      <dd class="text">
        <select
          id="device-choice"
          aria-label=${this.t('device.choose')}
          aria-describedby="why"
          ?disabled=${!this.state.device || this.state.switching !== null || !this.state.trainable}
          .value=${live(this.state.switching ?? this.state.device?.wish ?? 'auto')}
          @change=${(event: Event) => this.app.switchDevice((event.target as HTMLSelectElement).value as Backend)}
        >
          ${DEVICES.map((each) => html`<option value=${each}>${this.t(`device.${each}`)}</option>`)}
        </select>
        <span id="device" title=${this.trial()}>${this.device()}</span>
      </dd>
    </dl>`;
  }

  private device() {
    const { device, engine, switching } = this.state;
    if (engine === 'starting') return this.t('app.starting');
    if (switching) return this.t('device.switching');
    if (!device) return '–';
    if (device.backend === 'webgpu') return this.t('run.device.webgpu');
    const cpu = this.t('run.device.cpu', { build: this.t(`run.build.${device.build}`) });
    return device.threads > 1 ? this.t('run.device.threads', { cpu, threads: device.threads }) : cpu;
  }

  /** What threads were found to gain. */
  private trial(): string {
    const { trial } = this.state.device ?? {};
    return trial ? this.t('run.device.trial', { threads: trial.threads, gain: format.fixed(trial.gain, 2) }) : '';
  }

  /** Why it trains there; in full with what the GPU or its driver said. */
  private why(inFull = false): string {
    const { device } = this.state;
    if (!device) return '';
    const { choice } = device;
    if (!choice) return device.wish === 'auto' ? this.t('device.why.pending') : '';
    const reason = this.t(`device.why.${choice.reason}`, {
      cpu: format.short(choice.cpu_ms),
      gpu: format.short(choice.gpu_ms),
      step: choice.step ?? 0,
    });
    const failure = inFull && choice.failure ? failureText(this.state.language, choice.failure) : null;
    return [reason, choice.adapter, failure].filter(Boolean).join(' · ');
  }

  private timeLeft(speed: number) {
    const { position, session, training, language } = this.state;
    const epochs = session?.config.train.epochs ?? 0;
    if (!training || !position || !session || !epochs || !speed) return nothing;
    const { batch_size, steps } = session.config.train;
    const batches = epochs * position.batches_per_epoch - position.step;
    const seconds = (batches * batch_size * steps) / speed;
    return html`<span class="left">${this.t('run.left', { time: format.duration(seconds, language) })}</span>`;
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
