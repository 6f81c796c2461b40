/** What the tag fetches once it is seen: a playground with the element as its host. */
import { setAssets } from '../client/assets.ts';
import { connect, EngineError, type Client } from '../client/client.ts';
import { pageAssets } from '../client/pageassets.ts';
import { failureText, loadFailures } from '../i18n/failures.ts';
import { preferredLanguage, translate } from '../i18n/i18n.ts';
import { complete, draw } from '../opening.ts';
import type { SampledCharacter, SampleOptions } from '../protocol/engine.ts';
import type { BuildName, Failure, TextSource, WorkerEvent } from '../protocol/messages.ts';
import { App } from '../state/app.ts';
import type { AppState } from '../state/appstate.ts';
import { allPaths, isLive, type OptionValue } from '../state/config.ts';
import { readHash } from '../state/hash.ts';
import { latest, saveView, type SavedView } from '../state/runs.ts';
import { lightOnPaper } from '../theme/view.ts';
import elementStyles from './element.css?inline';
import { fetchCorpus, fetchModel } from './fetching.ts';
import { folderOf } from './base.ts';
import { ElementHost } from './host.ts';
import type { LoomEvent, Status } from './names.ts';
import { Inline } from './inline.ts';
import { watchSurroundings } from './surroundings.ts';
import tokens from '../theme/tokens.css?inline';
import type { Trouble } from './trouble.ts';

/** A worker of an element that was taken out of the page lives on for so long: it may be put back. */
const LEAVES_AFTER_MS = 2000;
const UNSEEN_AFTER_MS = 30_000;
/** At most ten a second. */
const PROGRESS_EVERY_MS = 100;

export interface Place {
  epoch: number;
  step: number;
  batch: number;
  batchesPerEpoch: number;
  loss: number | null;
  perplexity: number | null;
}

export interface Engine {
  backend: string;
  build: string;
}

export interface LoomState {
  version: 1;
  /** In the grammar of a link. */
  config: string;
}

export interface WriteOptions extends Partial<Omit<SampleOptions, 'alternatives'>> {
  length?: number;
  signal?: AbortSignal;
}

export interface Written {
  character: string;
  probability: number;
  alternatives: { character: string; probability: number }[];
}

/** What the tag lets its playground do. */
export interface Shell {
  integrity: Record<string, string> | undefined;
  fragment(): string;
  become(status: Status): void;
  tell(name: LoomEvent, detail: object): void;
  fail(trouble: Trouble): void;
}

/** Where the files are; what they must be, where the entry knows it. */
function nameAssets(integrity: Shell['integrity']): void {
  const table = pageAssets();
  const urls = [table.worker, ...Object.values(table.parts), ...Object.values(table.wasm), ...Object.values(table.corpora)];
  const known = urls.flatMap((url) => {
    const value = integrity?.[new URL(url).pathname.split('/').at(-1)!];
    return value ? [[url, value] as const] : [];
  });
  setAssets(known.length ? { ...table, integrity: Object.fromEntries(known) } : table);
}

const sheet = new CSSStyleSheet();
sheet.replaceSync(tokens.replaceAll(':root', '.frame') + elementStyles);

export class Loom {
  private readonly host: ElementHost;
  private readonly client: Client;
  private readonly app: App;
  private readonly inline: Inline;
  private readonly gone = new AbortController();
  private unwatch: (() => void)[] = [];
  private trainsOn = false;
  private leaving: ReturnType<typeof setTimeout> | undefined;
  private left: Promise<void> | null = null;
  /** The model of an element whose worker has ended. */
  private kept: { file: Blob; view: SavedView } | null = null;
  private ended = false;
  private told = 0;
  private telling: ReturnType<typeof setTimeout> | undefined;
  private unseen: ReturnType<typeof setTimeout> | undefined;
  private written = 0;
  private toldNotice = 0;

  constructor(
    private readonly element: HTMLElement,
    private readonly frame: HTMLElement,
    private readonly shell: Shell,
  ) {
    nameAssets(shell.integrity);
    const shadow = element.shadowRoot!;
    if (!shadow.adoptedStyleSheets.includes(sheet)) shadow.adoptedStyleSheets.push(sheet);
    this.inline = new Inline(element, (text) => void this.setCorpus(text));
    this.host = new ElementHost(element, frame, fullPage(element), shell.fragment(), {
      changed: (fragment) => this.shell.tell('config', { config: fragment.slice(1) }),
      reopen: () => undefined,
      text: () => this.text(),
      hear: (event) => this.hear(event),
    });
    // A page may have several of these, and other work: threads are for those who ask.
    this.client = connect(readHash(this.host.fragment).build, false);
    this.app = new App(this.client, this.host);
  }

