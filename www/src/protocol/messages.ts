/**
 * What the page and its worker say to each other. Calls go through rpc.ts; events go the other way, as calls of `event`.
 * The page never holds the training text or the weights: it sees excerpts, numbers and Blobs.
 */
import type {
  Backend,
  Cell,
  Choice,
  Config,
  CorpusInfo,
  EpochReport,
  Failure,
  Given,
  Inspection,
  LiveOptions,
  ModelConfig,
  Neighbour,
  Position,
  Preset,
  SampleOptions,
  SampledCharacter,
  SessionInfo,
  Statistics,
  Summary,
  TextConfig,
  TrainConfig,
  Trouble,
  Sampling,
  Windows,
} from './engine.ts';

/** An error as it crosses the boundary. Nobody matches on the message; the code is stable. */
export type { Failure };
import type { Reading } from './reading.ts';
import type { StepView } from '../slow/view.ts';

export type BuildName = SessionInfo['build'];

/** Where a model stands that came without its text, and so without a place in it. */
export const NOWHERE: Position = { epoch: 0, step: 0, batch: 0, batches_per_epoch: 0 };

/** Everything the page needs to draw itself, known once the wasm is up. */
export interface Boot {
  build: BuildName;
  defaults: Config;
  presets: Preset[];
  corpora: CorpusInfo[];
  /** How writing is set before anything is changed. */
  sampling: SampleOptions;
}

export type TextSource =
  | { kind: 'corpus'; id: string }
  | { kind: 'file'; file: File }
  /** Read one after the other, each in its own encoding. */
  | { kind: 'files'; files: File[] }
  | { kind: 'paste'; text: string };

/** The text in use, as the page may know it. */
export interface TextView {
  kind: 'corpus' | 'file' | 'paste' | 'saved';
  /** Corpus id, file name, or empty for pasted text. */
  name: string;
  bytes: number;
  /** How its files were read; null of a text that comes with Charloom. */
  reading: Omit<Reading, 'text'> | null;
  /** The beginning of the text, for display. */
  excerpt: string;
  statistics: Statistics;
}

export interface Progress {
  /** Rows of 4: step, loss, gradient norm before clipping, learning rate. */
  metrics: Float64Array;
  epochs: EpochReport[];
  trouble: Trouble | null;
  position: Position;
  charactersPerSecond: number;
}

/** Where the session trains, and why. */
export interface DeviceView {
  wish: Backend;
  backend: SessionInfo['backend'];
  build: BuildName;
  /** Threads that it trains on. */
  threads: number;
  /** What the build with threads was found to gain on this model; null where it was not tried. */
  trial: ThreadTrial | null;
  /** Null while nothing was tried yet. */
  choice: Choice | null;
}

export interface ThreadTrial {
  threads: number;
  /** How many times as fast. */
  gain: number;
}

/** How much of a sample stands in the text that was learnt. */
export interface Likeness {
  /** A passage counts from so many characters on. */
  passage: number;
  /** Where the written characters stand in such passages: from, to. */
  spans: [number, number][];
  /** The share of the written characters that do. */
  share: number;
  /** The share of the words that the text has; in Chinese, of the pairs of neighbouring characters. */
  knownWords: number;
  dense: boolean;
}

/** One sample drawn while training, to show how the writing changes. */
export interface LivingSample {
  prefix: string;
  characters: SampledCharacter[];
  position: Position;
  /** False while it is still being written. */
  complete: boolean;
  /** The first units of the top layer's hidden state that the last character was drawn from. */
  hidden?: Float32Array;
  /** Null until the learnt text has been read for it, and where it is too long for that. */
  likeness?: Likeness | null;
}

export type WorkerEvent =
  | { type: 'progress'; progress: Progress }
  | { type: 'living-sample'; sample: LivingSample }
  | { type: 'stopped'; reason: 'paused' | 'finished' | 'diverged' | 'failed'; error: Failure | null }
  | { type: 'saved'; entry: ModelEntry }
  | { type: 'save-failed'; error: Failure }
  | { type: 'device'; device: DeviceView }
  /** The device that was asked for could not be had: it trains on the CPU. */
  | { type: 'device-failed'; error: Failure };

export type Result<T> = { ok: true; value: T } | { ok: false; error: Failure };

/** A model kept in this browser. `auto` entries are the autosaves; the rest were named by the user. */
export interface ModelEntry {
  id: string;
  kind: 'auto' | 'named';
  name: string;
  created: number;
  updated: number;
  bytes: number;
  config: Config;
  position: Position;
  /** The last epoch's training perplexity, where an epoch has ended. */
  perplexity: number | null;
  textName: string;
  textKind: TextView['kind'];
  /** Whether it is stored with its text, and so can be trained further. */
  hasText: boolean;
  /** The preset that its run began from. */
  preset: string | null;
  /** Where it was trained, and so where it is offered: see Place. */
  place: string;
}

/** What the page knows of the present run and a stored model says of it. */
export interface RunLabel {
  /** Names one playground among those of this origin: its address and preset, or the key that its link gives. */
  place: string;
  preset: string | null;
}

export interface Opened {
  info: SessionInfo;
  /** Null where the model came without its text: it can write but not train. */
  text: TextView | null;
  /** Another tab is training it: this is a copy, kept on its own. */
  copy: boolean;
  /** Why it cannot be trained on the present text. */
  unfit: Failure | null;
  /** What the page kept beside the checkpoint: chart series and earlier samples. */
  view: unknown;
}

