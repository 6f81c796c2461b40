/** A network that says which label a text has, as a program has it. */
import type { ClassificationEvaluation, Example } from '../protocol/engine.ts';
import type { ClassifierCreation, ClassifierHost } from './classifierhost.ts';
import { begun, fileBytes, Trained } from './trained.ts';
import type { ClassifierInfo, ClassifierOptions, Labelling } from './types.ts';

/** The host's calls, wherever it is. @internal */
export type ClassifierRemote = Pick<ClassifierHost, 'createClassifier' | 'train' | 'info' | 'set' | 'evaluate' | 'predict' | 'save' | 'free'>;

/** A classifier with its examples: trains, answers, tells what its answers are worth. */
export class TextClassifier extends Trained {
  #host: ClassifierRemote;

  private constructor(host: ClassifierRemote, end: () => Promise<void> | void) {
    super(host, end);
    this.#host = host;
  }

  /** @internal */
  static async begin(host: ClassifierRemote, options: ClassifierOptions, end: () => Promise<void> | void = () => host.free()): Promise<TextClassifier> {
    await begun(async () => host.createClassifier(await creation(options)), options.signal, end);
    return new TextClassifier(host, end);
  }

  /** What the model is and where its training stands. */
  info(): Promise<ClassifierInfo> {
    return this.call(() => this.#host.info());
  }

  /**
   * Accuracy, confusion matrix, precision, recall and F1 over some examples, or over a part of its own: what was held back,
   * unless `'training'` is asked for.
   * @throws {CharloomError} `unknown-label`; `no-validation` where nothing was held back; `no-examples` of a part that a model without its examples does not have
   */
  evaluate(of: readonly Example[] | 'training' | 'validation' = 'validation'): Promise<ClassificationEvaluation> {
    return this.call(() => this.#host.evaluate(of));
  }

  /**
   * Which label each text has, with the parameters as they are now.
   * @throws {CharloomError} `no-tokens` of a text without a word
   */
  predict(texts: readonly string[]): Promise<Labelling[]> {
    return this.call(() => this.#host.predict(texts));
  }
}

async function creation({ examples, set, model, config = {}, backend = 'cpu' }: ClassifierOptions): Promise<ClassifierCreation> {
  return { examples: examples ?? null, set: set ?? null, model: await fileBytes(model), config, backend };
}
