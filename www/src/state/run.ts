/** The present run: beginning, training, pausing, and what the worker tells of it. */
import type { SessionInfo } from '../protocol/engine.ts';
import type { Progress, WorkerEvent } from '../protocol/messages.ts';
import type { App } from './app.ts';
import type { OptionPath } from './config.ts';
import { costPerCharacter } from './estimate.ts';
import { remember } from './host.ts';
import { answerTo } from './machine.ts';
import { referencesFor } from './presets.ts';
import { addProgress, addSample, newRun } from './runs.ts';

export class RunControl {
  /** Why the run could not be saved, once told. */
  private unsaved: string | null = null;
  private wait = new AbortController();
  private turn: (() => void) | null = null;

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
    app.store.set({ session, runPreset: app.state.preset, position: session.position, summary: session.summary, pending: [], problem: null, saved: null, trouble: null });
    app.question.safe = 0;
    app.enter('begun');
    app.notices.clear('run', 'model');
    app.links.label();
  }

  async train(): Promise<void> {
    const { app } = this;
    if (app.state.waiting || !(await this.may('train')) || !(await this.takeTurn())) return;
    const trains = await app.notices.attempt(async () => {
      await app.client.train();
      app.store.set({ resume: null });
      app.enter('trains');
    }, 'run');
    if (!trains) this.endTurn();
  }

  /** Of several playgrounds in a page not all train at once; answers whether it is to train now. */
  private async takeTurn(): Promise<boolean> {
    const { app } = this;
    const { turns } = app.host;
    if (!turns || this.turn) return true;
    this.wait = new AbortController();
    app.store.set({ waiting: turns.taken });
    try {
      this.turn = await turns.take(this.wait.signal);
      return true;
    } catch {
      // Who waited thought better of it.
      return false;
    } finally {
      app.store.set({ waiting: false });
    }
  }

  endTurn(): void {
    this.turn?.();
    this.turn = null;
  }

  /** Whether it can train on; what is drawn is what trains. Where it cannot, the page says why. */
  private async may(event: 'train' | 'step'): Promise<boolean> {
    const { app } = this;
    await app.options.settle();
    if (app.state.problem) return false;
    const answer = answerTo(event, app.state.phase, app.question.work);
    if (answer === 'wait') {
      await app.texts.idle();
      return this.may(event);
    }
    if (answer === 'say' && app.state.phase === 'finished') return this.mayGoOn(event);
    // The worker has the words for it.
    return answer !== 'ignore';
  }

  /** After all epochs that were asked for: more have to be asked for. */
  private mayGoOn(event: 'train' | 'step'): boolean {
    const { app } = this;
    const { session, position } = app.state;
    const asked = session?.config.train.epochs ?? 0;
    const done = position?.epoch ?? 0;
    if (!asked || done < asked) return true;
    const epochs = 2 * done;
    const act = () => {
      void app.options.setOption('train.epochs', epochs)?.then(() => (event === 'train' ? this.train() : this.step()));
    };
    app.notices.add('info', 'notice.allDone', { epochs: asked }, null, { cause: 'run', action: { key: 'notice.raise', values: { epochs }, act } });
    return false;
  }

  async pause(): Promise<void> {
    this.wait.abort();
    await this.app.notices.attempt(() => this.app.client.pause(), 'run');
    this.app.enter('stopped');
  }

  async step(): Promise<void> {
    const { app } = this;
    if (!(await this.may('step'))) return;
    app.store.set({ resume: null });
    app.enter('trains');
    await app.notices.attempt(() => app.client.step(), 'run');
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
    remember(this.app.host.memory, 'rate', String(Math.round(rate)));
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
        if (event.reason === 'diverged' && event.error) app.teaching.diverged(event.error);
        if (event.reason === 'diverged' && event.error) app.notices.add('problem', 'notice.diverged', {}, event.error, { cause: 'run' });
        else if (event.reason === 'failed' && event.error) app.notices.add('problem', 'notice.problem', {}, event.error, { cause: 'run' });
        else if (event.reason === 'finished') app.notices.add('info', 'notice.finished', { epochs: app.state.position?.epoch ?? 0 });
        break;
      case 'device':
        app.devices.take(event.device);
        break;
      case 'device-failed':
        app.notices.add('problem', 'notice.device', {}, event.error, { cause: 'device' });
        break;
      case 'saved':
        app.store.set({ saved: { at: event.entry.updated, step: event.entry.position.step } });
        this.unsaved = null;
        app.notices.clear('storage');
        void app.shelf.noteSaved(event.entry.id);
        break;
      case 'save-failed':
        // Once is enough: it is tried again and again.
        if (this.unsaved !== event.error.code) app.notices.add('problem', 'notice.saveFailed', {}, event.error, { cause: 'storage' });
        this.unsaved = event.error.code;
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
    if (progress.trouble) app.teaching.warn(progress.trouble);
    if (progress.epochs.length) this.learnSpeed();
    app.store.set({ position: progress.position, runsVersion: app.state.runsVersion + 1 });
  }
}
