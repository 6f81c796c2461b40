/** What the page tells its user: news that goes by itself, problems that stay until closed. */
import { asFailure } from '../client/client.ts';
import type { MessageKey, Values } from '../i18n/i18n.ts';
import type { Failure } from '../protocol/messages.ts';
import type { AppState, Notice } from './appstate.ts';
import type { Store } from './store.ts';

const NEWS_LASTS_MS = 6000;
const MOST = 3;

export class Notices {
  private nextId = 1;

  constructor(private readonly store: Store<AppState>) {}

  add(kind: 'info' | 'problem', key: MessageKey, values: Values = {}, failure: Failure | null = null): void {
    const id = this.nextId++;
    // The same news again takes the place of the old.
    const same = (each: Notice) => each.key === key && each.failure?.code === failure?.code;
    const earlier = this.store.value.notices.filter((each) => !same(each)).slice(-(MOST - 1));
    this.store.set({ notices: [...earlier, { id, kind, key, values, failure }] });
    if (kind === 'info') setTimeout(() => this.dismiss(id), NEWS_LASTS_MS);
  }

  problem(error: unknown): void {
    this.add('problem', 'notice.problem', {}, asFailure(error));
  }

  /** Does something, and says so where it fails. */
  async attempt(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      this.problem(error);
      return false;
    }
  }

  dismiss(id: number): void {
    this.store.set({ notices: this.store.value.notices.filter((notice) => notice.id !== id) });
  }
}
