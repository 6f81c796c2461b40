/**
 * The page's one controller. Components call its methods and draw its state; it talks to the worker.
 * Runs (chart data) are kept beside the state and changed in place: they are large and change ten times a second.
 */
import { asFailure, type Client } from '../client/client.ts';
import { loadFailures } from '../i18n/failures.ts';
import { loadLanguage, preferredLanguage, type Language } from '../i18n/i18n.ts';
import type { Backend, Encoding, SessionInfo } from '../protocol/engine.ts';
import type { DeviceView, ModelEntry, Opened, Progress, TextSource, TextView, WorkerEvent } from '../protocol/messages.ts';
import { applyTheme, asTheme, type Theme } from '../theme/theme.ts';
import { initialState, type AppState, type Sampling } from './appstate.ts';
import { differences, getOption, isLive, pathOf, withOption, type OptionPath, type OptionValue } from './config.ts';
import { costPerCharacter } from './estimate.ts';
import { configFromHash, writeHash, type HashState } from './hash.ts';
import { remember, remembered } from './preferences.ts';
import { Notices } from './notices.ts';
import { baseConfig, corpusOf, presetFor, referencesFor } from './presets.ts';
import { RunList } from './runlist.ts';
import { addProgress, addSample, newRun, restoreRun } from './runs.ts';
import { Shelf } from './shelf.ts';
import { Store } from './store.ts';

const EDIT_SETTLES_MS = 180;
const SAMPLE_LENGTH = 200;

export class App {
  readonly store: Store<AppState>;
  readonly runs: RunList;
  readonly notices: Notices;
  readonly shelf: Shelf;
  private editTimer: ReturnType<typeof setTimeout> | undefined;
  private edits = 0;
  private textChosen = false;

  constructor(
    readonly client: Client,
    private readonly hash: HashState,
  ) {
    this.textChosen = this.hash.corpus !== null || this.hash.preset !== null;
    const language = preferredLanguage(
      this.hash.parameters.get('lang') ?? remembered('language'),
      navigator.languages ?? [navigator.language],
    );
    this.store = new Store(initialState(language, asTheme(remembered('theme')), this.hash.hide));
    this.runs = new RunList(this.store);
    this.notices = new Notices(this.store);
    this.shelf = new Shelf(client, this.store, this.runs, this.notices);
    applyTheme(this.state.theme, document.documentElement);
  }

  get state(): Readonly<AppState> {
    return this.store.value;
  }

  async start(): Promise<void> {
    try {
      const boot = await this.client.start(this.hash.backend, (event) => this.hear(event));
      const { prefix, temperature, top_k, top_p, greedy, seed } = boot.sampling;
      const sampling = { prefix, temperature, top_k, top_p, greedy, seed, length: SAMPLE_LENGTH, count: 1 };
      this.store.set({ boot, sampling, engine: 'ready' });
    } catch (error) {
      await loadFailures(this.state.language).catch(() => undefined);
      this.store.set({ engine: 'unavailable', problem: { path: null, failure: asFailure(error) } });
      return;
    }
    const models = this.shelf.refresh();
    const preset = this.hash.preset ?? presetFor(this.state.boot!, this.state.language);
    this.choosePreset(preset);
    this.store.set({ config: configFromHash(this.hash, this.state.config!) });
    await this.openCorpus(this.hash.corpus ?? corpusOf(this.state.boot!, preset));
    await models;
    const latest = this.state.models.find((entry) => entry.kind === 'auto' && entry.position.step > 0);
    if (latest && !this.runs.current?.step) this.store.set({ resume: latest });
  }

  // Language and theme

  async setLanguage(language: Language): Promise<void> {
    if (!(await this.notices.attempt(() => Promise.all([loadLanguage(language), loadFailures(language)])))) return;
    remember('language', language);
    this.store.set({ language });
    if (this.state.engine !== 'ready' || this.textChosen || this.runs.current?.step || this.state.training) return;
    const preset = presetFor(this.state.boot!, language);
    this.choosePreset(preset);
    await this.openCorpus(corpusOf(this.state.boot!, preset));
  }

