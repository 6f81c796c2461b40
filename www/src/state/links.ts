/** Links: the address always says what trains and how it writes; another address is followed, after the one question. */
import { asFailure } from '../client/client.ts';
import { loadLanguage, type Language } from '../i18n/i18n.ts';
import type { Backend, Config } from '../protocol/engine.ts';
import type { BuildName, Failure, TextSource } from '../protocol/messages.ts';
import type { App } from './app.ts';
import { differences, getOption, pathOf, withOption } from './config.ts';
import { configFromHash, OWN_TEXT, readHash, samplingFromHash, writeHash, type HashState, type Mistake } from './hash.ts';
import { baseConfig, corpusOf, presetFor } from './presets.ts';

/** Browsers refuse an address that changes with every move of a slider. */
const SETTLES_MS = 300;

/** What a link is to carry besides; null is as it is, or as the reader has it. */
export interface Wishes {
  hide: string[];
  lock: string[];
  build: BuildName | null;
  language: Language | null;
  seed: number | null;
  opening: string | null;
  temperature: number | null;
}

export class LinkControl {
  /** The fragment as this page wrote or followed it. */
  private address: string;
  private hash: HashState;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly app: App) {
    this.address = app.host.fragment;
    this.hash = readHash(this.address);
  }

  /** Takes up what the link says. What is wrong in it is named, and left out. */
  async open(hash = this.hash): Promise<void> {
    const { app } = this;
    const boot = app.state.boot!;
    this.hash = hash;
    app.notices.clear('link');
    app.texts.chosen = hash.corpus !== null || hash.preset !== null;
    if (hash.language && hash.language !== app.state.language) {
      const loaded = await app.notices.attempt(() => loadLanguage(hash.language!));
      if (loaded) app.store.set({ language: hash.language });
    }
    const known = boot.presets.some(({ id }) => id === hash.preset);
    const preset = known ? hash.preset : presetFor(boot, app.state.language);
    app.options.choosePreset(preset);
    const { config, mistakes } = configFromHash(hash, app.state.config!);
    app.options.chosen = new Set(differences(app.state.config!, config));
    const written = samplingFromHash(hash, app.samplingBase);
    mistakes.push(...written.mistakes);
    if (hash.preset !== null && !known) mistakes.push(`preset=${hash.preset}`);
    app.setView(hash.view);
    app.store.set({ hide: hash.hide, lock: [], config: await this.fitting(config, mistakes) });
    app.setSampling(written.sampling);
    await this.openText(mistakes);
    const { device } = app.state;
    if (device && device.wish !== hash.backend) await app.switchDevice(hash.backend);
    app.store.set({ lock: hash.lock });
    if (mistakes.length) app.notices.add('problem', 'notice.link', { mistakes: mistakes.join(', ') }, null, { cause: 'link' });
    await this.nameUnknownParts(hash);
    if (this.address) this.write();
  }

  /** Says which names a link may hide and lock, where it names others. */
  private async nameUnknownParts({ hide, lock }: HashState): Promise<void> {
    const { app } = this;
    if (!hide.length && !lock.length) return;
    const { partNames, unknownParts } = await import('./partnames.ts');
    const known = partNames(app.state.config!).hide;
    const names = [...unknownParts(hide, known), ...unknownParts(lock, known)];
    if (names.length) app.notices.add('problem', 'notice.parts', { names: names.join(', '), known: known.join(', ') }, null, { cause: 'link' });
  }

  /** What the engine takes of a configuration; the rest is as in the preset. */
  private async fitting(config: Config, mistakes: Mistake[]): Promise<Config> {
    const base = this.app.state.config!;
    for (let left = differences(base, config).length; left > 0; left--) {
      try {
        await this.app.client.summarize(config.model, config.train);
        break;
      } catch (error) {
        const path = pathOf(config, asFailure(error));
        if (!path) break;
        mistakes.push(`${path}=${getOption(config, path)}`);
        config = withOption(config, path, getOption(base, path));
      }
    }
    return config;
  }

  private async openText(mistakes: Mistake[]): Promise<void> {
    const { app } = this;
    const boot = app.state.boot!;
    const asked = this.hash.corpus;
    const usual = corpusOf(boot, app.state.preset);
    if (asked !== null && asked !== OWN_TEXT && !boot.corpora.some(({ id }) => id === asked)) mistakes.push(`corpus=${asked}`);
    const corpus = boot.corpora.some(({ id }) => id === asked) ? asked! : usual;
    const base = baseConfig(boot, app.state.preset);
    const own = await this.brought();
    const open = (refused?: (failure: Failure) => void) => (own ? app.texts.bring(own, refused) : app.texts.openCorpus(corpus, refused));
    // Options that do not go with the text are mistakes of the link, too.
    for (let changed = differences(base, app.state.config!); changed.length; changed = differences(base, app.state.config!)) {
      let failure: Failure | null = null;
      if (await open((refusal) => (failure = refusal))) break;
      const config = app.state.config!;
      const path = (failure as Failure | null) && pathOf(config, failure!);
      const wrong = path && changed.includes(path) ? [path] : changed;
      mistakes.push(...wrong.map((each) => `${each}=${getOption(config, each)}`));
      app.store.set({ config: wrong.reduce((rest, each) => withOption(rest, each, getOption(base, each)), config) });
    }
    if (!differences(base, app.state.config!).length && !(await open()) && own) await app.texts.openCorpus(corpus);
    if (asked === OWN_TEXT) app.notices.add('problem', 'notice.ownText', {}, null, { cause: 'text' });
  }

  /** The host's own text; what is wrong with it is said. */
  private async brought(): Promise<TextSource | null> {
    try {
      return (await this.app.host.text?.()) ?? null;
    } catch (error) {
      this.app.notices.problem(error, 'text');
      return null;
    }
  }

  /** The address was changed by hand, or a link was opened in this tab. */
  follow(): void {
    const asked = this.app.host.fragment;
    if (asked === this.address) return;
    // Until it is agreed to, the address says what trains.
    this.show(this.address);
    void this.app.start().then(() => this.app.question.put({ event: 'link', name: '', act: () => this.take(asked) }));
  }

  private async take(asked: string): Promise<void> {
    const hash = readHash(asked);
    // Another build is another engine, and a page has one.
    if (hash.build !== this.hash.build) {
      await this.app.client.pause().catch(() => undefined);
      this.app.host.reopen(asked);
      return;
    }
    this.show(asked);
    await this.open(hash);
    await this.app.models.offer();
  }

  get backend(): Backend {
    return this.hash.backend;
  }

  /** The device that is asked for travels in the link. */
  asks(engine: Partial<Pick<HashState, 'backend' | 'build'>>): void {
    Object.assign(this.hash, engine);
    this.write();
  }

  /** Names this playground among those of the origin: what was trained in one is offered there and nowhere else. */
  get place(): string {
    const { key } = this.hash;
    return key ? `key:${key}` : `${this.app.host.place}#${this.app.state.runPreset ?? ''}`;
  }

  /** Whether something stored was trained here. An address that names no preset stands for all of them. */
  isHere(place: string): boolean {
    if (this.hash.key || this.hash.preset) return place === this.place;
    return place === '' || place.startsWith(`${this.app.host.place}#`);
  }

  /** Tells the worker what the present run is to be kept as. */
  label(): void {
    void this.app.client.label({ place: this.place, preset: this.app.state.runPreset }).catch(() => undefined);
  }

  /** All that a link can say of what trains. */
  get fragment(): string {
    return this.fragmentWith({});
  }

  /** The same, with what its readers are to find. */
  fragmentWith(wishes: Partial<Wishes>): string {
    const { app } = this;
    const { boot, session, config, runPreset: preset, text, hide, lock, view, language, sampling } = app.state;
    const trains = session?.config ?? config;
    if (!boot || !trains || !sampling) return this.address;
    const usual = corpusOf(boot, preset);
    const corpus = !text ? null : text.kind !== 'corpus' ? OWN_TEXT : text.name === usual ? null : text.name;
    const { seed, opening, temperature, ...shown } = wishes;
    const linked = {
      config: typeof seed === 'number' ? withOption(trains, 'train.seed', seed) : trains,
      base: baseConfig(boot, preset),
      sampling: { ...sampling, prefix: opening ?? sampling.prefix, temperature: temperature ?? sampling.temperature },
      samplingBase: app.samplingBase,
    };
    return writeHash({ ...this.hash, corpus, preset, hide, lock, view, language: app.host.embedded ? this.hash.language : language, ...shown }, linked);
  }

  get build(): BuildName | null {
    return this.hash.build;
  }

  /** The link to what trains. */
  get href(): string {
    return this.app.host.address + this.fragment;
  }

  /** The same in the build that computes the same on every machine, on the CPU. */
  get exact(): string {
    const parameters = new URLSearchParams(this.fragment.slice(1));
    parameters.delete('backend');
    parameters.set('build', 'simd');
    return `#${parameters}`;
  }

  write(): void {
    clearTimeout(this.timer);
    this.show(this.fragment);
  }

  /** For what changes with every move of a hand. */
  writeSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), SETTLES_MS);
  }

  /** Once something is in the address, all of it is. */
  writeIfAny(): void {
    if (this.address) this.write();
  }

  private show(fragment: string): void {
    this.address = fragment;
    this.app.host.show(fragment);
  }
}
