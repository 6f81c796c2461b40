/**
 * What the components see of the page: its state, and what can be done. The work is done by the controllers, each with
 * one job, over one state; `machine.ts` says what may happen when.
 */
import { asFailure, type Client } from '../client/client.ts';
import { loadLanguage, preferredLanguage, type Language } from '../i18n/i18n.ts';
import { asTheme, type Theme } from '../theme/theme.ts';
import type { View } from '../theme/view.ts';
import { initialState, type AppState, type Sampling } from './appstate.ts';
import { DeviceControl } from './device.ts';
import { readHash } from './hash.ts';
import { remember, type Host } from './host.ts';
import { LinkControl } from './links.ts';
import { flagsOf, follows, type Phase, type Signal } from './machine.ts';
import { ModelControl } from './models.ts';
import { Notices } from './notices.ts';
import { OptionControl } from './options.ts';
import { covers, type Part } from './parts.ts';
import { corpusOf, presetFor } from './presets.ts';
import { Question } from './question.ts';
import { RunControl } from './run.ts';
import { RunList } from './runlist.ts';
import { Shelf } from './shelf.ts';
import { Store } from './store.ts';
import { Teaching } from './teaching.ts';
import { TextControl } from './texts.ts';

const SAMPLE_LENGTH = 200;

export class App {
  readonly store: Store<AppState>;
  readonly runs: RunList;
  readonly notices: Notices;
  readonly shelf: Shelf;
  readonly links: LinkControl;
  readonly question = new Question(this);
  readonly texts = new TextControl(this);
  readonly options = new OptionControl(this);
  readonly run = new RunControl(this);
  readonly devices = new DeviceControl(this);
  readonly models = new ModelControl(this);
  readonly teaching = new Teaching(this);

  private started: Promise<void> | undefined;

  constructor(
    readonly client: Client,
    readonly host: Host,
  ) {
    const { memory } = host;
    const { hide, lock, view, language } = readHash(host.fragment);
    const chosen = preferredLanguage(language ?? memory.read('language'), host.languages);
    this.store = new Store({ ...initialState(memory, chosen, asTheme(memory.read('theme'))), hide, lock, view });
    this.runs = new RunList(this.store);
    this.notices = new Notices(this.store);
    this.shelf = new Shelf(client, this.store, this.runs, this.notices, host.place !== null);
    this.links = new LinkControl(this);
    // Until later.ts brings a remedy.
    client.onDeath((failure) => this.store.set({ engine: 'unavailable', problem: { path: null, failure } }));
    host.paint(this.state.theme, this.state.view);
  }

  get state(): Readonly<AppState> {
    return this.store.value;
  }

  /** Something happened to the model: the page enters the phase that follows. */
  enter(signal: Signal): void {
    this.return(follows(this.state.phase, signal));
    if (this.state.phase !== 'training') this.run.endTurn();
  }

  /** Back to a phase that it was in: what was begun came to nothing. */
  return(phase: Phase): void {
    this.store.set(flagsOf(phase));
  }

  /** Answers when the first link has been taken up. */
  start(): Promise<void> {
    this.started ??= this.begin();
    return this.started;
  }

  /** Once more, after the engine could not be started. */
  retry(): void {
    this.client.restart();
    this.store.set({ engine: 'starting', problem: null });
    this.started = this.begin();
  }

  private async begin(): Promise<void> {
    try {
      await this.boot();
      this.store.set({ sampling: this.samplingBase });
    } catch (error) {
      this.store.set({ engine: 'unavailable', problem: { path: null, failure: asFailure(error) } });
      return;
    }
    await this.links.open();
    await this.models.offer();
  }

  /** Starts the engine. */
  async boot(): Promise<void> {
    const boot = await this.client.start(this.links.backend, (event) => {
      this.run.hear(event);
      this.host.hear?.(event);
    });
    if (this.host.place === null) await this.client.keepNothing();
    this.store.set({ boot, engine: 'ready' });
  }

