/** The glossary: what a term means, and what the textbook, Keras and PyTorch call it. */
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { AppElement } from '../components/base.ts';
import { shared } from '../components/styles.ts';
import { loadTables, type Language } from '../i18n/i18n.ts';
import { NAMES } from './names.ts';
import { TERMS, type Term } from './terms.ts';

/** Name, the textbook's name where it is another, explanation. */
export type Entries = Record<Term, readonly [name: string, book: string | null, explanation: string]>;

export const ENTRIES: Record<Language, () => Promise<Entries>> = {
  en: async () => (await import('./en.ts')).en,
  'zh-Hans': async () => (await import('./zh.ts')).zh,
};
/** Between a popover and the edge of the window, and the word that it explains. */
const MARGIN = 8;

@customElement('cl-glossary')
export class Glossary extends AppElement {
  protected readonly watches = [] as const;
  @state() private entries: Entries | null = null;
  @state() private term: Term | null = null;
  @state() private detail = '';
  private language: Language | null = null;
  private anchor: HTMLElement | null = null;

  static override styles = [
    shared,
    css`
      :host {
        display: contents;
      }
      #explanation {
        position: fixed;
        inset: auto;
        width: min(340px, calc(100vw - 16px));
        max-height: calc(100vh - 16px);
        margin: 0;
        padding: 12px 14px;
        overflow: auto;
        border: 1px solid var(--line-2);
        border-radius: 10px;
        background: var(--surface);
        color: var(--ink);
        box-shadow: 0 6px 24px rgb(0 0 0 / 18%);
        font-size: 14px;
        line-height: 1.5;
        overflow-wrap: anywhere;
      }
      dialog {
        width: min(720px, calc(100vw - 24px));
        max-height: min(86vh, 900px);
        padding: 0;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        color: var(--ink);
        overflow-wrap: anywhere;
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 40%);
      }
      .top {
        position: sticky;
        top: 0;
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 6px 12px;
        padding: 12px 18px;
        border-bottom: 1px solid var(--line);
        background: var(--surface);
      }
      .all {
        padding: 4px 18px 18px;
      }
      .all > div {
        padding: 10px 0;
        border-bottom: 1px solid var(--line);
      }
      .all > div:last-child {
        border-bottom: 0;
      }
      dt {
        font-weight: 650;
      }
      dd {
        font-size: 14px;
      }
      .names {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        gap: 1px 10px;
        margin-top: 6px;
      }
      code {
        font-size: 12px;
      }
      #explanation p,
      #explanation .names {
        margin-top: 6px;
      }
      #explanation .row {
        margin-top: 8px;
        justify-content: space-between;
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.shut(false);
  }

  /** The language may have changed under it. */
  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (this.entries && this.language !== this.state.language) void this.load();
  }

  override render() {
    const { entries, term } = this;
    const entry = term && entries?.[term];
    return html`<div
        id="explanation"
        popover="manual"
        role="dialog"
        aria-labelledby="name"
        tabindex="-1"
        lang=${this.state.language}
      >
        ${entry && term
          ? html`<h3 id="name">${entry[0]}</h3>
              <p>${entry[2]}</p>
              ${this.detail ? html`<p class="small muted" id="detail">${this.detail}</p>` : nothing} ${this.names(term, entry[1])}
              <div class="row">
                <button class="link" id="all" @click=${this.openAll}>${this.t('glossary.all')}</button>
                <button class="quiet" id="shut" @click=${() => this.shut(true)}>${this.t('app.close')}</button>
              </div>`
          : nothing}
      </div>
      <dialog aria-labelledby="glossary-title" lang=${this.state.language} @click=${this.outside}>
        ${entries ? this.list(entries) : nothing}
      </dialog>`;
  }

  private list(entries: Entries) {
    const terms = [...TERMS].sort((a, b) => entries[a][0].localeCompare(entries[b][0], this.state.language));
    return html`<div class="top">
        <h2 id="glossary-title">${this.t('glossary.title')}</h2>
        <div class="row">
          <button id="guide-again" @click=${this.guideAgain}>${this.t('guide.again')}</button>
          <button id="close-glossary" autofocus @click=${() => this.dialog.close()}>${this.t('app.close')}</button>
        </div>
      </div>
      <dl class="all">
        ${terms.map((term) => {
          const [name, book, explanation] = entries[term];
          return html`<div data-term=${term}>
            <dt>${name}</dt>
            <dd>${explanation} ${this.names(term, book)}</dd>
          </div>`;
        })}
      </dl>`;
  }

  private names(term: Term, book: string | null) {
    const [keras, torch] = NAMES[term];
    const rows = [
      [this.t('glossary.book'), book],
      ['Keras', keras],
      ['PyTorch', torch],
    ] as const;
    const known = rows.filter(([, name]) => name);
    if (!known.length) return nothing;
    return html`<div class="names small">
      ${known.map(([where, name]) => html`<span class="muted">${where}</span><span>${where === rows[0][0] ? name : html`<code>${name}</code>`}</span>`)}
    </div>`;
  }

  private get popup(): HTMLElement {
    return this.renderRoot.querySelector<HTMLElement>('#explanation')!;
  }

  private get dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector('dialog')!;
  }

  private async load(): Promise<void> {
    const { language } = this.state;
    if (this.language !== language) {
      await loadTables(language, ['teach']);
      this.entries = await ENTRIES[language]();
      this.language = language;
    }
  }

  async explain(term: Term, anchor: HTMLElement, detail: string): Promise<void> {
    await this.load();
    const again = anchor === this.anchor;
    this.shut(again);
    if (again) return;
    this.term = term;
    this.detail = detail;
    this.anchor = anchor;
    anchor.setAttribute('aria-expanded', 'true');
    await this.updateComplete;
    this.popup.showPopover();
    addEventListener('pointerdown', this.pressed, true);
    addEventListener('keydown', this.keyed, true);
    this.place(anchor);
    this.popup.focus({ preventScroll: true });
  }

  /** Beneath the word where there is room, else above it; never beyond the window. */
  private place(anchor: HTMLElement): void {
    const word = anchor.getBoundingClientRect();
    const box = this.popup.getBoundingClientRect();
    const left = Math.max(MARGIN, Math.min(word.left, innerWidth - box.width - MARGIN));
    const below = word.bottom + MARGIN;
    const top = below + box.height + MARGIN <= innerHeight ? below : Math.max(MARGIN, word.top - box.height - MARGIN);
    this.popup.style.left = `${left}px`;
    this.popup.style.top = `${top}px`;
  }

  /** Whoever was reading goes on from the word; whoever pressed elsewhere stays there. */
  private shut(goBack: boolean): void {
    if (!this.anchor) return;
    this.popup.hidePopover();
    this.anchor.setAttribute('aria-expanded', 'false');
    if (goBack) this.anchor.focus({ preventScroll: true });
    this.anchor = null;
    removeEventListener('pointerdown', this.pressed, true);
    removeEventListener('keydown', this.keyed, true);
  }

  private readonly pressed = (event: PointerEvent) => {
    const path = event.composedPath();
    if (!path.includes(this.popup) && !path.includes(this.anchor!)) this.shut(false);
  };

  private readonly keyed = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.shut(true);
  };

  readonly openAll = async (): Promise<void> => {
    await this.load();
    await this.updateComplete;
    this.shut(false);
    this.dialog.showModal();
  };

  private outside(event: MouseEvent): void {
    if (event.target === this.dialog) this.dialog.close();
  }

  private readonly guideAgain = () => {
    this.dialog.close();
    this.app.teaching.showGuide();
  };
}
