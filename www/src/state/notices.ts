/** What the page tells its user: news that goes by itself, problems that stay until closed or until their cause is gone. */
import { asFailure } from '../client/client.ts';
import type { MessageKey, Values } from '../i18n/i18n.ts';
import type { Failure } from '../protocol/messages.ts';
import type { AppState, Cause, Notice, NoticeAction } from './appstate.ts';
import type { Store } from './store.ts';

const NEWS_LASTS_MS = 6000;
const MOST = 3;

export interface NoticeExtras {
  cause?: Cause;
  action?: NoticeAction;
}

export class Notices {
  private nextId = 1;

  constructor(private readonly store: Store<AppState>) {}

  add(kind: 'info' | 'problem', key: MessageKey, values: Values = {}, failure: Failure | null = null, extras: NoticeExtras = {}): void {
    const id = this.nextId++;
    const { cause = 'page', action = null } = extras;
    // The same again takes the place of the old.
    const same = (each: Notice) => each.key === key && each.failure?.code === failure?.code;
    const earlier = this.store.value.notices.filter((each) => !same(each)).slice(-(MOST - 1));
    this.store.set({ notices: [...earlier, { id, kind, key, values, failure, cause, action }] });
    if (kind === 'info' && !action) setTimeout(() => this.dismiss(id), NEWS_LASTS_MS);
  }

  problem(error: unknown, cause: Cause = 'page'): void {
    this.add('problem', 'notice.problem', {}, asFailure(error), { cause });
  }

  /** Does something, and says so where it fails. What was told of its cause before is over. */
  async attempt(action: () => Promise<unknown>, cause: Cause = 'page'): Promise<boolean> {
    if (cause !== 'page') this.clear(cause);
    try {
      await action();
      return true;
    } catch (error) {
      this.problem(error, cause);
      return false;
    }
  }

  /** The cause is gone, and so is what was told of it. */
  clear(...causes: Cause[]): void {
    const { notices } = this.store.value;
    const left = notices.filter((each) => !causes.includes(each.cause) || (each.kind === 'info' && !each.action));
    if (left.length < notices.length) this.store.set({ notices: left });
  }

  dismiss(id: number): void {
    this.store.set({ notices: this.store.value.notices.filter((notice) => notice.id !== id) });
  }
}
