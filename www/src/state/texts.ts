/** Which text is trained on: choosing, opening and reading it again. */
import { asFailure } from '../client/client.ts';
import type { Config, SessionInfo } from '../protocol/engine.ts';
import type { Failure, TextSource, TextView } from '../protocol/messages.ts';
import { readingChoices, type ReadingChoices } from '../protocol/reading.ts';
import { openPart } from '../parts.ts';
import type { App } from './app.ts';
import type { PageEvent } from './machine.ts';
import { differences, type OptionPath } from './config.ts';
import { givenOf, unfitted } from './fit.ts';
import { isModel } from './modelfile.ts';
import { baseConfig, corpusOf, presetFor } from './presets.ts';

/** Failures of files that are read once somebody says how. */
const READ_BY_HAND = /^(no-encoding|binary|document)$/;

/** The settings that a text is opened with. */
interface Settings {
  preset: string | null;
  config: Config;
  /** Options that were chosen by hand: they are not made to fit. */
  chosen: ReadonlySet<OptionPath>;
}

export class TextControl {
  /** Whether the user or the link chose the text: then another language does not change it. */
  chosen = false;
  private reading: Promise<unknown> = Promise.resolve();
  /** Where the present text came from; null where a stored model brought it. */
  private source: TextSource | null = null;

  constructor(private readonly app: App) {}

  /** When nothing is being read. */
  async idle(): Promise<void> {
    await this.reading;
  }

  /** `refused` is told of a failure in place of the user. */
  openCorpus(id: string, refused?: (failure: Failure) => void): Promise<boolean> {
    return this.read({ kind: 'corpus', id }, refused);
  }

  /** The host's choice, which nobody is asked about and nothing locks. */
  async bring(source: TextSource, refused?: (failure: Failure) => void): Promise<boolean> {
    const opened = await this.read(source, refused);
    if (opened) this.chosen = true;
    return opened;
  }

  /** The user's choice. */
  openText(
    source: TextSource,
    event: PageEvent = source.kind === 'corpus' ? 'text' : source.kind === 'paste' ? 'paste' : 'file',
    choices: Partial<ReadingChoices> = {},
  ): Promise<void> {
    if (this.app.refuses(source.kind === 'corpus' ? 'corpus' : 'own-text')) return Promise.resolve();
    const act = async () => {
      if (!(await this.read(source, undefined, this.settings(choices)))) return;
      this.chosen = true;
      this.app.links.write();
    };
    return this.app.question.put({ event, name: nameOf(source), act });
  }

  /**
   * One's own text, with the settings as they are or those that are chosen for it. `answered` is told once it has been
   * opened, or why it was refused; that may be after the question.
   */
  openOwn(source: TextSource, keepSettings: boolean, answered: (refusal: Failure | null) => void): Promise<void> {
    const act = async () => {
      const settings = keepSettings ? this.settings() : this.settingsForOwn();
      let refusal: Failure | null = null;
      const opened = await this.read(source, (failure) => (refusal = failure), settings);
      if (opened) {
        this.chosen = true;
        this.app.links.write();
      }
      answered(refusal);
    };
    return this.app.question.put({ event: source.kind === 'paste' ? 'paste' : 'file', name: nameOf(source), act });
  }

  /** Whether the settings are others than would be chosen for one's own text. */
  get ownSettings(): boolean {
    return differences(this.settingsForOwn().config, this.settings().config).length > 0;
  }

  /** As they are, but for what was made to fit another text, and how that was read: this one's reading is `choices`. */
  private settings(choices: Partial<ReadingChoices> = {}): Settings {
    const { preset, config, boot } = this.app.state;
    const { chosen } = this.app.options;
    const unfit = unfitted(config!, baseConfig(boot!, preset), chosen);
    return { preset, config: asRead(unfit, { ...readingChoices(boot!.defaults.text), ...choices }), chosen };
  }

  private settingsForOwn(): Settings {
    const { boot, language } = this.app.state;
    const preset = presetFor(boot!, language);
    return { preset, config: this.app.options.locked(baseConfig(boot!, preset)), chosen: new Set() };
  }

  private read(source: TextSource, refused?: (failure: Failure) => void, settings = this.settings()): Promise<boolean> {
    const answer = this.readNow(source, settings, refused);
    this.reading = answer;
    return answer;
  }

