/** Where it computes: the choice, what came of it in a word, and the reason behind a small button. */
import { css, html, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import { customElement } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import type { Backend } from '../protocol/engine.ts';
import type { DeviceView } from '../protocol/messages.ts';
import { AppElement } from './base.ts';
import { shared } from './styles.ts';

const DEVICES: readonly Backend[] = ['auto', 'webgpu', 'cpu'];

@customElement('cl-device')
export class Device extends AppElement {
  protected readonly watches = ['engine', 'device', 'switching', 'trainable'] as const;

  static override styles = [
    shared,
    css`
      .device {
        position: relative;
        display: flex;
        align-items: center;
        gap: 6px;
        font-size: 14px;
        white-space: nowrap;
      }
      select {
        width: auto;
        min-height: 32px;
        padding-block: 0;
      }
      details > summary {
        display: grid;
        place-items: center;
        width: 26px;
        height: 26px;
        padding: 0;
        border: 1px solid var(--line);
        border-radius: 50%;
        font-size: 13px;
        list-style: none;
      }
      details > summary::-webkit-details-marker {
        display: none;
      }
      details[open] > summary {
        margin: 0;
        border-color: var(--accent);
        color: var(--accent);
      }
      .about {
        position: absolute;
        top: calc(100% + 8px);
        right: 0;
        z-index: 7;
        display: grid;
        gap: 6px;
        width: max-content;
        max-width: min(340px, calc(100cqi - 24px));
        padding: 12px 14px;
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--surface);
        box-shadow: var(--shadow);
        white-space: normal;
        overflow-wrap: anywhere;
      }
      strong {
        font-weight: 600;
      }
      @container (max-width: 699px) {
        .about {
          max-width: calc(100cqi - 40px);
          right: auto;
          left: 0;
        }
      }
    `,
  ];

  override render() {
    const { device, switching, trainable } = this.state;
    return html`<section class="device" aria-label=${this.t('device.choose')}>
      <select
        id="device-choice"
        aria-label=${this.t('device.choose')}
        ?disabled=${!device || switching !== null || !trainable || this.fixed('device')}
        .value=${live(switching ?? device?.wish ?? 'auto')}
        @change=${(event: Event) => this.app.switchDevice((event.target as HTMLSelectElement).value as Backend)}
      >
        ${DEVICES.map((each) => html`<option value=${each}>${this.t(`device.${each}`)}</option>`)}
      </select>
      <details @keydown=${this.key} @focusout=${this.left}>
        <summary aria-label=${this.t('device.about')} title=${this.t('device.about')}>?</summary>
        <div class="about small">
          <strong id="device" title=${this.trial()} data-backend=${this.state.device?.backend ?? ''} data-build=${this.state.device?.build ?? ''}>${this.device()}</strong>
          <span id="why" class="muted" data-reason=${this.state.device?.choice?.reason ?? ''}>${this.why()}</span>
          ${this.trial() ? html`<span class="muted">${this.trial()}</span>` : nothing}
          ${device ? html`<span class="muted" id="device-detail">${this.detail(device)}</span>` : nothing}
        </div>
      </details>
    </section>`;
  }

  private key(event: KeyboardEvent): void {
    if (event.key === 'Escape') (event.currentTarget as HTMLDetailsElement).open = false;
  }

  private left(event: FocusEvent): void {
    const details = event.currentTarget as HTMLDetailsElement;
    if (!details.contains(event.relatedTarget as Node | null)) details.open = false;
  }

  private device(): string {
    const { device, engine, switching } = this.state;
    if (engine === 'starting') return this.t('app.starting');
    if (switching) return this.t('device.switching');
    if (!device) return '–';
    if (device.backend === 'webgpu') return this.t('run.device.webgpu');
    const cpu = this.t('run.device.cpu', { build: this.t(`run.build.${device.build}`) });
    return device.threads > 1 ? this.t('run.device.threads', { cpu, threads: device.threads }) : cpu;
  }

  /** The same for those who know the words. */
  private detail({ backend, build, threads }: DeviceView): string {
    return this.t('run.device.detail', { backend: backend === 'webgpu' ? 'WebGPU' : 'CPU', build, threads });
  }

  /** What threads were found to gain. */
  private trial(): string {
    const { trial } = this.state.device ?? {};
    return trial ? this.t('run.device.trial', { threads: trial.threads, gain: format.fixed(trial.gain, 2) }) : '';
  }

  /** Why it trains there, with what the GPU or its driver said. */
  private why(): string {
    const { device } = this.state;
    if (!device) return '';
    const { choice } = device;
    if (!choice) return device.wish === 'auto' ? this.t('device.why.pending') : '';
    const reason = this.t(`device.why.${choice.reason}`, {
      cpu: format.short(choice.cpu_ms),
      gpu: format.short(choice.gpu_ms),
      step: choice.step ?? 0,
    });
    const failure = choice.failure ? this.failureText(choice.failure) : null;
    return [reason, choice.adapter, failure].filter(Boolean).join(' · ');
  }
}