/** ‖∂L/∂h_t‖ of the top layer at every character of a text. */
export interface GradientReach {
  cell: Cell;
  norms: Float32Array;
  /** Of the gradient of all parameters, which clipping goes by. */
  norm: number;
}

/** How the networks begin that are compared. */
export interface ReachSettings {
  /** Recurrent weights: as PyTorch draws them, as the configuration does, or of this spectral radius. */
  weights: 'pytorch' | 'own' | number;
  /** Bias of the LSTM's forget gate and of the GRU's update gate. */
  gates: number;
  /** Instead of the configuration's. */
  seed?: number;
}

/** One minibatch, as the trainer reads it. */
export interface WindowsView extends Windows {
  /** T: characters of a row. */
  steps: number;
  /** The characters of the first rows, and the one after each: its last target. */
  rows: string[][];
}

/** What can be chosen of a traced step. */
export interface SlowSize {
  rows: number;
  layers: number;
  units: number;
}

/** `best`: with the parameters that predicted the held-back text best, where there are such. */
export type LivingOptions = Omit<SampleOptions, 'alternatives' | 'skip_unknown'> & { best?: boolean };

export interface WriteRequest {
  /** Chosen by the page, to name the stream in events and in `stopWriting`. */
  id: number;
  options: SampleOptions;
  /** About so many characters: it ends with a line. */
  length: number;
  /** With the parameters that predicted the held-back text best. */
  best?: boolean;
  /** So many of the prefix's last characters are the song's own, written before. */
  written?: number;
}

/** How a song ended. */
export interface Written {
  /** Characters of the prefix that the model does not know. */
  skipped: string[];
  stopped: boolean;
  /** Null where there is no learnt text to compare with. */
  likeness: Likeness | null;
}

/** The worker's calls. Each answers with a Result, because only plain data crosses whole. */
export interface Desk {
  start(wish: Backend): Promise<Result<Boot>>;
  /**
   * Reads a text and begins a run on it; or, where the present model has none and knows its characters, goes on with
   * that model. Where either fails, the present text and run stay. With `given`, the batches are made to fit the text,
   * but for those options.
   */
  openText(source: TextSource, config: Config, given: Given | null): Promise<Result<{ text: TextView; info: SessionInfo; resumed: boolean }>>;
  /** Answers: it lives. */
  ping(): Promise<Result<null>>;
  /** Fetches what the worker needs later, and names all its files: what an offline visit needs besides the page's own. */
  files(): Promise<Result<string[]>>;
  /** Where the rows of a minibatch lie in the training text, with the characters of each. */
  windows(sampling: Sampling, epoch: number, batch: number): Promise<Result<WindowsView>>;
  /** The training step that comes next, on a copy: the training goes on or stays where it is. */
  beginSlow(): Promise<Result<SlowSize>>;
  /** That step as one row, layer and unit see it. */
  slowView(row: number, layer: number, unit: number): Promise<Result<StepView>>;
  endSlow(): Promise<Result<null>>;
  /** The same text under other options. */
  rereadText(options: TextConfig): Promise<Result<TextView>>;
  /** Every encoding that can be chosen. */
  encodings(): Promise<Result<string[]>>;
  /** `config` with batches that fit the present text. */
  fitted(config: Config, given: Given): Promise<Result<Config>>;
  summarize(model: ModelConfig, train: TrainConfig): Promise<Result<Summary>>;
  /** Begins a new run on the present text. */
  create(config: Config): Promise<Result<SessionInfo>>;
  /** Characters a second that training this would reach, tried on a few steps of a throw-away session; null once training has begun. */
  measure(config: Config): Promise<Result<number | null>>;
  /** Goes on elsewhere from the same step, training or not. Where it fails, everything stays as it was. */
  switchDevice(wish: Backend): Promise<Result<DeviceView>>;
  train(): Promise<Result<null>>;
  pause(): Promise<Result<null>>;
  /** Exactly one optimiser step. */
  step(): Promise<Result<null>>;
  set(options: LiveOptions): Promise<Result<null>>;
  living(options: LivingOptions): Promise<Result<null>>;
  /** What it writes comes as calls of `characters`, by the request's id. */
  write(request: WriteRequest): Promise<Result<Written>>;
  stopWriting(id: number): Promise<Result<null>>;
  /** What happens inside over a text. */
  inspect(text: string): Promise<Result<Inspection>>;
  neighbours(character: string, count: number): Promise<Result<Neighbour[]>>;
  /** For each cell, freshly made as the model is: how far back the gradient of the last character reaches. */
  compareGradients(text: string, settings: ReachSettings): Promise<Result<GradientReach[]>>;
  /** The model file. */
  exportModel(): Promise<Result<Blob>>;
  importModel(file: Blob): Promise<Result<Opened>>;
  /** What the present run is to be kept as. */
  label(label: RunLabel): Promise<Result<null>>;
  listModels(): Promise<Result<ModelEntry[]>>;
  /** Saves the present run now, where it has learnt something since, with what the page shows of it. */
  saveRun(view: unknown): Promise<Result<null>>;
  /** Keeps the present model under a name. */
  keepModel(name: string, view: unknown): Promise<Result<ModelEntry>>;
  openModel(id: string): Promise<Result<Opened>>;
  renameModel(id: string, name: string): Promise<Result<null>>;
  removeModel(id: string): Promise<Result<null>>;
  modelFile(id: string): Promise<Result<Blob>>;
  /** From now on nothing is stored by itself. */
  keepNothing(): Promise<Result<null>>;
  /** What the page wants kept beside a stored model. */
  keepView(id: string, view: unknown): Promise<Result<null>>;
}
