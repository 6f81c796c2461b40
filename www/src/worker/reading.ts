/** Reads files: a module of its own, with the tables of all encodings, fetched when a file is opened. */
import type * as Module from '../../../pkg/reading/charloom.js';
import type { Reading, ReadingChoices } from '../protocol/reading.ts';
import { DeskError, toFailure } from './failure.ts';
import { assets, loadPart, startModule } from './files.ts';

let module: Promise<typeof Module> | null = null;

/** Fetched once; where that fails, again the next time. */
export function loadReading(): Promise<typeof Module> {
  module ??= fetchModule().catch((error: unknown) => {
    module = null;
    throw new DeskError('reading-unavailable', `What reads files could not be fetched: check the network and open the file again (${toFailure(error).message}).`);
  });
  return module;
}

async function fetchModule(): Promise<typeof Module> {
  const glue = await loadPart<typeof Module>('reading');
  await startModule(assets.wasm.reading, (source) => glue.default({ module_or_path: source }));
  return glue;
}

/** Files that lie one behind the other, as one text. */
export async function readParts(bytes: Uint8Array, parts: { name: string; size: number }[], choices: ReadingChoices): Promise<Reading> {
  const { read } = await loadReading();
  return read(bytes, parts.map(({ name }) => name), Uint32Array.from(parts, ({ size }) => size), choices);
}
