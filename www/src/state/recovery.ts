/** When the engine's worker dies: another takes its place, with the same text and settings, and what was last kept is offered. */
import { asFailure } from '../client/client.ts';
import type { Failure } from '../protocol/messages.ts';
import type { App } from './app.ts';
import { baseConfig } from './presets.ts';

export class Recovery {
  private under = false;

  constructor(private readonly app: App) {
    app.client.onDeath((failure) => void this.recover(failure));
  }

  private async recover(failure: Failure): Promise<void> {
    const { app } = this;
    app.enter('failed');
    // One that dies of the same again is not tried for ever.
    if (this.under) return this.giveUp(failure);
    this.under = true;
    try {
      app.client.restart();
      await app.boot();
      const { session, boot, preset, sampling } = app.state;
      // What was being begun may be what it died of: the run before it worked.
      app.store.set({ config: session?.config ?? baseConfig(boot!, preset), preset: app.state.runPreset, proposal: null, pending: [], problem: null });
      if (sampling) app.setSampling({ ...sampling });
      if (await app.texts.again()) {
        await app.models.offer();
        app.notices.add('problem', 'notice.engineStopped', {}, failure, { cause: 'page' });
      }
    } catch (error) {
      this.giveUp(asFailure(error));
    } finally {
      this.under = false;
    }
  }

  private giveUp(failure: Failure): void {
    this.app.store.set({ engine: 'unavailable', problem: { path: null, failure } });
  }
}
