/** The tag `<char-loom>`: importing this defines it. */
export type Status = 'idle' | 'loading' | 'ready' | 'training' | 'paused' | 'waiting' | 'finished' | 'failed';
type Whole = number | string | null;
type Names = readonly string[] | string | null;

/** Each is an attribute too (`startWith`: `start-with`), and takes what the attribute takes. */
export interface CharLoomProperties {
  preset: string | null;
  corpus: string | null;
  corpusUrl: string | null;
  modelUrl: string | null;
  /** Any options, in the grammar of a link's hash. */
  config: string | null;
  cell: string | null;
  units: Whole;
  layers: Whole;
  epochs: Whole;
  seed: Whole;
  view: string | null;
  hide: Names;
  lock: Names;
  startWith: string | null;
  temperature: Whole;
  loading: string | null;
  autostart: boolean | string | null;
  theme: string | null;
  backend: string | null;
  build: string | null;
  storageKey: string | null;
  /** The folder with the package's files. */
  base: string | null;
}

export interface Place {
  epoch: number;
  step: number;
  batch: number;
  batchesPerEpoch: number;
  /** Mean cross-entropy of the last step, in nats per character. */
  loss: number | null;
  perplexity: number | null;
}

export interface LoomState {
  version: 1;
  /** In the grammar of a link. */
  config: string;
}

export interface WriteOptions {
  prefix?: string;
  length?: number;
  temperature?: number;
  top_k?: number;
  top_p?: number;
  greedy?: boolean;
  seed?: number;
  skip_unknown?: boolean;
  signal?: AbortSignal;
}

export interface Written {
  character: string;
  probability: number;
  alternatives: { character: string; probability: number }[];
}

export interface Engine {
  backend: string;
  build: string;
}

export interface CharLoomEventMap {
  'loom-ready': CustomEvent<{ version: string; engine: Engine | null }>;
  'loom-status': CustomEvent<{ status: Status }>;
  /** At most ten a second. */
  'loom-progress': CustomEvent<Place>;
  'loom-epoch': CustomEvent<{ epoch: number; loss: number; perplexity: number; validation_perplexity: number | null; characters_per_second: number; seconds: number }>;
  'loom-sample': CustomEvent<{ text: string; epoch: number; step: number }>;
  /** The reader changed something; `config` is in the grammar of a link. */
  'loom-config': CustomEvent<{ config: string }>;
  'loom-finish': CustomEvent<{ reason: 'finished' | 'paused' | 'diverged' | 'failed'; epoch: number; step: number }>;
  'loom-error': CustomEvent<{ code: string; message: string; field?: string; values?: Record<string, string> }>;
}

type Kebab<Name extends string> = Name extends `${infer First}${infer Rest}` ? `${First extends Lowercase<First> ? First : `-${Lowercase<First>}`}${Kebab<Rest>}` : Name;

/** What JSX and templates take: properties, attributes, and a handler for each event. */
export type CharLoomAttributes = { [Name in keyof CharLoomProperties]?: CharLoomProperties[Name] | undefined } & {
  [Name in keyof CharLoomProperties as Kebab<Name>]?: CharLoomProperties[Name] | undefined;
} & { [Name in keyof CharLoomEventMap as `on${Name}`]?: ((event: CharLoomEventMap[Name]) => void) | undefined };

export interface CharLoom extends CharLoomProperties {}
/** Methods load the playground where that has not been done; they reject with an `Error` that has a `code`. */
export class CharLoom extends HTMLElement {
  static readonly version: string;
  /** Names that `hide` and `lock` take, besides those of options. */
  static readonly parts: readonly string[];
  /** Answers when it first can train. */
  readonly ready: Promise<void>;
  readonly status: Status;
  readonly position: Place | null;
  readonly engine: Engine | null;
  load(): Promise<void>;
  train(): Promise<void>;
  pause(): Promise<void>;
  step(count?: number): Promise<void>;
  reset(): Promise<void>;
  write(options?: WriteOptions): AsyncGenerator<Written>;
  setCorpus(corpus: string | Blob | { url: string }): Promise<void>;
  set(options: Record<string, unknown>): Promise<void>;
  getState(): Promise<LoomState>;
  setState(state: LoomState): Promise<void>;
  saveModel(): Promise<Blob>;
  openModel(file: Blob): Promise<void>;
  link(): Promise<string>;
  dispose(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'char-loom': CharLoom;
  }
  interface GlobalEventHandlersEventMap extends CharLoomEventMap {}
}