  setTheme(theme: Theme): void {
    remember('theme', theme);
    applyTheme(theme, document.documentElement);
    this.store.set({ theme });
  }

  // Presets

  private choosePreset(preset: string | null): void {
    const known = this.state.boot!.presets.some((each) => each.id === preset) ? preset : null;
    this.store.set({ preset: known, config: baseConfig(this.state.boot!, known), problem: null });
  }

  /** A preset begins a new run, and brings its text along unless the user brought their own. */
  async usePreset(id: string): Promise<void> {
    this.choosePreset(id);
    this.writeHash();
    this.textChosen = true;
    const own = this.state.text && this.state.text.kind !== 'corpus';
    if (!own) await this.openCorpus(corpusOf(this.state.boot!, id));
    else if (await this.rereadText(null)) await this.reset();
  }

  // Text

  private openCorpus(id: string): Promise<boolean> {
    return this.openText({ kind: 'corpus', id }, false);
  }

  async openText(source: TextSource, chosen = true): Promise<boolean> {
    const name = source.kind === 'corpus' ? source.id : source.kind === 'file' ? source.file.name : '';
    this.store.set({ reading: name });
    try {
      const { text, info, resumed } = await this.client.openText(source, this.state.config!);
      this.store.set({ text, training: false });
      if (resumed) this.wentOn(info, text);
      else this.begun(info);
      if (chosen) {
        this.textChosen = true;
        this.writeHash();
      }
      return true;
    } catch (error) {
      this.notices.problem(error);
      return false;
    } finally {
      this.store.set({ reading: null });
    }
  }

  /** A model that could only write has found a text to train on. */
  private wentOn(info: SessionInfo, text: TextView): void {
    this.adopt({ info, text, unfit: null, view: undefined });
    this.notices.add('info', info.exact ? 'notice.resumed' : 'notice.otherText', {
      epoch: info.position?.epoch ?? 0,
      step: info.position?.step ?? 0,
    });
  }

  async setEncoding(encoding: Encoding): Promise<void> {
    if (await this.rereadText(encoding)) await this.newSession();
  }

  private async rereadText(encoding: Encoding | null): Promise<boolean> {
    try {
      this.store.set({ text: await this.client.rereadText(this.state.config!.text, encoding) });
      return true;
    } catch (error) {
      this.notices.problem(error);
      return false;
    }
  }

  /** A dropped or picked file: a model where its name says so, else a text. */
  async openFile(file: File): Promise<void> {
    if (/\.safetensors$/i.test(file.name)) await this.importModel(file);
    else await this.openText({ kind: 'file', file });
  }

  // Options

  setOption(path: OptionPath, value: OptionValue): void {
    const config = withOption(this.state.config!, path, value);
    this.store.set({ config, problem: this.state.problem?.path === path ? null : this.state.problem });
    this.writeHash();
    clearTimeout(this.editTimer);
    if (isLive(path) && this.state.session) void this.setLive(path, value);
    else this.editTimer = setTimeout(() => void this.settleEdit(path), EDIT_SETTLES_MS);
  }

  private async setLive(path: OptionPath, value: OptionValue): Promise<void> {
    try {
      await this.client.set({ [path.split('.')[1]!]: value });
      const session = this.state.session;
      if (session) this.store.set({ session: { ...session, config: withOption(session.config, path, value) } });
      if (this.runs.current) this.runs.current.config = withOption(this.runs.current.config, path, value);
      this.runs.touch();
    } catch (error) {
      this.blame(path, error);
    }
  }

  /** Checks the edited configuration; before anything is learnt it simply becomes the session's. */
  private async settleEdit(path: OptionPath): Promise<void> {
    const edit = ++this.edits;
    const config = this.state.config!;
    if (path.startsWith('text.') && !(await this.rereadText(null))) return;
    try {
      const summary = await this.client.summarize(config.model, config.train);
      if (edit !== this.edits) return;
      this.store.set({ summary, problem: null });
    } catch (error) {
      if (edit === this.edits) this.blame(path, error);
      return;
    }
    if (!this.runs.current?.step && !this.state.training) await this.newSession(path);
    else this.notePending();
  }

