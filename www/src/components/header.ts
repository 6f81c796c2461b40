/** Name, one sentence on what this is, and the switches for language and theme. */
import { css, html, nothing, svg } from 'lit';
import { customElement } from 'lit/decorators.js';
import { LANGUAGES, type Language } from '../i18n/i18n.ts';
import { THEMES, type Theme } from '../theme/theme.ts';
import { AppElement } from './base.ts';
import { shared } from './styles.ts';
import { ExplainEvent } from './term.ts';

const THEME_ICONS: Record<Theme, unknown> = {
  auto: svg`<circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor"/>`,
  light: svg`<circle cx="8" cy="8" r="3" fill="currentColor"/><path d="M8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4M11.6 11.6 13 13M3 13l1.4-1.4M11.6 4.4 13 3" stroke="currentColor" stroke-width="1.4" stroke-linecap="round"/>`,
  dark: svg`<path d="M13.2 9.8A5.8 5.8 0 0 1 6.2 2.8a5.8 5.8 0 1 0 7 7z" fill="currentColor"/>`,
};

const PROJECTOR = svg`<path d="M1.5 2.5h13M2.5 2.5v8h11v-8M8 10.5v2M5.5 14.5 8 12.5l2.5 2" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"/>`;

@customElement('cl-header')
export class Header extends AppElement {
  protected readonly watches = ['theme', 'hide', 'engine', 'view'] as const;

  static override styles = [
    shared,
    css`
      header {
        display: flex;
        align-items: center;
        gap: 12px 18px;
        padding: 14px 24px 10px;
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 10px;
      }
      h1 {
        margin: 0;
        font: 650 21px/1 var(--serif);
        letter-spacing: 0.01em;
      }
      .logo {
        width: 30px;
        height: 30px;
        flex: none;
      }
      .tagline {
        flex: 1;
        min-width: 0;
        color: var(--ink-2);
      }
      .own,
      .switches {
        flex: none;
      }
      .switches {
        flex-wrap: nowrap;
      }
      .switch {
        display: inline-flex;
        padding: 2px;
        border: 1px solid var(--line);
        border-radius: 9px;
        background: var(--surface);
      }
      .switch button {
        min-height: 26px;
        padding: 2px 10px;
        border: 0;
        border-radius: 7px;
        background: none;
        color: var(--ink-2);
        font-size: 13px;
      }
      .switch.icons button {
        padding: 2px 7px;
      }
      .switch button[aria-pressed='true'] {
        background: var(--accent-soft);
        color: var(--accent);
      }
      .switch.projector button {
        padding: 2px 7px;
      }
      .switch svg {
        width: 16px;
        height: 16px;
      }
      @media print {
        .switches,
        .tagline {
          display: none;
        }
      }
      @container (max-width: 1099px) {
        header {
          flex-wrap: wrap;
          gap: 6px 12px;
          padding: 10px 16px 8px;
        }
        .brand {
          margin-right: auto;
        }
        .tagline {
          order: 3;
          flex-basis: 100%;
          font-size: 14px;
        }
      }
      @container (max-width: 739px) {
        header {
          gap: 8px;
          padding-inline: 12px;
        }
        .tagline {
          font-size: 13px;
          line-height: 1.35;
        }
        .here {
          display: none;
        }
        .own {
          order: 4;
        }
        .switches {
          gap: 6px;
        }
        .brand {
          gap: 8px;
        }
        .logo {
          width: 26px;
          height: 26px;
        }
        h1 {
          font-size: 17px;
        }
        .switch button {
          padding: 2px 5px;
          font-size: 12px;
        }
        .switch.icons button {
          padding: 2px 3px;
        }
        /* Nobody projects a phone. */
        .projector {
          display: none;
        }
      }
    `,
  ];

  private toggleProjector(): void {
    this.app.setView(this.state.view === 'projector' ? 'page' : 'projector');
    this.app.links.write();
  }

  /** The page knows where a text of one's own is entered. */
  private openOwnText(): void {
    this.dispatchEvent(new Event('open-own-text', { bubbles: true, composed: true }));
  }

  override render() {
    const { language, theme, hide } = this.state;
    return html`<header>
      <div class="brand">
        <svg class="logo" viewBox="0 0 30 30" aria-hidden="true">
          <rect width="30" height="30" rx="8" fill="var(--accent)" />
          <g fill="none" stroke="var(--accent-ink)" stroke-width="2.6" stroke-linecap="round">
            <path d="M9 6v6M9 18v6M15 6v2M15 12.5v5M15 22v2M21 6v6M21 18v6" opacity=".65" />
            <path d="M6 10h.5M11.5 10H24M6 15h6M18 15h6M6 20h12.5M23.5 20h.5" />
          </g>
        </svg>
        <h1>Charloom</h1>
      </div>
      <p class="tagline">${this.t('app.tagline')}<span class="here">${this.t('app.tagline.here')}</span></p>
      ${hide.includes('text') || !this.shows('own-text')
        ? nothing
        : html`<button class="own" id="own-text" ?disabled=${this.state.engine !== 'ready' || this.fixed('own-text')} @click=${this.openOwnText}>
            ${this.t('text.own')}
          </button>`}
      <button class="own" id="open-help" @click=${this.help}>${this.t('app.help')}</button>
      <div class="row switches">
        <div class="switch" role="group" aria-label=${this.t('app.language')}>
          ${(Object.keys(LANGUAGES) as Language[]).map(
            (each) =>
              html`<button lang=${each} aria-pressed=${each === language} @click=${() => this.app.setLanguage(each)}>
                ${LANGUAGES[each]}
              </button>`,
          )}
        </div>
        <div class="switch projector">
          <button
            id="projector"
            aria-pressed=${this.state.view === 'projector'}
            aria-label=${this.t('app.projector')}
            title=${this.t('app.projector')}
            @click=${this.toggleProjector}
          >
            <svg viewBox="0 0 16 16" aria-hidden="true">${PROJECTOR}</svg>
          </button>
        </div>
        <div class="switch icons" role="group" aria-label=${this.t('app.theme')}>
          ${THEMES.map(
            (each) =>
              html`<button
                aria-pressed=${each === theme}
                aria-label=${this.t(`app.theme.${each}`)}
                title=${this.t(`app.theme.${each}`)}
                @click=${() => this.app.setTheme(each)}
              >
                <svg viewBox="0 0 16 16" aria-hidden="true">${THEME_ICONS[each]}</svg>
              </button>`,
          )}
        </div>
      </div>
    </header>`;
  }

  /** The glossary, and from there the notes of the first run once more. */
  private help(event: Event): void {
    this.dispatchEvent(new ExplainEvent(null, event.currentTarget as HTMLElement, ''));
  }
}
