/** One classifier on an engine: what the API's methods do, wherever that runs. A call waits for the one before it. */
import type { ClassificationConfig, ClassificationEvaluation, ClassPrediction, Example, LiveOptions, TrainReport } from '../protocol/engine.ts';
import type { GpuEngine } from '../worker/builds.ts';
import { DeskError } from '../worker/failure.ts';
import type { Sources } from './host.ts';
import type { ClassifierConfig, ClassifierInfo, ClassifierOptions, Labelling } from './types.ts';

type Training = import('../../../pkg/webgpu/charloom.js').Classification;
type Model = import('../../../pkg/webgpu/charloom.js').ClassifierModel;

/** As it crosses to a worker. */
export interface ClassifierCreation {
  examples: readonly Example[] | null;
  set: string | null;
  model: Uint8Array | null;
  config: ClassifierConfig;
  backend: NonNullable<ClassifierOptions['backend']>;
}

/** Sentences of a set that is made up. */
const MADE_UP = 2000;

export class ClassifierHost {
  private engine: GpuEngine | null = null;
  private training: Training | null = null;
  /** Of a file without its examples: it can only answer. */
  private model: Model | null = null;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly sources: Sources) {}

  createClassifier({ examples, set, model, config, backend }: ClassifierCreation): Promise<null> {
    return this.next(async () => {
      // The one build that has the other tasks. It computes on the CPU too.
      this.engine = (await this.sources.load('webgpu')) as unknown as GpuEngine;
      const { Classification, ClassifierModel } = this.engine;
      const learns = set === null ? examples : this.engine.examples(set, MADE_UP, 1);
      if (model && learns) this.training = await Classification.resume(model, [...learns], backend);
      else if (model) this.model = ClassifierModel.open(model);
      else if (learns) this.training = await Classification.create([...learns], this.configured(config), backend);
      else throw noExamples('there is nothing to learn and no model: give examples, a set or a model file.');
      return null;
    });
  }

  train(budgetMs: number, maxSteps: number): Promise<TrainReport> {
    return this.next(() => this.trained().train(budgetMs, maxSteps));
  }

  set(options: LiveOptions): Promise<void> {
    return this.next(() => this.trained().set(options));
  }

  info(): Promise<ClassifierInfo> {
    return this.next(() => {
      const { backend, config, summary, labels, vocabulary_size, training, validation, skipped, position } = this.trained().info();
      return { backend, config, parameters: summary.parameters, labels, vocabularySize: vocabulary_size, training, validation, skipped, position };
    });
  }

  evaluate(of: readonly Example[] | 'training' | 'validation'): Promise<ClassificationEvaluation> {
    return this.next(() => {
      if (typeof of === 'string') return this.trained().evaluate(of);
      return this.answering((model) => model.evaluate([...of]));
    });
  }

  predict(texts: readonly string[]): Promise<Labelling[]> {
    return this.next(() =>
      this.answering(async (model) => {
        const { labels } = model;
        const answers = await model.predict([...texts]);
        const named = (probabilities: number[]) => Object.fromEntries(probabilities.map((p, i) => [labels[i]!, p]));
        return answers.map((answer: ClassPrediction) => ({ label: labels[answer.class]!, probabilities: named(answer.probabilities) }));
      }),
    );
  }

  save(): Promise<Uint8Array> {
    return this.next(() => this.trained().save());
  }

  free(): Promise<void> {
    return this.next(() => {
      this.training?.free();
      this.model?.free();
      this.training = this.model = null;
    });
  }

  private next<T>(job: () => T | Promise<T>): Promise<T> {
    const answer = this.tail.then(job);
    this.tail = answer.catch(() => undefined);
    return answer;
  }

  private trained(): Training {
    if (!this.training) throw this.model ? noExamples('this model came without its examples: it can only answer.') : gone();
    return this.training;
  }

  /** With the model as it is now. */
  private async answering<T>(question: (model: Model) => Promise<T>): Promise<T> {
    if (this.model) return question(this.model);
    const model = await this.trained().model();
    try {
      return await question(model);
    } finally {
      model.free();
    }
  }

  private configured(given: ClassifierConfig): ClassificationConfig {
    const defaults = this.engine!.classificationDefaults();
    const { classification, text, model, train } = given;
    return {
      ...defaults,
      classification: { ...defaults.classification, ...classification },
      text: { ...defaults.text, ...text },
      model: { ...defaults.model, ...model },
      train: { ...defaults.train, ...train },
    };
  }
}

const gone = () => new DeskError('disposed', 'this model was disposed of.');
const noExamples = (message: string) => new DeskError('no-examples', message);