  private notePending(): void {
    const { session, config } = this.state;
    this.store.set({ pending: session && config ? differences(session.config, config).filter((path) => !isLive(path)) : [] });
  }

  undoPending(): void {
    const { session, config } = this.state;
    if (!session || !config) return;
    let restored = config;
    for (const path of this.state.pending) restored = withOption(restored, path, getOption(session.config, path));
    const textToo = this.state.pending.some((path) => path.startsWith('text.'));
    this.store.set({ config: restored, pending: [], problem: null, summary: session.summary });
    this.writeHash();
    if (textToo) void this.rereadText(null);
  }

  async applyPending(): Promise<void> {
    if (await this.newSession()) await this.train();
  }

  // Running

  private async newSession(edited: OptionPath | null = null): Promise<boolean> {
    try {
      this.begun(await this.client.create(this.state.config!));
      return true;
    } catch (error) {
      this.blame(edited, error);
      return false;
    }
  }

  private begun(session: SessionInfo): void {
    const textName = this.state.text?.name ?? '';
    const references = referencesFor(this.state.boot!, session.config, this.state.text);
    this.runs.add(newRun(this.runs.nextId(), this.runs.freeVariant(session.config.model.cell), session, textName, references));
    this.store.set({
      session,
      position: session.position,
      summary: session.summary,
      pending: [],
      problem: null,
      finished: false,
      trainable: true,
      savedAt: null,
    });
  }

  /** Once per browser, before the first run; from then on, training itself tells. */
  async measureSpeed(): Promise<void> {
    if (this.state.rate !== null) return;
    const { session } = this.state;
    if (!session) return;
    try {
      const charactersPerSecond = await this.client.measure(session.config);
      if (charactersPerSecond) this.setRate(charactersPerSecond * costPerCharacter(session.config, session.vocabulary.length));
    } catch {
      // Then there is no estimate.
    }
  }

  private setRate(rate: number): void {
    this.store.set({ rate });
    remember('rate', String(Math.round(rate)));
  }

  async train(): Promise<void> {
    await this.notices.attempt(async () => {
      await this.client.train();
      this.store.set({ training: true, finished: false, resume: null });
    });
  }

  async pause(): Promise<void> {
    await this.notices.attempt(() => this.client.pause());
    this.store.set({ training: false });
  }

  async step(): Promise<void> {
    this.store.set({ resume: null });
    await this.notices.attempt(() => this.client.step());
    this.store.set({ training: false });
  }

  /** Goes on elsewhere, from the same step. */
  async switchDevice(wish: Backend): Promise<void> {
    this.store.set({ switching: wish });
    try {
      this.takeDevice(await this.client.switchDevice(wish));
      this.hash.backend = wish;
      this.writeHash();
    } catch (error) {
      this.notices.add('problem', 'notice.device', {}, asFailure(error));
    } finally {
      this.store.set({ switching: null });
    }
  }

  private takeDevice(device: DeviceView): void {
    const before = this.state.device;
    this.store.set({ device });
    const { choice } = device;
    if (choice?.reason === 'lost' && before?.backend === 'webgpu') {
      this.notices.add('problem', 'notice.lost', { step: choice.step ?? 0 }, choice.failure);
    }
  }

  async reset(): Promise<void> {
    await this.newSession();
    this.store.set({ training: false });
  }

