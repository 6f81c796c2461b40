/** A network that learns to write, as a program has it. */
import type { Inspection, SampledCharacter } from '../protocol/engine.ts';
import type { Creation, Host } from './host.ts';
import { begun, fileBytes, Trained } from './trained.ts';
import type { Evaluation, LoomInfo, LoomOptions, WriteRequest } from './types.ts';

const LENGTH = 200;
const CHARACTERS_PER_TURN = 16;

/** The host's calls, wherever it is. @internal */
export type Remote = Pick<Host, 'create' | 'train' | 'info' | 'set' | 'evaluate' | 'inspect' | 'save' | 'beginWriting' | 'writeOn' | 'endWriting' | 'free'>;

/** A network with its text: trains, writes, tells of itself. */
export class Loom extends Trained {
  #host: Remote;

  private constructor(host: Remote, end: () => Promise<void> | void) {
    super(host, end);
    this.#host = host;
  }

  /** @internal */
  static async begin(host: Remote, options: LoomOptions, end: () => Promise<void> | void = () => host.free()): Promise<Loom> {
    await begun(async () => host.create(await creation(options)), options.signal, end);
    return new Loom(host, end);
  }

  /** What the model is and where its training stands. */
  info(): Promise<LoomInfo> {
    return this.call(() => this.#host.info());
  }

  /**
   * Writes, character by character, with a copy of the parameters as they are when it begins.
   * @throws {CharloomError} `unknown-character` where `startWith` has one that the model never saw
   */
  async *write({ length = LENGTH, signal, ...options }: WriteRequest = {}): AsyncGenerator<SampledCharacter, void, undefined> {
    signal?.throwIfAborted();
    const id = await this.call(() => this.#host.beginWriting(options));
    try {
      for (let written = 0; written < length; written += CHARACTERS_PER_TURN) {
        signal?.throwIfAborted();
        yield* await this.call(() => this.#host.writeOn(id, Math.min(CHARACTERS_PER_TURN, length - written)));
      }
    } finally {
      if (!this.ended) await this.call(() => this.#host.endWriting(id));
    }
  }

  /** How well it predicts a text, or without one the part of its own that was held back (`text.validation`). */
  evaluate(text?: string): Promise<Evaluation> {
    return this.call(() => this.#host.evaluate(text ?? null));
  }

  /** What happens inside over a text: states, gates, surprise, gradients. */
  inspect(text: string): Promise<Inspection> {
    return this.call(() => this.#host.inspect(text));
  }
}

async function creation({ text, corpus, model, config = {}, backend = 'cpu' }: LoomOptions): Promise<Creation> {
  return {
    text: text instanceof Blob ? await text.text() : (text ?? null),
    corpus: corpus ?? null,
    model: await fileBytes(model),
    config,
    backend,
  };
}