  /** Answers when it can train; rejects with a Trouble, or with what the browser says of a script that did not come. */
  async open(): Promise<void> {
    const { app } = this;
    this.watch();
    try {
      const started = app.start();
      const page = await draw(app, this.frame);
      page.setAttribute('exportparts', 'toolbar, controls, sample, chart, notice, button, field');
      this.frame.lang = app.state.language;
      await started;
      if (app.state.engine === 'unavailable') throw new EngineError(app.state.problem!.failure);
      // Without any text there is nothing to show.
      const refused = app.state.notices.findLast(({ failure }) => failure)?.failure;
      if (app.state.phase === 'empty' && refused) throw new EngineError(refused);
      app.store.subscribe((changed) => this.follow(changed));
      this.follow(new Set(['notices']));
      await this.bringModel();
      this.follow(new Set(['phase']));
      void complete(app, page).catch(() => undefined);
    } catch (error) {
      throw error instanceof EngineError ? await this.startTrouble(error.failure) : error;
    }
  }

  begin(): void {
    if (this.element.hasAttribute('autostart')) void this.app.train();
  }

  private async troubleOf(failure: Failure): Promise<Trouble> {
    const { code, field, values } = failure;
    const { language } = this.app.state;
    await loadFailures(language);
    return { code, message: failureText(language, failure), field, values };
  }

  /** Said where nothing else is: it begins with what does not work. */
  private async startTrouble(failure: Failure): Promise<Trouble> {
    const trouble = await this.troubleOf(failure);
    return { ...trouble, message: `${translate(this.app.state.language, 'app.unavailable')} ${trouble.message}` };
  }

  private tellError(failure: Failure): void {
    void this.troubleOf(failure).then((trouble) => this.shell.tell('error', trouble));
  }

  // Its texts and models

  private async text(): Promise<TextSource | null> {
    const url = this.element.getAttribute('corpus-url');
    if (url) return { kind: 'file', file: await fetchCorpus(url, this.gone.signal) };
    const inside = this.inline.text;
    return inside ? { kind: 'paste', text: inside } : null;
  }

  private async bringModel(): Promise<void> {
    const url = this.element.getAttribute('model-url');
    if (url) await this.app.notices.attempt(async () => this.openModel(await fetchModel(url, this.gone.signal)), 'model');
  }

  async setCorpus(corpus: string | Blob | { url: string }): Promise<void> {
    let source: TextSource;
    if (typeof corpus === 'string') source = { kind: 'paste', text: corpus };
    else if (corpus instanceof Blob) source = { kind: 'file', file: corpus instanceof File ? corpus : new File([corpus], 'text.txt') };
    else source = { kind: 'file', file: await fetchCorpus(corpus.url, this.gone.signal) };
    let refusal: Failure | null = null;
    if (!(await this.app.texts.bring(source, (failure) => (refusal = failure)))) throw new EngineError(refusal!);
  }

  // What is told

  private follow(changed: ReadonlySet<keyof AppState>): void {
    const { app, shell } = this;
    const { phase, waiting, engine, problem, notices, language } = app.state;
    if (changed.has('language')) this.frame.lang = language;
    if (engine === 'unavailable') return void this.startTrouble(problem!.failure).then((trouble) => shell.fail(trouble));
    if (changed.has('phase') || changed.has('waiting')) shell.become(waiting ? 'waiting' : STATUS_OF[phase]);
    if (changed.has('problem') && problem) this.tellError(problem.failure);
    const latest = notices.at(-1);
    if (!latest?.failure || latest.id === this.toldNotice) return;
    this.toldNotice = latest.id;
    this.tellError(latest.failure);
  }

  private hear(event: WorkerEvent): void {
    const { shell, position } = this;
    switch (event.type) {
      case 'progress':
        for (const epoch of event.progress.epochs) shell.tell('epoch', { ...epoch });
        this.progressed();
        break;
      case 'living-sample':
        if (event.sample.complete) {
          const text = event.sample.prefix + event.sample.characters.map(({ character }) => character).join('');
          shell.tell('sample', { text, epoch: event.sample.position.epoch, step: event.sample.position.step });
        }
        break;
      case 'stopped':
        this.progressed(true);
        shell.tell('finish', { reason: event.reason, epoch: position?.epoch ?? 0, step: position?.step ?? 0 });
        break;
    }
  }

  /** The last is told, and in between as many as anybody can follow. */
  private progressed(now = false): void {
    clearTimeout(this.telling);
    const wait = now ? 0 : this.told + PROGRESS_EVERY_MS - performance.now();
    const tell = () => {
      this.told = performance.now();
      if (this.position) this.shell.tell('progress', this.position);
    };
    if (wait <= 0) tell();
    else this.telling = setTimeout(tell, wait);
  }

