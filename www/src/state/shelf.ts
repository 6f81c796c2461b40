/** The models kept in this browser, as the page sees them. The worker does the keeping. */
import type { Client } from '../client/client.ts';
import type { AppState } from './appstate.ts';
import type { Notices } from './notices.ts';
import type { RunList } from './runlist.ts';
import { saveView, type SavedView } from './runs.ts';
import type { Store } from './store.ts';

export class Shelf {
  constructor(
    private readonly client: Client,
    private readonly store: Store<AppState>,
    private readonly runs: RunList,
    private readonly notices: Notices,
    /** Whether models are kept at all. */
    private readonly keeps: boolean,
  ) {}

  /** What is kept beside a model: its curve and its samples. */
  private view(): SavedView | undefined {
    return this.runs.current ? saveView(this.runs.current) : undefined;
  }

  async refresh(): Promise<void> {
    if (!this.keeps) return;
    try {
      this.store.set({ models: await this.client.listModels() });
    } catch {
      // No storage in this window: saving says so when it is tried.
    }
  }

  /** The worker has saved the model: the curve belongs beside it. */
  async noteSaved(id: string): Promise<void> {
    await this.client.keepView(id, this.view()).catch(() => undefined);
    await this.refresh();
  }

  /** Called when the page is hidden: it may not come back. */
  saveQuietly(): void {
    if (this.keeps && this.runs.current?.step) void this.client.saveRun(this.view()).catch(() => undefined);
  }

  /** A model that has a name is not to go when the browser needs room. */
  private async persist(): Promise<void> {
    await navigator.storage?.persist?.().catch(() => false);
  }

  async keep(name: string): Promise<void> {
    void this.persist();
    await this.notices.attempt(() => this.client.keepModel(name, this.view()), 'storage');
    await this.refresh();
  }

  async rename(id: string, name: string): Promise<void> {
    void this.persist();
    await this.notices.attempt(() => this.client.renameModel(id, name), 'storage');
    await this.refresh();
  }

  async remove(id: string): Promise<void> {
    await this.notices.attempt(() => this.client.removeModel(id), 'storage');
    if (this.store.value.resume?.id === id) this.dismissResume();
    await this.refresh();
  }

  dismissResume(): void {
    this.store.set({ resume: null });
  }
}
