/** Whether an element is on the screen: what is costly to show waits until someone can see it. */
import type { LitElement, ReactiveController } from 'lit';

export class Sight implements ReactiveController {
  visible = false;
  private readonly observer = new IntersectionObserver(([entry]) => {
    this.visible = entry?.isIntersecting ?? false;
    if (this.visible) this.host.requestUpdate();
  });

  constructor(private readonly host: LitElement) {
    host.addController(this);
  }

  hostConnected(): void {
    this.observer.observe(this.host);
  }

  hostDisconnected(): void {
    this.observer.disconnect();
  }
}