  get position(): Place | null {
    const { position } = this.app.state;
    if (!position) return null;
    const now = latest(this.app.runs.current);
    const { epoch, step, batch, batches_per_epoch } = position;
    return { epoch, step, batch, batchesPerEpoch: batches_per_epoch, loss: now?.loss ?? null, perplexity: now?.perplexity ?? null };
  }

  get engine(): Engine | null {
    const { device, boot } = this.app.state;
    return boot && { backend: device?.backend ?? 'cpu', build: device?.build ?? boot.build };
  }

  // What the page's script asks

  async train(): Promise<void> {
    await this.app.train();
    const { problem } = this.app.state;
    if (problem) throw new EngineError(problem.failure);
  }

  pause(): Promise<void> {
    return this.app.pause();
  }

  async step(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.app.step();
  }

  async reset(): Promise<void> {
    if (this.app.state.session) await this.app.run.begin();
  }

  async *write({ length = 200, signal, ...options }: WriteOptions): AsyncGenerator<Written> {
    const { prefix, skip_unknown, temperature, top_k, top_p, greedy, seed } = { ...this.app.state.boot!.sampling, ...this.app.state.sampling, ...options };
    const id = -++this.written;
    const ready: SampledCharacter[] = [];
    let wake: () => void = () => undefined;
    let over: Promise<void> | null = null;
    let failed: unknown = null;
    let done = false;
    // The worker writes a line to its end.
    let left = length;
    const stop = () => void this.client.stopWriting(id).catch(() => undefined);
    signal?.addEventListener('abort', stop);
    over = this.client
      .write({ id, length, best: false, options: { prefix, skip_unknown, temperature, top_k, top_p, greedy, seed, alternatives: 5 } }, (more) => {
        ready.push(...more);
        wake();
      })
      .then(
        () => undefined,
        (error: unknown) => void (failed = error),
      )
      .finally(() => {
        done = true;
        wake();
      });
    try {
      while (true) {
        for (const each of ready.splice(0)) {
          if (left-- <= 0) return;
          yield each as unknown as Written;
        }
        if (ready.length) continue;
        if (failed) throw failed;
        if (done) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      if (!done) stop();
      await over;
    }
  }

  /** Options by name: live ones at once, others as a new run; a name that is none is refused. */
  async set(options: Record<string, unknown>): Promise<void> {
    const { app } = this;
    const paths = allPaths(app.state.config!);
    let anew = false;
    for (const [name, value] of Object.entries(options)) {
      const path = paths.find((each) => each === name || each.split('.')[1] === name);
      if (!path) throw new EngineError({ code: 'unknown-option', message: `there is no option “${name}”.`, values: { name } });
      await app.options.give(path, value as OptionValue);
      anew ||= !isLive(path);
    }
    if (anew) await app.run.begin();
    if (app.state.problem) throw new EngineError(app.state.problem.failure);
  }

  getState(): LoomState {
    return { version: 1, config: this.app.links.fragment.slice(1) };
  }

  async setState(state: LoomState): Promise<void> {
    if (state?.version !== 1 || typeof state.config !== 'string') throw new EngineError({ code: 'state', message: 'this is no state of a playground.', values: {} });
    await this.take(`#${state.config.replace(/^#/, '')}`);
  }

  private async take(fragment: string): Promise<void> {
    const { app, client } = this;
    const hash = readHash(fragment);
    await client.pause();
    this.host.fragment = fragment;
    if (hash.build !== app.links.build) {
      client.restart(hash.build);
      await app.boot();
    }
    await app.links.open(hash);
    this.app.links.write();
  }

  saveModel(): Promise<Blob> {
    return this.client.exportModel();
  }

  async openModel(file: Blob): Promise<void> {
    this.app.models.adopt(await this.client.importModel(file));
  }

  link(): string {
    return this.app.links.href;
  }

  /** An attribute of the tag is another. */
  changed(name: string): void {
    const { app, host } = this;
    if (name === 'theme') return host.repaint();
    if (name === 'lang') return void this.speak();
    if (name === 'corpus-url') return void app.notices.attempt(async () => this.setCorpus({ url: this.element.getAttribute(name) ?? '' }), 'text');
    if (name === 'model-url') return void this.bringModel();
    const { hide, lock, view, backend, build } = readHash(this.shell.fragment());
    if (name === 'backend') return void app.switchDevice(backend);
    if (name === 'build') return void app.notices.attempt(() => this.rebuild(build));
    if (name === 'hide' || name === 'lock' || name === 'view') {
      app.store.set({ hide, lock });
      app.setView(view);
      app.links.write();
    } else if (!['loading', 'autostart', 'base', 'storage-key', 'dir'].includes(name)) void this.take(this.shell.fragment());
  }

  // Coming and going

  /** What concerns the page around it, for as long as it is in it. */
  private watch(): void {
    const seen = new IntersectionObserver((entries) => this.see(entries.at(-1)!.isIntersecting));
    seen.observe(this.element);
    const shown = () => this.see(document.visibilityState === 'visible', 0);
    document.addEventListener('visibilitychange', shown);
    this.unwatch = [
      watchSurroundings(this.element, () => {
        this.host.repaint();
        void this.speak();
      }),
      lightOnPaper(this.frame),
      this.inline.watch(),
      () => seen.disconnect(),
      () => document.removeEventListener('visibilitychange', shown),
    ];
    this.host.repaint();
  }

  private stopWatching(): void {
    for (const stop of this.unwatch.splice(0)) stop();
    clearTimeout(this.unseen);
  }

  /** What nobody sees is not drawn. */
  private see(visible: boolean, after = UNSEEN_AFTER_MS): void {
    clearTimeout(this.unseen);
    if (visible) this.app.store.see(true);
    else this.unseen = setTimeout(() => this.app.store.see(false), after);
  }

  private async speak(): Promise<void> {
    const asked = readHash(this.host.fragment).language;
    const language = preferredLanguage(asked, this.host.languages);
    if (language !== this.app.state.language) await this.app.speak(language);
  }

  moved(): void {
    this.stopWatching();
    this.watch();
  }

  /** Out of the page: it pauses at once, and keeps what it has learnt. */
  detach(): void {
    const { app } = this;
    this.stopWatching();
    clearTimeout(this.telling);
    this.trainsOn = app.state.training || app.state.waiting;
    this.left = this.leave().catch(() => undefined);
  }

  /** Its training rests, and what it has learnt is kept. */
  private async keep(): Promise<void> {
    const { app, client } = this;
    const run = app.runs.current;
    const pausing = this.trainsOn ? app.pause() : Promise.resolve();
    this.kept = run?.step ? { file: await client.exportModel(), view: saveView(run) } : null;
    await pausing.catch(() => undefined);
  }

  /** The same training in another build of the engine. */
  private async rebuild(build: BuildName | null): Promise<void> {
    const { app } = this;
    if (build === app.links.build) return;
    app.links.asks({ build });
    this.trainsOn = app.state.training || app.state.waiting;
    await this.keep();
    await this.revive(build);
    if (this.trainsOn) await app.train();
  }

  private async leave(): Promise<void> {
    await this.keep();
    if (this.element.isConnected) return;
    await new Promise<void>((resolve) => {
      this.leaving = setTimeout(() => {
        this.end();
        resolve();
      }, LEAVES_AFTER_MS);
      this.stay = resolve;
    });
  }

  private stay: () => void = () => undefined;

  private end(): void {
    this.ended = true;
    this.client.terminate();
  }

  attach(): void {
    if (!this.left) return this.moved();
    clearTimeout(this.leaving);
    this.stay();
    const { left } = this;
    this.left = null;
    this.watch();
    void left.then(() => this.goOn());
  }

  private async goOn(): Promise<void> {
    const { app } = this;
    if (!this.element.isConnected) return;
    if (this.ended) await app.notices.attempt(() => this.revive());
    if (this.trainsOn) await app.train();
  }

  /** Another worker in place of the ended one, with the same text and what had been learnt. */
  private async revive(build?: BuildName | null): Promise<void> {
    const { app, kept } = this;
    const before = app.runs.current;
    const { session } = app.state;
    this.client.restart(build);
    this.ended = false;
    await app.boot();
    if (session) app.store.set({ config: session.config });
    if (!(await app.texts.again()) || !kept) return;
    const opened = await app.client.importModel(kept.file);
    app.models.adopt({ ...opened, view: kept.view }, app.state.runPreset);
    if (before) app.runs.remove(before.id);
  }

  dispose(): void {
    this.gone.abort();
    this.stopWatching();
    clearTimeout(this.leaving);
    clearTimeout(this.telling);
    this.app.run.endTurn();
    this.end();
  }
}

const STATUS_OF: Record<AppState['phase'], Status> = {
  empty: 'loading',
  reading: 'loading',
  ready: 'ready',
  training: 'training',
  paused: 'paused',
  finished: 'finished',
  diverged: 'finished',
  'writing-only': 'ready',
  failed: 'paused',
};

/** The page that shows all of it, where a link leads. */
function fullPage(element: HTMLElement): string {
  const base = element.getAttribute('base');
  return new URL('embed.html', base ? folderOf(base) : new URL('../', import.meta.url)).href;
}
