/** What the page's components share: the App, its state, and messages in its language. */
import { LitElement, type PropertyValues } from 'lit';
import { property } from 'lit/decorators.js';
import { failureText, loadFailures, needsFailures } from '../i18n/failures.ts';
import { translate, type MessageKey, type Values } from '../i18n/i18n.ts';
import type { Failure } from '../protocol/messages.ts';
import type { AppState } from '../state/appstate.ts';
import type { App } from '../state/app.ts';
import { covers, type Part } from '../state/parts.ts';

/** Whatever is drawn depends on these. */
const ALWAYS = ['language', 'hide', 'lock'] as const satisfies readonly (keyof AppState)[];

export abstract class AppElement extends LitElement {
  @property({ attribute: false }) app!: App;

  /** The parts of the state this component draws; a change elsewhere leaves it alone. Language is always included. */
  protected abstract readonly watches: readonly (keyof AppState)[];
  private unsubscribe: (() => void) | undefined;

  get state(): Readonly<AppState> {
    return this.app.state;
  }

  protected t(key: MessageKey, values?: Values): string {
    return translate(this.state.language, key, values);
  }

  /** A failure in the page's language; drawn once its words are there. */
  protected failureText(failure: Failure): string {
    const { language } = this.state;
    if (!needsFailures(language)) return failureText(language, failure);
    void loadFailures(language).then(() => this.requestUpdate());
    return '';
  }

  /** Whether the link lets a part be seen. */
  protected shows(part: Part): boolean {
    return !covers(this.state.hide, part);
  }

  /** Whether the link lets a part be seen only. */
  protected fixed(part: Part): boolean {
    return covers(this.state.lock, part);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.follow();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unsubscribe?.();
    this.unsubscribe = undefined;
  }

  protected override willUpdate(_changed: PropertyValues): void {
    this.follow();
  }

  protected override update(changed: PropertyValues): void {
    super.update(changed);
    this.app.host.drawn?.(this);
  }

  private follow(): void {
    if (this.unsubscribe || !this.app) return;
    this.unsubscribe = this.app.store.draw((changed) => {
      if (ALWAYS.some((key) => changed.has(key)) || this.watches.some((key) => changed.has(key))) this.requestUpdate();
    });
  }
}
