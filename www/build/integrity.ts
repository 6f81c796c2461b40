/** Subresource integrity of built files: the tag's entry knows it of what the engine fetches, and `integrity.json` of all. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';

export const integrityOf = (content: string | Uint8Array): string => `sha384-${createHash('sha384').update(content).digest('base64')}`;

/** Whether a file is one that the engine fetches and runs or reads: the worker, its parts, modules, texts. */
const isEngines = (name: string) => /\.(wasm|txt)$/.test(name) || /^charloom-(?!ui)[\w-]+\.js$/.test(name);

/** By the file's name alone: where the files are is told elsewhere. */
export function engineIntegrity(files: Iterable<readonly [path: string, content: string | Uint8Array]>): Record<string, string> {
  const table: Record<string, string> = {};
  for (const [path, content] of files) if (isEngines(basename(path))) table[basename(path)] = integrityOf(content);
  return table;
}
