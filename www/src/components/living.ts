/** The living sample: what the network writes now, and how it got there. */
import { css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import type { LivingSample } from '../protocol/messages.ts';
import { AppElement } from './base.ts';
import { meter, shared } from './styles.ts';

const EXPECTED_SHOWN = 6;

@customElement('cl-living')
export class Living extends AppElement {
  protected readonly watches = ['living', 'runsVersion', 'training', 'position'] as const;
  /** Index of the earlier sample looked at; null follows the present. */
  @state() private lookedAt: number | null = null;

  static override styles = [
    shared,
    meter,
    css`
      .text {
        height: 11.2em;
        margin: 0;
        overflow: hidden;
        font: 17px/1.6 var(--serif);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        mask-image: linear-gradient(#000 82%, transparent);
      }
      .prefix {
        color: var(--accent);
      }
      .body {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 190px;
        gap: 20px;
      }
      .expects {
        padding-left: 18px;
        border-left: 1px solid var(--line);
      }
      .expects li {
        display: grid;
        grid-template-columns: 1.6em minmax(0, 1fr) minmax(3.2em, auto);
        align-items: center;
        gap: 8px;
        font-size: 13px;
        line-height: 1.75;
      }
      .expects b {
        font: 400 15px/1.5 var(--serif);
        text-align: center;
      }
      .meter i {
        transition: width 0.12s;
      }
      .context {
        min-height: 2.9em;
        margin-bottom: 4px;
      }
      .scrub {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        align-items: center;
        gap: 12px;
        margin-top: 10px;
      }
      @media (max-width: 560px) {
        .body {
          grid-template-columns: minmax(0, 1fr);
        }
        .expects {
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
    const sample = earlier ?? this.state.living;
    return html`<section class="card" aria-labelledby="title">
      <div class="head">
        <h2 id="title">${this.t('living.title')}</h2>
        <span class="small muted number" id="when">${this.when(sample)}</span>
      </div>
      ${sample
        ? html`<div class="body">
            <p class="text" id="living" lang=${this.textLanguage(sample)}><span class="prefix">${sample.prefix}</span>${sample.characters.map((each) => each.character).join('')}</p>
            ${this.expected(sample)}
          </div>`
        : html`<p class="text muted">${this.t('living.empty')}</p>`}
      ${samples.length > 1 ? this.scrubber(samples, earlier) : nothing}
    </section>`;
  }

  private when(sample: LivingSample | null) {
    if (!sample) return nothing;
    const { epoch, step } = sample.position;
    if (step === 0 && this.app.runs.current?.opened) return this.t('living.opened');
    return step === 0 ? this.t('living.untrained') : this.t('living.at', { epoch, step });
  }

  /** Lets the browser choose fitting fonts, and screen readers a fitting voice. */
  private textLanguage(sample: LivingSample): string {
    return /[\u4e00-\u9fff]/.test(sample.prefix) ? 'zh-Hans' : 'en';
  }

  private expected(sample: LivingSample) {
    const { language } = this.state;
    const last = sample.characters.at(-1);
    if (!last || !this.shows('next-character')) return html`<div class="expects"></div>`;
    const before = sample.prefix + sample.characters.slice(0, -1).map((each) => each.character).join('');
    const context = [...before].slice(-8).map((each) => format.visible(each, language)).join('');
    return html`<div class="expects">
      <h3>${this.t('next.title')}</h3>
      <p class="small muted context">${this.t('next.after', { context })}</p>
      <ol>
        ${last.alternatives.slice(0, EXPECTED_SHOWN).map(
          ({ character, probability }) =>
            html`<li>
              <b>${format.visible(character, language)}</b>
              <span class="meter"><i .style=${`width:${probability * 100}%`}></i></span>
              <span class="number muted">${format.percent(probability, language)}</span>
            </li>`,
        )}
      </ol>
    </div>`;
  }

  private scrubber(samples: LivingSample[], earlier: LivingSample | undefined) {
    const latest = samples.length - 1;
    return html`<div class="scrub">
      <input
        type="range"
        min="0"
        max=${latest}
        aria-label=${this.t('living.scrub')}
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
