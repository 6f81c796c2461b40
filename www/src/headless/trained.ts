/** What every model has, whatever it learns. It is driven by whoever iterates: where nobody asks for the next step, none is made. */
import type { EpochReport, Failure, LiveOptions, Position, TrainConfig, TrainReport } from '../protocol/engine.ts';
import { toFailure } from '../worker/failure.ts';
import { CharloomError, type TrainedStep, type TrainRequest } from './types.ts';

/** A slice of training; whatever else is asked for waits at most so long. */
const SLICE_MS = 20;
const NO_LIMIT = 0x7fffffff;
const METRICS = 4;

/** The calls of every host, wherever it is. @internal */
export interface TrainingRemote {
  train(budgetMs: number, maxSteps: number): Promise<TrainReport>;
  info(): Promise<{ position: Position | null; config: { train: TrainConfig } }>;
  set(options: LiveOptions): Promise<void>;
  save(): Promise<Uint8Array>;
}

/** @internal */
export function asCharloomError(error: unknown): CharloomError {
  return error instanceof CharloomError ? error : new CharloomError(toFailure(error));
}

/** Runs a call; whatever it throws becomes a CharloomError. @internal */
export async function tried<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw asCharloomError(error);
  }
}

/** Waits until `begun` has begun, or `signal` ends it; where it fails, `end` gives back what was taken. @internal */
export async function begun(started: () => Promise<unknown>, signal: AbortSignal | undefined, end: () => Promise<void> | void): Promise<void> {
  try {
    signal?.throwIfAborted();
    const begins = tried(started());
    await (signal ? Promise.race([begins, aborted(signal)]) : begins);
  } catch (error) {
    await end();
    throw error;
  }
}

/** @internal */
export async function fileBytes(model: Blob | ArrayBuffer | Uint8Array | undefined): Promise<Uint8Array | null> {
  return model === undefined ? null : new Uint8Array(model instanceof Blob ? await model.arrayBuffer() : model);
}

/** A model in training. Calls may overlap: each waits for the one before. */
export abstract class Trained {
  /** @internal */
  protected ended = false;
  #host: TrainingRemote;
  #end: () => Promise<void> | void;
  #training: Promise<void> = Promise.resolve();
  #over = () => undefined as void;
  #ending = new Promise<void>((resolve) => (this.#over = resolve));

  /** @internal */
  protected constructor(host: TrainingRemote, end: () => Promise<void> | void) {
    this.#host = host;
    this.#end = end;
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
      const { position, config } = await this.call(() => this.#host.info());
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
        const report = await this.call(() => this.#host.train(SLICE_MS, Math.min(NO_LIMIT, end - at)));
        at = report.position.step;
        yield* told(report.metrics, report.epochs, perEpoch);
        const { stopped } = report;
        if (stopped?.reason === 'finished' || stopped?.reason === 'no-better') return;
        if (stopped) {
          const [step = '', kept = ''] = (stopped.steps ?? []).map(String);
          throw new CharloomError({ code: stopped.reason, message: `${stopped.message} ${stopped.advice}`.trim(), values: { step, kept } });
        }
      }
    } finally {
      release();
    }
  }

  /** Changes options from the next step on. Where one is out of range, none is changed. */
  set(options: LiveOptions): Promise<void> {
    return this.call(() => this.#host.set(options));
  }

  /** The model file: safetensors, as the command line writes it. */
  save(): Promise<Uint8Array> {
    return this.call(() => this.#host.save());
  }

  /** Gives back memory and worker. Whatever is still asked for fails with `disposed`. */
  async dispose(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    this.#over();
    await this.#end();
  }

  /** @internal */
  protected call<T>(call: () => Promise<T>): Promise<T> {
    const gone: Failure = { code: 'disposed', message: 'this model was disposed of.' };
    return this.ended ? Promise.reject(new CharloomError(gone)) : tried(call());
  }
}

export interface Trained {
  [Symbol.asyncDispose](): Promise<void>;
}
// Older browsers have no such symbol.
if (Symbol.asyncDispose) Trained.prototype[Symbol.asyncDispose] = Trained.prototype.dispose;

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
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
