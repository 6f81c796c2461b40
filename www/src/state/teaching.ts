/** What is shown to someone who learns: the notes of the first run, trouble and what helps, the best held-back model. */
import type { Failure, SessionInfo } from '../protocol/engine.ts';
import { openPart } from '../parts.ts';
import { bestOf } from '../teach/progress.ts';
import type { App } from './app.ts';
import type { Told } from './appstate.ts';
import type { OptionPath, OptionValue } from './config.ts';
import { remember } from './host.ts';

export class Teaching {
  private fetched: Promise<void> | undefined;

  constructor(private readonly app: App) {}

  /** Fetches what is said of a network that has learnt something. */
  async fetchLessons(): Promise<void> {
    this.fetched ??= openPart('lessons', this.app.state.language).then(
      () => this.app.store.set({ taught: true }),
      (error: unknown) => {
        // It is tried again with the next sample.
        this.fetched = undefined;
        throw error;
      },
    );
    await this.fetched;
  }

  showGuide(): void {
    this.app.store.set({ guide: true });
  }

  hideGuide(): void {
    remember(this.app.host.memory, 'guide', 'seen');
    this.app.store.set({ guide: false });
  }

  warn(trouble: Told): void {
    this.app.store.set({ trouble });
  }

  /** The notice says so too, but may be out of sight. */
  diverged(failure: Failure): void {
    const { step, kept } = failure.values ?? {};
    this.warn({ kind: 'diverged', step: Number(step), now: Number(kept), before: 0 });
  }

  dismissTrouble(): void {
    this.app.store.set({ trouble: null });
  }

  /** Does what was advised. */
  heed(path: OptionPath, value: OptionValue): void {
    this.dismissTrouble();
    this.app.setOption(path, value);
  }

  /** The parameters that are kept beside the last: those that predicted the held-back text best. */
  get best(): SessionInfo['best'] {
    const seen = bestOf(this.app.runs.current?.epochs ?? []);
    const kept = this.app.state.session?.best ?? null;
    // A model that came as a file brings its best along, and no curve.
    if (!seen || (kept && kept.perplexity < seen.validation_perplexity!)) return kept;
    return { epoch: seen.epoch, perplexity: seen.validation_perplexity! };
  }
}
