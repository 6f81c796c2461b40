/** The options: presets, edits, what takes effect at once and what needs a new run. */
import { asFailure } from '../client/client.ts';
import type { Config } from '../protocol/engine.ts';
import type { App } from './app.ts';
import { allPaths, getOption, isLive, pathOf, withOption, type OptionPath, type OptionValue } from './config.ts';
import { fittedPaths, givenOf } from './fit.ts';
import { coversOption } from './parts.ts';
import { readingChoices } from '../protocol/reading.ts';
import { baseConfig, corpusOf } from './presets.ts';

const EDIT_SETTLES_MS = 180;

export class OptionControl {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private edited: OptionPath | null = null;
  private settling: Promise<void> = Promise.resolve();
  private edits = 0;
  /** Options chosen by hand or by the link: they are not made to fit a text. */
  chosen: ReadonlySet<OptionPath> = new Set();

  constructor(private readonly app: App) {}

  // Presets

  choosePreset(preset: string | null): void {
    const { boot, config } = this.app.state;
    const known = boot!.presets.some((each) => each.id === preset) ? preset : null;
    this.chosen = new Set();
    const base = baseConfig(boot!, known);
    // How one's own text is read stays: the text does.
    const reading = config && readingChoices(config.text);
    this.app.store.set({ preset: known, config: { ...base, text: { ...base.text, ...reading } }, problem: null, fitted: [] });
  }

  /** A text has been opened with these settings, of which `config` is what was made to fit it. */
  take(preset: string | null, chosen: ReadonlySet<OptionPath>, asked: Config, config: Config): void {
    this.chosen = chosen;
    this.app.store.set({ preset, config, fitted: fittedPaths(asked, config) });
  }

  /** A preset begins a new run, and brings its text along unless the user brought their own. */
  async usePreset(id: string): Promise<void> {
    const { app, chosen } = this;
    if (app.refuses('preset')) return;
    const { fitted: fittedBefore, config: before } = app.state;
    this.choosePreset(id);
    app.store.set({ config: this.locked(app.state.config!, before!) });
    const act = async () => {
      app.texts.chosen = true;
      const own = app.state.text && app.state.text.kind !== 'corpus';
      if (!own) await app.texts.openCorpus(corpusOf(app.state.boot!, id));
      else if (await app.texts.reread()) {
        const config = app.state.config!;
        this.take(id, this.chosen, config, await app.client.fitted(config, givenOf(this.chosen)));
        await app.run.begin();
      }
      app.links.write();
    };
    const undo = () => {
      const { session, runPreset } = app.state;
      this.chosen = chosen;
      app.store.set({ preset: runPreset, fitted: fittedBefore, config: session?.config ?? app.state.config });
    };
    await app.question.put({ event: 'preset', name: id, act, undo });
    // It is drawn before it is answered for.
    if (app.state.proposal) await this.check(null);
  }

  /** `config`, with the locked options as they are. */
  locked(config: Config, present = this.app.state.config!): Config {
    const paths = allPaths(config).filter((path) => coversOption(this.app.state.lock, path));
    return paths.reduce((done, path) => withOption(done, path, getOption(present, path)), config);
  }

  // Edits

  /** Answers, where it takes effect at once, when it has. */
  setOption(path: OptionPath, value: OptionValue): Promise<void> | undefined {
    const { app } = this;
    if (coversOption(app.state.lock, path)) return undefined;
    const config = withOption(app.state.config!, path, value);
    this.chosen = new Set([...this.chosen, path]);
    app.store.set({ fitted: app.state.fitted.filter((each) => each !== path) });
    app.store.set({ config, problem: app.state.problem?.path === path ? null : app.state.problem });
    if (isLive(path) && app.state.session) return this.setLive(path, value);
    clearTimeout(this.timer);
    this.edited = path;
    this.timer = setTimeout(() => void this.settle(), EDIT_SETTLES_MS);
    return undefined;
  }

  /** What the host's own script wants: nothing locks it. An option that is not live waits for the next run. */
  async give(path: OptionPath, value: OptionValue): Promise<void> {
    this.chosen = new Set([...this.chosen, path]);
    this.app.store.set({ config: withOption(this.app.state.config!, path, value), problem: null });
    if (isLive(path) && this.app.state.session) await this.setLive(path, value);
  }

  private async setLive(path: OptionPath, value: OptionValue): Promise<void> {
    const { app } = this;
    try {
      await app.client.set({ [path.split('.')[1]!]: value });
      const { session } = app.state;
      if (session) app.store.set({ session: { ...session, config: withOption(session.config, path, value) } });
      const run = app.runs.current;
      if (run) {
        run.config = withOption(run.config, path, value);
        run.altered ||= run.step > 0;
      }
      app.runs.touch();
      app.links.write();
    } catch (error) {
      this.blame(path, error);
    }
  }

  /** An edit that still waits takes effect now; answers when none is under way. */
  settle(): Promise<void> {
    clearTimeout(this.timer);
    const path = this.edited;
    this.edited = null;
    if (path) this.settling = this.settling.then(() => this.settleEdit(path));
    return this.settling;
  }

  /** Checks the edited configuration; before anything is learnt it simply becomes the session's. */
  private async settleEdit(path: OptionPath): Promise<void> {
    const { app } = this;
    if (path.startsWith('text.') && !(await app.texts.reread())) return;
    if ((await this.check(path)) && !app.question.work && (await app.run.begin(path))) app.links.write();
  }

  /** Draws what the controls amount to; answers whether it could be trained. */
  private async check(path: OptionPath | null): Promise<boolean> {
    const { app } = this;
    const edit = ++this.edits;
    const config = app.state.config!;
    try {
      const summary = await app.client.summarize(config.model, config.train);
      if (edit !== this.edits) return false;
      app.store.set({ summary, problem: null });
    } catch (error) {
      if (edit === this.edits) this.blame(path, error);
      return false;
    }
    if (app.question.work) app.question.notePending();
    return true;
  }

  /** What the controls said when the run began. */
  restore(): void {
    const { app } = this;
    const { session, config, pending } = app.state;
    if (!session || !config) return;
    let restored = config;
    for (const path of pending) restored = withOption(restored, path, getOption(session.config, path));
    const textToo = pending.some((path) => path.startsWith('text.'));
    app.store.set({ config: restored, pending: [], problem: null, summary: session.summary });
    if (textToo) void app.texts.reread();
  }

  /** Shows an error beside the option it is about. */
  blame(path: OptionPath | null, error: unknown): void {
    const failure = asFailure(error);
    const at = pathOf(this.app.state.config!, failure) ?? path;
    this.app.store.set({ problem: { path: at, failure } });
    if (!at) this.app.notices.add('problem', 'notice.problem', {}, failure, { cause: 'run' });
  }
}