  /** How writing is set before anything is changed. */
  get samplingBase(): Sampling {
    const { prefix, temperature, top_k, top_p, greedy, seed } = this.state.boot!.sampling;
    return { prefix, temperature, top_k, top_p, greedy, seed, length: SAMPLE_LENGTH, count: 1, keepSeed: false, best: false };
  }

  // Language and theme

  /** Says everything in another language; answers whether it could be fetched. */
  async speak(language: Language): Promise<boolean> {
    if (!(await this.notices.attempt(() => loadLanguage(language)))) return false;
    this.store.set({ language });
    return true;
  }

  /** The user's choice: an untouched playground takes a text of that language, too. */
  async setLanguage(language: Language): Promise<void> {
    if (!(await this.speak(language))) return;
    remember(this.host.memory, 'language', language);
    this.links.writeIfAny();
    await this.texts.idle();
    if (this.state.phase !== 'ready' || this.texts.chosen || this.runs.current?.step) return;
    if (covers(this.state.lock, 'preset') || covers(this.state.lock, 'corpus')) return;
    const preset = presetFor(this.state.boot!, language);
    this.options.choosePreset(preset);
    await this.texts.openCorpus(corpusOf(this.state.boot!, preset));
  }

  setView(view: View): void {
    this.host.paint(this.state.theme, view);
    this.store.set({ view });
  }

  setTheme(theme: Theme): void {
    remember(this.host.memory, 'theme', theme);
    this.host.paint(theme, this.state.view);
    this.store.set({ theme });
  }

  // Writing

  /** Whether the link locks a part; then the page says so. */
  refuses(part: Part): boolean {
    const locked = covers(this.state.lock, part);
    if (locked) this.notices.add('problem', 'notice.locked');
    return locked;
  }

  setSampling(sampling: Partial<Sampling>): void {
    const { lock } = this.state;
    if ('prefix' in sampling && covers(lock, 'opening')) sampling = { ...sampling, prefix: this.state.sampling!.prefix };
    if ('temperature' in sampling && covers(lock, 'temperature')) sampling = { ...sampling, temperature: this.state.sampling!.temperature };
    const next = { ...this.state.sampling!, ...sampling };
    this.store.set({ sampling: next });
    if (Object.keys(sampling).length === 1) this.links.writeSoon();
    // The living sample keeps its seed, so that what changes in it is what was learnt.
    const { seed } = this.samplingBase;
    const { prefix, temperature, top_k, top_p, greedy, best } = next;
    if (!['prefix', 'temperature', 'top_k', 'top_p', 'greedy', 'best'].some((name) => name in sampling)) return;
    void this.client.living({ prefix, temperature, top_k, top_p, greedy, seed, best }).catch(() => undefined);
  }

  lookInside(text: string): void {
    this.store.set({ inside: text });
  }

  // What the components call, under one roof

  readonly usePreset = (id: string) => this.options.usePreset(id);
  readonly setOption: OptionControl['setOption'] = (path, value) => this.options.setOption(path, value);
  readonly openText: TextControl['openText'] = (source) => this.texts.openText(source);
  readonly openFiles: TextControl['openFiles'] = (files, event) => this.texts.openFiles(files, event);
  readonly askForText: TextControl['ask'] = (text, files) => this.texts.ask(text, files);
  readonly setReading: TextControl['setReading'] = (choices) => this.texts.setReading(choices);
  readonly readRefused: TextControl['readRefused'] = (choices) => this.texts.readRefused(choices);
  readonly train = () => this.run.train();
  readonly pause = () => this.run.pause();
  readonly step = () => this.run.step();
  readonly reset = () => this.run.reset();
  readonly measureSpeed = () => this.run.measureSpeed();
  readonly switchDevice: DeviceControl['switchDevice'] = (wish) => this.devices.switchDevice(wish);
  readonly openModel: ModelControl['openModel'] = (entry) => this.models.openModel(entry);
  readonly importModel: ModelControl['importModel'] = (file) => this.models.importModel(file);
  readonly applyPending = () => this.question.accept();
  readonly undoPending = () => this.question.undo();
}
