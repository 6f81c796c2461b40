/** A term that the glossary explains, as a word that can be pressed; without a word of its own, a question mark. */
import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Term } from '../glossary/terms.ts';
import { AppElement } from './base.ts';

/** Asks for the explanation of a term. */
export class ExplainEvent extends Event {
  constructor(
    /** Null: all of them. */
    readonly term: Term | null,
    readonly anchor: HTMLElement,
    readonly detail: string,
  ) {
    super('explain', { bubbles: true, composed: true });
  }
}

@customElement('cl-term')
export class TermButton extends AppElement {
  protected readonly watches = [] as const;
  @property() name: Term = 'perplexity';
  /** What the question mark is about, for those who cannot see where it stands. */
  @property() about = '';
  /** What more there is to say here and now. */
  @property() detail = '';

  static override styles = css`
    :host {
      display: inline;
    }
    button {
      position: relative;
      padding: 0;
      border: 0;
      background: none;
      color: inherit;
      font: inherit;
      letter-spacing: inherit;
      text-align: inherit;
      cursor: help;
      text-decoration: underline dotted 1px var(--line-2);
      text-underline-offset: 3px;
    }
    /* A finger needs more than a line of small print. */
    button::after {
      position: absolute;
      inset: -6px -4px;
      content: '';
    }
    button.mark {
      display: inline-grid;
      place-items: center;
      width: 17px;
      height: 17px;
      border: 1px solid var(--line-2);
      border-radius: 50%;
      color: var(--ink-2);
      font-size: 11px;
      line-height: 1;
      text-decoration: none;
    }
    @media print {
      button.mark {
        display: none;
      }
    }
    button:hover {
      color: var(--accent);
    }
    button:focus-visible {
      outline: 2px solid var(--accent);
      outline-offset: 2px;
      border-radius: 3px;
    }
  `;

  override render() {
    const bare = this.about !== '';
    return html`<button
      class=${bare ? 'mark' : ''}
      aria-haspopup="dialog"
      aria-expanded="false"
      aria-label=${bare ? this.t('glossary.what', { term: this.about }) : nothing}
      @click=${this.ask}
    >${bare ? '?' : html`<slot></slot>`}</button>`;
  }

  private ask(event: Event): void {
    event.stopPropagation();
    event.preventDefault();
    this.dispatchEvent(new ExplainEvent(this.name, event.currentTarget as HTMLElement, this.detail));
  }
}

/** The question mark behind a label. */
export function mark(host: AppElement, name: Term, about: string) {
  return html`<cl-term .app=${host.app} name=${name} about=${about}></cl-term>`;
}

/** A word as a term. */
export function word(host: AppElement, name: Term, text: string, detail = '') {
  return html`<cl-term .app=${host.app} name=${name} .detail=${detail}>${text}</cl-term>`;
}
