/** Whether an element is on the screen: what is costly to show waits until someone can see it. */
import type { LitElement, ReactiveController } from 'lit';

export class Sight implements ReactiveController {
  visible = false;
  private readonly observer: IntersectionObserver;

  /** `rootMargin`: how near the screen counts as on it. */
  constructor(
    private readonly host: LitElement,
    rootMargin = '0px',
  ) {
    this.observer = new IntersectionObserver(
      (entries) => {
        this.visible = entries.at(-1)?.isIntersecting ?? false;
        if (this.visible) this.host.requestUpdate();
      },
      { rootMargin },
    );
    host.addController(this);
  }

  hostConnected(): void {
    this.observer.observe(this.host);
  }

  hostDisconnected(): void {
    this.observer.disconnect();
  }
}
