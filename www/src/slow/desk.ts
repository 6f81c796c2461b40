/** Where slow motion begins. Its player is fetched by whoever asks for it. */
import { css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { asFailure } from '../client/client.ts';
import { AppElement } from '../components/base.ts';
import { shared } from '../components/styles.ts';
import { openPart } from '../parts.ts';
import type { Failure } from '../protocol/messages.ts';
import type { SlowEndEvent } from './player.ts';

@customElement('cl-slow')
export class Slow extends AppElement {
  protected readonly watches = ['session', 'trainable', 'device'] as const;
  @state() private playing = false;
  @state() private failure: Failure | null = null;

  static override styles = [
    shared,
    css`
      button {
        margin-top: 12px;
      }
    `,
  ];

  override render() {
    const { session, trainable, device } = this.state;
    return html`<section class="card" aria-labelledby="title">
      <div class="head tight"><h2 id="title">${this.t('slow.title')}</h2></div>
      <p class="small muted">
        ${trainable || !session ? this.t('slow.help') : this.t('slow.needsText')}
        ${device?.backend === 'webgpu' ? this.t('slow.onGpu') : nothing}
      </p>
      ${this.failure ? html`<p class="problem small" role="alert">${this.failureText(this.failure)}</p>` : nothing}
      ${this.playing
        ? html`<cl-slow-player .app=${this.app} @end=${this.ended}></cl-slow-player>`
        : html`<button class="primary" id="slow-start" ?disabled=${!session || !trainable} @click=${this.begin}>
            ${this.t('slow.start')}
          </button>`}
    </section>`;
  }

  private async begin(): Promise<void> {
    this.failure = null;
    try {
      await openPart('slow', this.state.language);
      this.playing = true;
    } catch (error) {
      this.failure = asFailure(error);
    }
  }

  private readonly ended = ({ failure }: SlowEndEvent) => {
    this.playing = false;
    this.failure = failure;
  };
}
