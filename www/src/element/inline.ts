/** A corpus that stands in the tag, as `<script type="text/plain">`: read whenever it arrives, and only once it is all there. */
export class Inline {
  private taken = '';

  constructor(
    private readonly element: HTMLElement,
    private readonly arrived: (text: string) => void,
  ) {}

  private get child(): HTMLScriptElement | null {
    return this.element.querySelector<HTMLScriptElement>(':scope > script[type="text/plain"]');
  }

  /** Whether the parser is past it: something follows, or the document is read to its end. */
  private complete(child: HTMLScriptElement): boolean {
    if (document.readyState !== 'loading') return true;
    for (let at: Node | null = child; at; at = at.parentNode) if (at.nextSibling) return true;
    return false;
  }

  /** Empty where there is none, or not all of it yet. */
  get text(): string {
    const { child } = this;
    if (!child || !this.complete(child)) return '';
    this.taken = child.textContent ?? '';
    return this.taken.trim() ? this.taken : '';
  }

  /** Tells of a text that comes later; answers with what ends it. */
  watch(): () => void {
    const look = () => {
      const { taken, text } = this;
      if (text && text !== taken) this.arrived(text);
    };
    const observer = new MutationObserver(look);
    observer.observe(this.element, { childList: true, subtree: true, characterData: true });
    document.addEventListener('readystatechange', look);
    return () => {
      observer.disconnect();
      document.removeEventListener('readystatechange', look);
    };
  }
}
