export type Cell = 'rnn' | 'lstm' | 'gru';
export interface ModelConfig {
  cell: Cell; hidden_size: number; num_layers: number;
  input: 'one-hot' | 'embedding'; embedding_dim: number;      // embedding_dim 0 = hidden_size
  nonlinearity: 'tanh' | 'relu';        // rnn only
  reset_after: boolean;                 // gru only
  bias: boolean; dropout: number;
  init: string;                         // 'pytorch' | 'keras' | 'normal:0.01'
  forget_bias: number;                  // lstm only
}
export interface TrainConfig {
  batch_size: number; steps: number; sampling: 'random' | 'consecutive';
  optimizer: 'sgd' | 'rmsprop' | 'adam' | 'adamw' | 'adagrad';
  lr: number; momentum: number; nesterov: boolean; weight_decay: number;
  beta1: number; beta2: number; alpha: number; eps: number;
  clip: 'none' | 'norm' | 'tensor-norm' | 'value'; clip_threshold: number;
  schedule: 'constant' | 'step' | 'cosine'; warmup_steps: number; decay_steps: number; gamma: number; min_lr: number;
  epochs: number;                       // 0 = until stopped
  patience?: number;                    // epochs without a better one after which it stops, with the best parameters; absent = 0 = never
  seed: number;
}
export interface TextConfig {
  encoding: string;                     // 'auto' or a WHATWG label
  format: 'auto' | 'plain' | 'timed' | 'table' | 'json'; column: string | null;
  invisible: 'keep' | 'drop';
  newlines: 'keep' | 'space'; lowercase: boolean; nfc: boolean; max_chars: number | null;
  min_count: number; validation: number;      // share of the tail
}
/** For builds with the other tasks: `webgpu`. */
export interface ClassificationOptions {
  unit: 'word' | 'character'; max_tokens: number;             // 0 = all
  truncating: 'pre' | 'post'; padding: 'masked' | 'pre' | 'post';
  network: 'recurrent' | 'bag-of-words'; ngrams: number;
  bidirectional: boolean; dense: number;                      // 0 = no hidden dense layer
  output: 'softmax' | 'sigmoid';
}
export interface ClassificationConfig { task: 'classification'; classification: ClassificationOptions; text: TextConfig; model: ModelConfig; train: TrainConfig }
export interface Example { text: string; label: string }
export interface ClassPrediction { example: number; is: number | null; class: number; probabilities: number[] }
export interface ClassScore { label: string; precision: number; recall: number; f1: number; support: number }
export interface ClassAverages { precision: number; recall: number; f1: number }
/** As scikit-learn's `classification_report` and `confusion_matrix` (rows: what it is; columns: what was answered). */
export interface ClassificationReport { accuracy: number; majority: number; confusion: number[][]; classes: ClassScore[]; macro_average: ClassAverages; weighted_average: ClassAverages }
export interface ClassificationEvaluation { loss: number; report: ClassificationReport; predictions: ClassPrediction[] }
export interface ClassificationInfo { backend: 'webgpu' | 'cpu'; choice: Choice; config: ClassificationConfig; summary: Omit<Summary, 'memory_bytes'>; labels: string[]; vocabulary_size: number; training: number; validation: number; skipped: number; position: Position }
/** `task` is what the network learns to do; absent, it is `'language'`: the next character of a text. */
export interface Config { task?: 'language'; text: TextConfig; model: ModelConfig; train: TrainConfig }
/** Options that somebody chose: fitting to a text leaves them as they are. */
export interface Given { batch_size?: boolean; steps?: boolean; validation?: boolean }

export interface Statistics { characters: number; distinct: number; kept: number; most_frequent: [string, number][]; share_covered: number }
export interface Summary { layers: { name: string; output_shape: string; parameters: number; note?: string }[]; parameters: number; keras_parameters: number; memory_bytes: number }

