/**
 * Every file that the engine may need, by absolute URL. The page tells the worker; a worker has no place of its own,
 * because it may have been started from a Blob.
 */
import type { BuildName } from './messages.ts';

/** Scripts that the worker takes in on demand. */
export type PartName = 'gpu' | 'headless' | 'threads' | 'reading' | 'slow';

export interface Assets {
  /** Names the build of all these files: others are refused. */
  build: string;
  worker: string;
  /** The page needs no `headless`. */
  parts: Record<Exclude<PartName, 'headless'>, string> & { headless?: string };
  wasm: Record<BuildName | 'webgpu' | 'reading', string>;
  /** By the corpus' id. */
  corpora: Record<string, string>;
  /** Subresource integrity by URL, where the release knows it. */
  integrity?: Record<string, string>;
}

/** The first message to a worker. */
export interface Begin {
  begin: {
    assets: Assets;
    build: BuildName | null;
    /** Whether threads may be tried where nobody asked for them. */
    threads?: boolean;
  };
}

/** What a worker says as soon as it runs: the build that it belongs to. */
export interface Hello {
  hello: string;
}

/** Why the worker could not have a file, as far as it can tell. The page finds out the rest. */
export interface Trouble {
  url: string;
  kind: 'fetch' | 'status' | 'html' | 'compile' | 'no-wasm';
  status?: number;
  /** The directive of a content security policy that refused something meanwhile. */
  directive: string | null;
}
