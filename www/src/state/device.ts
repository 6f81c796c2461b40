/** Where it trains. */
import { asFailure } from '../client/client.ts';
import type { Backend } from '../protocol/engine.ts';
import type { DeviceView } from '../protocol/messages.ts';
import type { App } from './app.ts';

export class DeviceControl {
  constructor(private readonly app: App) {}

  /** Goes on elsewhere, from the same step. */
  async switchDevice(wish: Backend): Promise<void> {
    const { app } = this;
    app.store.set({ switching: wish });
    try {
      this.take(await app.client.switchDevice(wish));
      app.notices.clear('device');
      app.links.asks({ backend: wish });
    } catch (error) {
      app.notices.add('problem', 'notice.device', {}, asFailure(error), { cause: 'device' });
    } finally {
      app.store.set({ switching: null });
    }
  }

  take(device: DeviceView): void {
    const before = this.app.state.device;
    this.app.store.set({ device });
    const { choice } = device;
    if (choice?.reason === 'lost' && before?.backend === 'webgpu') {
      this.app.notices.add('problem', 'notice.lost', { step: choice.step ?? 0 }, choice.failure, { cause: 'device' });
    }
  }
}