export interface EpochReport { epoch: number; perplexity: number; loss: number; validation_perplexity: number | null; validation_accuracy?: number; characters_per_second: number; seconds: number }
export interface Position { epoch: number; step: number; batch: number; batches_per_epoch: number }
export interface TrainReport {
  metrics: Float64Array;       // rows of 4: step, loss (mean nats per character), gradient norm before clipping, lr
  epochs: EpochReport[];       // epochs that ended in this call
  position: Position;
  characters_per_second: number;
  backend: 'webgpu' | 'cpu';
  trouble: Trouble | null;     // where the losses or norms of late bode ill
  stopped: null | { reason: 'finished' | 'no-better' | 'diverged' | 'bad-start'; message: string; advice: string; steps: [diverged: number, kept: number] | null };
}
export interface Trouble { kind: 'rising' | 'worse-than-guessing' | 'exploding'; step: number; now: number; before: number }
export interface LiveOptions { lr?: number; clip?: TrainConfig['clip']; clip_threshold?: number; dropout?: number; epochs?: number }
export interface SampleOptions { prefix: string; skip_unknown: boolean; temperature: number; top_k: number /*0=off*/; top_p: number /*1=off*/; greedy: boolean; seed: number; alternatives: number }
export interface SampledCharacter { character: string; token: number; probability: number; alternatives: { character: string; probability: number }[] }
export type Backend = 'auto' | 'webgpu' | 'cpu';
export interface SessionInfo { backend: 'webgpu' | 'cpu'; build: Build; threads: number; choice: Choice; exact: boolean; config: Config; summary: Summary; statistics: Statistics | null; position: Position | null; vocabulary: string[]; fingerprint: string | null; best: { epoch: number; perplexity: number } | null }

export type Build = 'scalar' | 'simd' | 'relaxed' | 'threads';
export interface CorpusInfo { id: string; language: string; title: string; characters: number }
export interface Preset { id: string; corpus: string; config: Config; references: Reference[] }
/** Training perplexities after an epoch: the textbook's, on its own lyrics; the lowest and the highest of three runs of PyTorch on the preset's text, where there are any. */
export interface Reference { epoch: number; perplexity: number; pytorch?: [lowest: number, highest: number] }
/** What every failure is thrown as; `name` is `CharloomError`, `code` is stable, `field` names an option, `values` are what the message holds. */
export interface CharloomError extends Error { code: string; field?: string; values?: Record<string, string> }
export interface Place { character: string; token: number; surprise: number | null; next: { character: string; probability: number }[] }
/** One layer over T characters; T is one less than the number of places. */
export interface LayerInside {
  hidden: Float32Array;           // (T, H)
  gates: Float32Array;            // (T, G*H), blocks in the order of gate_names
  gradient_norms: Float32Array;   // (T): norm of dL/dh_t, L the loss of the last character alone
}
export interface Histogram { min: number; max: number; counts: number[] }
export interface Inspection {
  places: Place[]; layers: LayerInside[]; gate_names: string[]; hidden_size: number; gradient_norm: number; truncated: boolean;
  tensors: { name: string; shape: number[]; parameter: Histogram; gradient: Histogram }[];
}
export type Sampling = TrainConfig['sampling'];
/** One minibatch: a window has T characters from its start on, and one more as its last target. */
export interface Windows { starts: number[]; batches_per_epoch: number; characters: number }
/** A traced step. `tensors` lie in the flat buffers `parameters` and `gradients`; transposed ones as the transpose of `shape`. */
export interface TraceInfo {
  position: Position; starts: number[]; lr: number; bias_correction1: number; bias_correction2_sqrt: number; first_update: number;
  logits_stride: number; tensors: { name: string; shape: number[]; offset: number; transposed: boolean }[];
}
export interface Neighbour { character: string; similarity: number }
/** An error as data: `code` is stable, `field` is the option at fault, `values` are what the message holds. */
export interface Failure { code: string; message: string; field?: string; values?: Record<string, string> }
/** Why a session trains where it does: see `reason`. */
export interface Choice {
  reason: 'asked' | 'faster' | 'slower' | 'software' | 'unavailable' | 'lost' | 'not-built';
  adapter: string | null; cpu_ms: number | null; gpu_ms: number | null; failure: Failure | null; step: number | null;
}
