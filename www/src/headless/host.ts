/**
 * One model on an engine: what the API's methods do, wherever that runs. A call waits for the one before it, because an
 * async method of the engine holds its object until it answers.
 */
import type { Config, Given, Inspection, LiveOptions, SampledCharacter, SampleOptions, Sampler, Session, TrainReport } from '../protocol/engine.ts';
import { DeskError } from '../worker/failure.ts';
import type { Evaluation, LoomConfig, LoomInfo, LoomOptions, WriteRequest } from './types.ts';

type Glue = typeof import('../../../pkg/simd/charloom.js');
export type Engine = Omit<Glue, 'default' | 'initSync'>;

/** Newer than some build that may lie in `pkg`: so the page can be made beside one. */
type Evaluating = Session & { evaluate(text: string | null): Promise<Evaluation> };

export interface Sources {
  /** The engine for a backend. */
  load(backend: NonNullable<LoomOptions['backend']>): Promise<Engine>;
  /** A text that comes with Charloom. */
  corpus(id: string): Promise<string>;
}

/** As it crosses to a worker. */
export interface Creation {
  text: string | null;
  corpus: string | null;
  model: Uint8Array | null;
  config: LoomConfig;
  backend: NonNullable<LoomOptions['backend']>;
}

export type Writing = Omit<WriteRequest, 'length' | 'signal'>;

export class Host {
  private session: Session | null = null;
  private engine: Engine | null = null;
  private readonly samplers = new Map<number, Sampler>();
  private lastSampler = 0;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly sources: Sources) {}

  create({ text, corpus, model, config, backend }: Creation): Promise<LoomInfo> {
    return this.next(async () => {
      this.engine = await this.sources.load(backend);
      const learns = corpus === null ? text : await this.sources.corpus(corpus);
      if (model) this.session = await this.engine.Session.resume(model, learns ?? undefined, backend);
      else if (learns !== null) this.session = await this.engine.Session.create(learns, this.configured(config, learns), backend);
      else throw new DeskError('no-text', 'there is nothing to learn and no model: give a text, a corpus or a model file.');
      return this.told();
    });
  }

  /** About `budgetMs` of training, or `maxSteps`. */
  train(budgetMs: number, maxSteps: number): Promise<TrainReport> {
    return this.next(() => this.mine().train(budgetMs, maxSteps));
  }

  info(): Promise<LoomInfo> {
    return this.next(() => this.told());
  }

  set(options: LiveOptions): Promise<void> {
    return this.next(() => this.mine().set(options));
  }

  evaluate(text: string | null): Promise<Evaluation> {
    return this.next(() => (this.mine() as Evaluating).evaluate(text));
  }

  inspect(text: string): Promise<Inspection> {
    return this.next(() => this.mine().inspect(text));
  }

  save(): Promise<Uint8Array> {
    return this.next(() => this.mine().save());
  }

  /** A writer with a copy of the present parameters; answers with its number. */
  beginWriting({ startWith, topK, topP, skipUnknown, best, ...same }: Writing): Promise<number> {
    return this.next(async () => {
      const given: Partial<SampleOptions> = { ...same, prefix: startWith, top_k: topK, top_p: topP, skip_unknown: skipUnknown } as Partial<SampleOptions>;
      const set = Object.entries(given).filter(([, value]) => value !== undefined);
      const options: SampleOptions = { ...this.engine!.sampleDefaults(), ...Object.fromEntries(set) };
      this.samplers.set(++this.lastSampler, await this.mine().sampler(options, best ?? false));
      return this.lastSampler;
    });
  }

  writeOn(id: number, count: number): Promise<SampledCharacter[]> {
    return this.next(() => this.samplers.get(id)!.next(count));
  }

  endWriting(id: number): Promise<void> {
    return this.next(() => {
      this.samplers.get(id)?.free();
      this.samplers.delete(id);
    });
  }

  free(): Promise<void> {
    return this.next(() => {
      for (const sampler of this.samplers.values()) sampler.free();
      this.samplers.clear();
      this.session?.free();
      this.session = null;
    });
  }

  private next<T>(job: () => T | Promise<T>): Promise<T> {
    const answer = this.tail.then(job);
    this.tail = answer.catch(() => undefined);
    return answer;
  }

  private mine(): Session {
    if (!this.session) throw new DeskError('disposed', 'this model was disposed of.');
    return this.session;
  }

  private told(): LoomInfo {
    const { backend, build, config, summary, vocabulary, position, fingerprint } = this.mine().info();
    return { backend, build, config, parameters: summary.parameters, vocabulary, position, fingerprint };
  }

  /** All of a configuration; what nobody chose is made to fit the text. */
  private configured(given: LoomConfig, text: string): Config {
    const defaults = this.engine!.defaults();
    const { text: aboutText, model, train, ...rest } = given;
    const config = { ...defaults, ...rest, text: { ...defaults.text, ...aboutText }, model: { ...defaults.model, ...model }, train: { ...defaults.train, ...train } };
    const chosen: Given = { batch_size: train?.batch_size !== undefined, steps: train?.steps !== undefined, validation: aboutText?.validation !== undefined };
    return this.engine!.fitted(config, this.engine!.inspectText(text, config.text).characters, chosen);
  }
}
