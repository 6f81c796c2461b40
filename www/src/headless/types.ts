/** What the headless API takes and gives. */
import type { Build, ClassificationConfig, ClassificationOptions, Config, EpochReport, Example, Failure, ModelConfig, Position, TextConfig, TrainConfig } from '../protocol/engine.ts';

/** Any part of a configuration; what is left out has the default of the command line and the page. */
export interface LoomConfig {
  /** What the network learns to do; only `'language'`, the next character of a text; labels have a creator of their own. */
  task?: 'language';
  text?: Partial<TextConfig>;
  model?: Partial<ModelConfig>;
  train?: Partial<TrainConfig>;
}

export interface LoomOptions {
  /** The text to learn. A Blob is read as UTF-8. */
  text?: string | Blob;
  /** Instead of `text`: one that comes with Charloom, `'lyrics-en'` or `'lyrics-zh'`. */
  corpus?: string;
  /** A model file to go on with. With its text it trains on, exactly where it stood; without, it can only write. */
  model?: Blob | ArrayBuffer | Uint8Array;
  /** Of a new model. Batches that no `config` sets are made to fit a short text. */
  config?: LoomConfig;
  /** `'cpu'` (the default), `'webgpu'`, or `'auto'`: the faster one, measured. */
  backend?: 'auto' | 'webgpu' | 'cpu';
  /** `'simd'` and `'scalar'` give the same numbers, bit for bit, on every machine. Default: the fastest that runs here. */
  build?: Exclude<Build, 'threads'>;
  /** The folder with Charloom's files, where it is not the package's own. */
  base?: string | URL;
  /** Compute in the caller's thread instead of a worker. Node, and a caller that is a worker, always do. */
  here?: boolean;
  /** Aborts the start. */
  signal?: AbortSignal;
}

/** Any part of a classifier's configuration; what is left out has the default of the command line. */
export interface ClassifierConfig {
  classification?: Partial<ClassificationOptions>;
  text?: Partial<TextConfig>;
  model?: Partial<ModelConfig>;
  train?: Partial<TrainConfig>;
}

export interface ClassifierOptions {
  /** Texts and their labels, of two labels or more. */
  examples?: readonly Example[];
  /** Instead of `examples`: sentences that Charloom makes up, `'reviews-en'` or `'reviews-zh'`. */
  set?: string;
  /** A model file to go on with. With its examples it trains on, exactly where it stood; without, it can only answer. */
  model?: Blob | ArrayBuffer | Uint8Array;
  /** Of a new model. */
  config?: ClassifierConfig;
  /** `'cpu'` (the default), `'webgpu'`, or `'auto'`: the faster one, measured. */
  backend?: 'auto' | 'webgpu' | 'cpu';
  /** The folder with Charloom's files, where it is not the package's own. */
  base?: string | URL;
  /** Compute in the caller's thread instead of a worker. Node, and a caller that is a worker, always do. */
  here?: boolean;
  /** Aborts the start. */
  signal?: AbortSignal;
}

/** What a text is. */
export interface Labelling {
  /** The likeliest label. */
  label: string;
  /** How likely each label is; together 1. */
  probabilities: Record<string, number>;
}

/** What a classifier is. */
export interface ClassifierInfo {
  backend: 'webgpu' | 'cpu';
  config: ClassificationConfig;
  parameters: number;
  /** In the order of the confusion matrix. */
  labels: string[];
  /** Padding and the unknown token included. */
  vocabularySize: number;
  /** Examples that are learned from. */
  training: number;
  /** Examples that are held back. */
  validation: number;
  /** Examples without a word, which were left out. */
  skipped: number;
  position: Position;
}

/** One optimiser step. */
export interface TrainedStep {
  /** Counted from 1 over the whole training. */
  step: number;
  /** Mean cross-entropy of the minibatch before the step, in nats per character. */
  loss: number;
  /** L2 norm of the gradient of all parameters, before clipping. */
  gradientNorm: number;
  /** The learning rate that the step had. */
  lr: number;
  /** The epoch that ended with this step; null where none did. */
  epoch: EpochReport | null;
}

export interface TrainRequest {
  /** So many epochs from where it stands. Without `epochs` and `steps` it goes on to the end that the configuration sets. */
  epochs?: number;
  /** So many optimiser steps. */
  steps?: number;
  signal?: AbortSignal;
}

export interface WriteRequest {
  /** What the writing goes on from; empty by default. */
  startWith?: string;
  /** Characters; 200 by default. */
  length?: number;
  /** Divides the logits: below 1 it writes what is likelier, above 1 more freely. */
  temperature?: number;
  /** Only the k likeliest characters; 0 for all. */
  topK?: number;
  /** Only the likeliest characters that have this share together; 1 for all. */
  topP?: number;
  /** Always the likeliest character. */
  greedy?: boolean;
  /** The same seed writes the same. */
  seed?: number;
  /** Likeliest characters told beside each written one. */
  alternatives?: number;
  /** Leave out characters of `startWith` that the model does not know, instead of failing. */
  skipUnknown?: boolean;
  /** With the parameters that predicted the held-back part best, where there are such. */
  best?: boolean;
  signal?: AbortSignal;
}

/** How well a model predicts a text. */
export interface Evaluation {
  /** Mean cross-entropy, in nats per character. */
  loss: number;
  /** Its exponential. */
  perplexity: number;
  /** Of the text. */
  characters: number;
}

/** What a model is. */
export interface LoomInfo {
  backend: 'webgpu' | 'cpu';
  build: Build;
  config: Config;
  parameters: number;
  /** In token order. */
  vocabulary: string[];
  /** Null of a model that came without its text. */
  position: Position | null;
  /** Of the prepared text: the same text has the same. Null of a model that came without it. */
  fingerprint: string | null;
}

/** Every failure. Programs look at `code`; `field` names the option at fault, `values` are what the message holds. */
export class CharloomError extends Error {
  readonly code: string;
  readonly field?: string;
  readonly values: Record<string, string>;

  constructor({ code, message, field, values = {} }: Failure) {
    super(message);
    this.name = 'CharloomError';
    this.code = code;
    if (field !== undefined) this.field = field;
    this.values = values;
  }
}
