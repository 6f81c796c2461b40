/** Opening models: those kept in this browser, and model files. */
import type { ModelEntry, Opened } from '../protocol/messages.ts';
import type { App } from './app.ts';
import { newRun, restoreRun } from './runs.ts';

export class ModelControl {
  constructor(private readonly app: App) {}

  openModel(entry: ModelEntry): Promise<void> {
    const { app } = this;
    const act = () =>
      app.notices.attempt(async () => {
        const opened = await app.client.openModel(entry.id);
        this.adopt(opened);
        const { epoch, step } = entry.position;
        if (opened.unfit) app.notices.add('problem', 'notice.unfit', {}, opened.unfit);
        else app.notices.add('info', 'notice.resumed', { epoch, step });
      });
    const { cell, hidden_size } = entry.config.model;
    const name = entry.name || `${cell.toUpperCase()} ${hidden_size}`;
    return app.question.put({ event: 'resume', name, act });
  }

  importModel(file: File): Promise<void> {
    const { app } = this;
    const act = () =>
      app.notices.attempt(async () => {
        const opened = await app.client.importModel(file);
        this.adopt(opened);
        app.notices.add('info', 'notice.loaded', { name: file.name });
        if (opened.unfit) app.notices.add('problem', 'notice.unfit', {}, opened.unfit);
        else if (!opened.text) app.notices.add('info', 'notice.sampleOnly');
        else if (!opened.info.exact) app.notices.add('info', 'notice.otherText');
      });
    return app.question.put({ event: 'import', name: file.name, act });
  }

  /** The worker has opened it: the page shows it. */
  adopt({ info, text, view }: Opened): void {
    const { app } = this;
    const run = restoreRun(view) ?? newRun(0, 0, info, text?.name ?? '');
    app.runs.add({ ...run, id: app.runs.nextId(), variant: app.runs.freeVariant(info.config.model.cell), visible: true, step: info.position?.step ?? 0 });
    app.texts.chosen = true;
    app.store.set({
      session: info,
      config: info.config,
      preset: null,
      runPreset: null,
      summary: info.summary,
      position: info.position,
      text: text ?? app.state.text,
      pending: [],
      problem: null,
      resume: null,
    });
    app.question.safe = info.position?.step ?? 0;
    app.enter(text ? 'opened' : 'opened-without-text');
    app.links.write();
  }
}
