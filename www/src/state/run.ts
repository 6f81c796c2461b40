/** The present run: beginning, training, pausing, and what the worker tells of it. */
import type { SessionInfo } from '../protocol/engine.ts';
import type { Progress, WorkerEvent } from '../protocol/messages.ts';
import type { App } from './app.ts';
import type { OptionPath } from './config.ts';
import { costPerCharacter } from './estimate.ts';
import { remember } from './preferences.ts';
import { referencesFor } from './presets.ts';
import { addProgress, addSample, newRun } from './runs.ts';

export class RunControl {
  constructor(private readonly app: App) {}

  /** A new run on the present text, as the controls say. */
  async begin(edited: OptionPath | null = null): Promise<boolean> {
    try {
      this.begun(await this.app.client.create(this.app.state.config!));
      return true;
    } catch (error) {
      this.app.options.blame(edited, error);
      return false;
    }
  }

  /** The worker has begun it. */
  begun(session: SessionInfo): void {
    const { app } = this;
    const textName = app.state.text?.name ?? '';
    const references = referencesFor(app.state.boot!, session.config, app.state.text);
    app.runs.add(newRun(app.runs.nextId(), app.runs.freeVariant(session.config.model.cell), session, textName, references));
    app.store.set({ session, runPreset: app.state.preset, position: session.position, summary: session.summary, pending: [], problem: null, savedAt: null });
    app.question.safe = 0;
    app.enter('begun');
  }

  async train(): Promise<void> {
    const { app } = this;
    await app.options.settle();
    if (app.state.problem) return;
    await app.notices.attempt(async () => {
      await app.client.train();
      app.store.set({ resume: null });
      app.enter('trains');
    });
  }

  async pause(): Promise<void> {
    await this.app.notices.attempt(() => this.app.client.pause());
    this.app.enter('stopped');
  }

  async step(): Promise<void> {
    const { app } = this;
    await app.options.settle();
    if (app.state.problem) return;
    app.store.set({ resume: null });
    app.enter('trains');
    await app.notices.attempt(() => app.client.step());
    app.enter('stopped');
  }

  /** Everything that was learnt is forgotten. */
  reset(): Promise<void> {
    return this.app.question.put({ event: 'reset', name: '', act: () => this.begin() });
  }

  /** Once per browser, before the first run; from then on, training itself tells. */
  async measureSpeed(): Promise<void> {
    const { rate, session } = this.app.state;
    if (rate !== null || !session) return;
    try {
      const charactersPerSecond = await this.app.client.measure(session.config);
      if (charactersPerSecond) this.setRate(charactersPerSecond * costPerCharacter(session.config, session.vocabulary.length));
    } catch {
      // Then there is no estimate.
    }
  }

  private setRate(rate: number): void {
    this.app.store.set({ rate });
    remember('rate', String(Math.round(rate)));
  }

  hear(event: WorkerEvent): void {
    const { app } = this;
    switch (event.type) {
      case 'progress':
        this.takeProgress(event.progress);
        break;
      case 'living-sample':
        if (event.sample.complete && app.runs.current) {
          addSample(app.runs.current, event.sample);
          app.runs.touch();
        }
        app.store.set({ living: event.sample });
        break;
      case 'stopped':
        app.enter(event.reason === 'paused' ? 'stopped' : event.reason);
        if (event.reason === 'diverged' && event.error) app.notices.add('problem', 'notice.diverged', {}, event.error);
        else if (event.reason === 'failed' && event.error) app.notices.add('problem', 'notice.problem', {}, event.error);
        else if (event.reason === 'finished') app.notices.add('info', 'notice.finished', { epochs: app.state.position?.epoch ?? 0 });
        break;
      case 'device':
        app.devices.take(event.device);
        break;
      case 'device-failed':
        app.notices.add('problem', 'notice.device', {}, event.error);
        break;
      case 'saved':
        app.store.set({ savedAt: event.entry.updated });
        void app.shelf.noteSaved();
        break;
      case 'save-failed':
        app.notices.add('problem', 'notice.saveFailed', { message: event.error.message });
        break;
    }
  }

  private learnSpeed(): void {
    const run = this.app.runs.current;
    if (run?.charactersPerSecond) this.setRate(run.charactersPerSecond * costPerCharacter(run.config, run.vocabulary));
  }

  private takeProgress(progress: Progress): void {
    const { app } = this;
    if (app.runs.current) addProgress(app.runs.current, progress);
    if (progress.epochs.length) this.learnSpeed();
    app.store.set({ position: progress.position, runsVersion: app.state.runsVersion + 1 });
  }
}