  private hear(event: WorkerEvent): void {
    switch (event.type) {
      case 'progress':
        this.takeProgress(event.progress);
        break;
      case 'living-sample':
        if (event.sample.complete && this.runs.current) {
          addSample(this.runs.current, event.sample);
          this.runs.touch();
        }
        this.store.set({ living: event.sample });
        break;
      case 'stopped':
        this.store.set({ training: false, finished: event.reason === 'finished' });
        if (event.reason === 'diverged' && event.error) this.notices.add('problem', 'notice.diverged', {}, event.error);
        else if (event.reason === 'failed' && event.error) this.notices.add('problem', 'notice.problem', {}, event.error);
        else if (event.reason === 'finished') this.notices.add('info', 'notice.finished', { epochs: this.state.position?.epoch ?? 0 });
        break;
      case 'device':
        this.takeDevice(event.device);
        break;
      case 'device-failed':
        this.notices.add('problem', 'notice.device', {}, event.error);
        break;
      case 'saved':
        this.store.set({ savedAt: event.entry.updated });
        void this.shelf.noteSaved();
        break;
      case 'save-failed':
        this.notices.add('problem', 'notice.saveFailed', { message: event.error.message });
        break;
    }
  }

  private learnSpeed(): void {
    const run = this.runs.current;
    if (run?.charactersPerSecond) this.setRate(run.charactersPerSecond * costPerCharacter(run.config, run.vocabulary));
  }

  private takeProgress(progress: Progress): void {
    if (this.runs.current) addProgress(this.runs.current, progress);
    if (progress.epochs.length) this.learnSpeed();
    this.store.set({ position: progress.position, runsVersion: this.state.runsVersion + 1 });
  }

  // Writing

  setSampling(sampling: Partial<Sampling>): void {
    const next = { ...this.state.sampling!, ...sampling };
    this.store.set({ sampling: next });
    const { prefix, temperature, top_k, top_p, greedy, seed } = next;
    void this.client.living({ prefix, temperature, top_k, top_p, greedy, seed }).catch(() => undefined);
  }

  lookInside(text: string): void {
    this.store.set({ inside: text });
  }

  // Models
  async openModel(entry: ModelEntry): Promise<void> {
    await this.notices.attempt(async () => {
      this.adopt(await this.client.openModel(entry.id));
      const { epoch, step } = this.state.position!;
      this.notices.add('info', 'notice.resumed', { epoch, step });
    });
  }

  async importModel(file: File): Promise<void> {
    await this.notices.attempt(async () => {
      const opened = await this.client.importModel(file);
      this.adopt(opened);
      this.notices.add('info', 'notice.loaded', { name: file.name });
      if (opened.unfit) this.notices.add('problem', 'notice.unfit', {}, opened.unfit);
      else if (!opened.text) this.notices.add('info', 'notice.sampleOnly');
      else if (!opened.info.exact) this.notices.add('info', 'notice.otherText');
    });
  }

  private adopt({ info, text, view }: Opened): void {
    const run =
      restoreRun(view) ?? newRun(0, 0, info, text?.name ?? '');
    this.runs.add({ ...run, id: this.runs.nextId(), variant: this.runs.freeVariant(info.config.model.cell), visible: true, step: info.position?.step ?? 0 });
    this.textChosen = true;
    this.store.set({
      session: info,
      config: info.config,
      preset: null,
      summary: info.summary,
      position: info.position,
      text: text ?? this.state.text,
      trainable: text !== null,
      training: false,
      finished: false,
      pending: [],
      problem: null,
      resume: null,
    });
    this.writeHash();
  }

  // Links

  private writeHash(): void {
    const { config, preset, text, hide } = this.state;
    if (!config) return;
    const corpus = text?.kind === 'corpus' && text.name !== corpusOf(this.state.boot!, preset) ? text.name : null;
    const hash = writeHash({ ...this.hash, corpus, preset, hide }, config, baseConfig(this.state.boot!, preset));
    history.replaceState(null, '', hash || location.pathname + location.search);
  }

  /** Shows an error beside the option it is about. */
  private blame(path: OptionPath | null, error: unknown): void {
    const failure = asFailure(error);
    const at = pathOf(this.state.config!, failure.field) ?? path;
    this.store.set({ problem: { path: at, failure } });
    if (!at) this.notices.add('problem', 'notice.problem', {}, failure);
  }
}
