/** The model as a program has it. It is driven by whoever iterates: where nobody asks for the next step, none is made. */
import type { EpochReport, Failure, Inspection, LiveOptions, SampledCharacter } from '../protocol/engine.ts';
import { toFailure } from '../worker/failure.ts';
import type { Creation, Host } from './host.ts';
import { CharloomError, type Evaluation, type LoomInfo, type LoomOptions, type TrainedStep, type TrainRequest, type WriteRequest } from './types.ts';

/** A slice of training; whatever else is asked for waits at most so long. */
const SLICE_MS = 20;
const NO_LIMIT = 0x7fffffff;
const METRICS = 4;
const LENGTH = 200;
const CHARACTERS_PER_TURN = 16;

/** The host's calls, wherever it is. @internal */
export type Remote = Pick<Host, 'create' | 'train' | 'info' | 'set' | 'evaluate' | 'inspect' | 'save' | 'beginWriting' | 'writeOn' | 'endWriting' | 'free'>;

/** @internal */
export function asCharloomError(error: unknown): CharloomError {
  return error instanceof CharloomError ? error : new CharloomError(toFailure(error));
}

/** Runs a call; whatever it throws becomes a CharloomError. */
async function tried<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw asCharloomError(error);
  }
}

/** A network with its text: trains, writes, tells of itself. Calls may overlap: each waits for the one before. */
export class Loom {
  #host: Remote;
  #end: () => Promise<void> | void;
  #training: Promise<void> = Promise.resolve();
  #ended = false;
  #over = () => undefined as void;
  #ending = new Promise<void>((resolve) => (this.#over = resolve));

  private constructor(host: Remote, end: () => Promise<void> | void) {
    this.#host = host;
    this.#end = end;
  }

  /** @internal */
  static async begin(host: Remote, options: LoomOptions, end: () => Promise<void> | void = () => host.free()): Promise<Loom> {
    try {
      const { signal } = options;
      signal?.throwIfAborted();
      const begun = tried(host.create(await creation(options)));
      await (signal ? Promise.race([begun, aborted(signal)]) : begun);
      return new Loom(host, end);
    } catch (error) {
      await end();
      throw error;
    }
  }

  /** What the model is and where its training stands. */
  info(): Promise<LoomInfo> {
    return this.#call(() => this.#host.info());
  }

  /**
   * Trains, and tells of each step. Leaving the loop pauses, after the slice of at most 20 ms that has begun: the model may
   * be some steps further than was told, and `info().position` says where. Another `train` goes on; a second one waits
   * until the first is left.
   * @throws {CharloomError} `diverged` with the step it went back to, `no-text` of a model without its text
   */
  async *train({ epochs, steps, signal }: TrainRequest = {}): AsyncGenerator<TrainedStep, void, undefined> {
    const before = this.#training;
    let release = () => undefined as void;
    this.#training = new Promise((resolve) => (release = resolve));
    try {
      await Promise.race([before, this.#ending]);
      const { position, config } = await this.info();
      const perEpoch = position?.batches_per_epoch ?? 1;
      const begun = position?.step ?? 0;
      let left = steps ?? NO_LIMIT;
      if (epochs !== undefined) {
        const target = (position?.epoch ?? 0) + epochs;
        left = Math.min(left, (target - (position?.epoch ?? 0)) * perEpoch - (position?.batch ?? 0));
        // What is asked for here goes beyond what was configured.
        if (config.train.epochs && target > config.train.epochs) await this.set({ epochs: target });
      }
      const end = left === NO_LIMIT ? Infinity : begun + left;
      let at = begun;
      while (at < end) {
        signal?.throwIfAborted();
        const report = await this.#call(() => this.#host.train(SLICE_MS, Math.min(NO_LIMIT, end - at)));
        at = report.position.step;
        yield* told(report.metrics, report.epochs, perEpoch);
        const { stopped } = report;
        if (stopped?.reason === 'finished') return;
        if (stopped) {
          const [step = '', kept = ''] = (stopped.steps ?? []).map(String);
          throw new CharloomError({ code: stopped.reason, message: `${stopped.message} ${stopped.advice}`.trim(), values: { step, kept } });
        }
      }
    } finally {
      release();
    }
  }

  /**
   * Writes, character by character, with a copy of the parameters as they are when it begins.
   * @throws {CharloomError} `unknown-character` where `startWith` has one that the model never saw
   */
  async *write({ length = LENGTH, signal, ...options }: WriteRequest = {}): AsyncGenerator<SampledCharacter, void, undefined> {
    signal?.throwIfAborted();
    const id = await this.#call(() => this.#host.beginWriting(options));
    try {
      for (let written = 0; written < length; written += CHARACTERS_PER_TURN) {
        signal?.throwIfAborted();
        yield* await this.#call(() => this.#host.writeOn(id, Math.min(CHARACTERS_PER_TURN, length - written)));
      }
    } finally {
      if (!this.#ended) await this.#call(() => this.#host.endWriting(id));
    }
  }

  /** How well it predicts a text, or without one the part of its own that was held back (`text.validation`). */
  evaluate(text?: string): Promise<Evaluation> {
    return this.#call(() => this.#host.evaluate(text ?? null));
  }

  /** What happens inside over a text: states, gates, surprise, gradients. */
  inspect(text: string): Promise<Inspection> {
    return this.#call(() => this.#host.inspect(text));
  }

  /** Changes options from the next step on. Where one is out of range, none is changed. */
  set(options: LiveOptions): Promise<void> {
    return this.#call(() => this.#host.set(options));
  }

  /** The model file: safetensors, as the page and the command line write it. */
  save(): Promise<Uint8Array> {
    return this.#call(() => this.#host.save());
  }

  /** Gives back memory and worker. Whatever is still asked for fails with `disposed`. */
  async dispose(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#over();
    await this.#end();
  }

  #call<T>(call: () => Promise<T>): Promise<T> {
    const gone: Failure = { code: 'disposed', message: 'this model was disposed of.' };
    return this.#ended ? Promise.reject(new CharloomError(gone)) : tried(call());
  }
}

export interface Loom {
  [Symbol.asyncDispose](): Promise<void>;
}
// Older browsers have no such symbol.
if (Symbol.asyncDispose) Loom.prototype[Symbol.asyncDispose] = Loom.prototype.dispose;

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

async function creation({ text, corpus, model, config = {}, backend = 'cpu' }: LoomOptions): Promise<Creation> {
  return {
    text: text instanceof Blob ? await text.text() : (text ?? null),
    corpus: corpus ?? null,
    model: model === undefined ? null : new Uint8Array(model instanceof Blob ? await model.arrayBuffer() : model),
    config,
    backend,
  };
}

/** Rows of the engine as steps; an epoch belongs to the step that ended it. */
function* told(metrics: Float64Array, epochs: readonly EpochReport[], perEpoch: number): Generator<TrainedStep> {
  for (let row = 0; row < metrics.length; row += METRICS) {
    const [before, loss, gradientNorm, lr] = metrics.subarray(row, row + METRICS) as unknown as [number, number, number, number];
    // The engine counts from 0.
    const step = before + 1;
    yield { step, loss, gradientNorm, lr, epoch: epochs.find((each) => each.epoch * perEpoch === step) ?? null };
  }
}
