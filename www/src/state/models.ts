/** Opening models: those kept in this browser, and model files. */
import type { ModelEntry, Opened } from '../protocol/messages.ts';
import type { Config } from '../protocol/engine.ts';
import type { App } from './app.ts';
import { allPaths, differences } from './config.ts';
import { coversOption } from './parts.ts';
import { newRun, restoreRun } from './runs.ts';

export class ModelControl {
  constructor(private readonly app: App) {}

  /** What was last trained here, and can be trained on. */
  async offer(): Promise<void> {
    const { app } = this;
    await app.shelf.refresh();
    const latest = app.state.models.find(
      (entry) => entry.kind === 'auto' && entry.hasText && entry.position.step > 0 && app.links.isHere(entry.place),
    );
    if (!app.question.work) app.store.set({ resume: latest ?? null });
  }

  openModel(entry: ModelEntry): Promise<void> {
    const { app } = this;
    // Who trained here before goes on, models locked or not; a locked option stays as the link has it.
    const mine = entry.id === app.state.resume?.id;
    if ((!mine && app.refuses('models')) || this.refuses(entry.config)) return Promise.resolve();
    const act = () =>
      app.notices.attempt(async () => {
        const opened = await app.client.openModel(entry.id);
        this.adopt(opened, entry.preset);
        app.notices.clear('model', 'text', 'run');
        const { epoch, step } = entry.position;
        if (opened.unfit) app.notices.add('problem', 'notice.unfit', {}, opened.unfit, { cause: 'model' });
        else app.notices.add('info', opened.copy ? 'notice.copy' : 'notice.resumed', { epoch, step });
      }, 'model');
    const { cell, hidden_size } = entry.config.model;
    const name = entry.name || `${cell.toUpperCase()} ${hidden_size}`;
    return app.question.put({ event: 'resume', name, act });
  }

  /** Whether a model would change what the link fixes; then the page says so. */
  private refuses(config: Config): boolean {
    const { app } = this;
    if (!differences(config, app.options.locked(config)).length) return false;
    app.notices.add('problem', 'notice.locked');
    return true;
  }

  importModel(file: File): Promise<void> {
    const { app } = this;
    if (app.refuses('models')) return Promise.resolve();
    // What a file would change is known only once it has been opened.
    if (allPaths(app.state.config!).some((path) => coversOption(app.state.lock, path))) {
      app.notices.add('problem', 'notice.locked');
      return Promise.resolve();
    }
    const act = () =>
      app.notices.attempt(async () => {
        const opened = await app.client.importModel(file);
        this.adopt(opened);
        app.notices.clear('model', 'text', 'run');
        app.notices.add('info', 'notice.loaded', { name: file.name });
        if (opened.unfit) app.notices.add('problem', 'notice.unfit', {}, opened.unfit, { cause: 'model' });
        else if (!opened.text) app.notices.add('info', 'notice.sampleOnly');
        else if (!opened.info.exact) app.notices.add('info', 'notice.otherText');
      }, 'model');
    return app.question.put({ event: 'import', name: file.name, act });
  }

  /** The worker has opened it: the page shows it. */
  adopt({ info, text, view }: Opened, preset: string | null = null): void {
    const { app } = this;
    const known = app.state.boot!.presets.some(({ id }) => id === preset) ? preset : null;
    // How a model came to be is not in its file.
    const run = restoreRun(view) ?? { ...newRun(0, 0, info, text?.name ?? ''), altered: true };
    app.runs.add({ ...run, id: app.runs.nextId(), variant: app.runs.freeVariant(info.config.model.cell), visible: true, opened: true, step: info.position?.step ?? 0 });
    app.texts.chosen = true;
    app.store.set({
      session: info,
      config: info.config,
      preset: known,
      runPreset: known,
      summary: info.summary,
      position: info.position,
      text: text ?? app.state.text,
      pending: [],
      fitted: [],
      problem: null,
      resume: null,
    });
    if (text) app.texts.adopted(text);
    app.question.safe = info.position?.step ?? 0;
    app.enter(text ? 'opened' : 'opened-without-text');
    app.links.label();
    app.links.write();
  }
}