  private async readNow(source: TextSource, settings: Settings, refused?: (failure: Failure) => void): Promise<boolean> {
    const { app } = this;
    const before = app.state.phase;
    app.notices.clear('text');
    app.store.set({ reading: nameOf(source) });
    app.enter('reads');
    try {
      const { text, info, resumed } = await app.client.openText(source, settings.config, source.kind === 'corpus' ? null : givenOf(settings.chosen));
      app.store.set({ text, refused: null });
      this.showReading(text);
      app.notices.clear('text', 'model', 'run');
      if (resumed) this.wentOn(info, text);
      else {
        app.options.take(settings.preset, settings.chosen, settings.config, info.config);
        app.run.begun(info);
      }
      this.source = source;
      return true;
    } catch (error) {
      app.return(before === 'training' ? 'paused' : before);
      const failure = asFailure(error);
      if (refused) refused(failure);
      else app.notices.problem(error, 'text');
      if (source.kind !== 'corpus' && READ_BY_HAND.test(failure.code)) {
        app.store.set({ refused: { source, failure } });
        void app.notices.attempt(() => openPart('reading', app.state.language));
      }
      return false;
    } finally {
      app.store.set({ reading: null });
    }
  }

  /** Reads the present text once more, for an engine that has lost it. */
  again(): Promise<boolean> {
    const choices = readingChoices(this.app.state.config!.text);
    return this.source ? this.read(this.source, undefined, this.settings(choices)) : this.openCorpus(corpusOf(this.app.state.boot!, this.app.state.preset));
  }

  /** A model brought its text along. */
  adopted(text: TextView): void {
    const { kind, name } = text;
    this.showReading(text);
    this.source = kind === 'corpus' ? { kind, id: name } : null;
  }

  /** A model that could only write has found a text to train on. */
  private wentOn(info: SessionInfo, text: TextView): void {
    this.app.models.adopt({ info, text, unfit: null, view: undefined, copy: false });
    this.app.notices.add('info', info.exact ? 'notice.resumed' : 'notice.otherText', {
      epoch: info.position?.epoch ?? 0,
      step: info.position?.step ?? 0,
    });
  }

  private showReading({ reading }: TextView): void {
    if (reading) void this.app.notices.attempt(() => openPart('reading', this.app.state.language));
  }

  /** The present files, read otherwise; where that fails, everything stays as it was. */
  setReading(choices: Partial<ReadingChoices>): Promise<void> {
    const { app } = this;
    if (app.refuses('own-text')) return Promise.resolve();
    const act = async () => {
      const before = app.state.config!;
      app.store.set({ config: asRead(before, choices) });
      if (!(await this.reread())) {
        app.store.set({ config: before });
        return;
      }
      const { config, preset } = app.state;
      const { chosen } = app.options;
      app.options.take(preset, chosen, config!, await app.client.fitted(config!, givenOf(chosen)));
      await app.run.begin();
    };
    return app.question.put({ event: 'encoding', name: String(Object.values(choices)[0]).toUpperCase(), act });
  }

  /** The refused files, as somebody says they are to be read. */
  async readRefused(choices: Partial<ReadingChoices>): Promise<void> {
    const { refused } = this.app.state;
    if (refused) await this.openText(refused.source, 'file', choices);
  }

  /** The text under the options that are drawn. */
  async reread(): Promise<boolean> {
    try {
      this.app.store.set({ text: await this.app.client.rereadText(this.app.state.config!.text) });
      this.app.notices.clear('text');
      return true;
    } catch (error) {
      this.app.options.blame(null, error);
      return false;
    }
  }

  /** Dropped, pasted or picked files: a model or a result where a file is one, else a text; several texts are looked at first. */
  async openFiles(files: readonly File[], event: PageEvent = 'file'): Promise<void> {
    const { app } = this;
    const [file] = files;
    for (const each of files) if (await isModel(each).catch(() => false)) return app.models.importModel(each);
    if (files.length > 1) return this.ask('', files);
    if (!file) return;
    if (await isResult(file)) {
      await app.notices.attempt(async () => (await import('../teacher/open.ts')).openResult(app, file));
      return;
    }
    return this.openText({ kind: 'file', file }, event);
  }

  /** Opens the sheet for one's own text. */
  async ask(text = '', files: readonly File[] = []): Promise<void> {
    if (this.app.refuses('own-text')) return;
    await this.app.notices.attempt(async () => (await import('../owntext/sheet.ts')).openOwnText(this.app, text, files));
  }
}

/** A configuration with another reading of the text. */
function asRead(config: Config, choices: Partial<ReadingChoices>): Config {
  return { ...config, text: { ...config.text, ...choices } as Config['text'] };
}

/** By how it begins: a damaged one is to be told from a text. */
async function isResult(file: File): Promise<boolean> {
  return /\.json$/i.test(file.name) && (await file.slice(0, 200).text()).includes('"charloom-result"');
}

export function nameOf(source: TextSource): string {
  if (source.kind === 'corpus') return source.id;
  if (source.kind === 'paste') return '';
  return (source.kind === 'file' ? [source.file] : source.files).map(({ name }) => name).join(' + ');
}
