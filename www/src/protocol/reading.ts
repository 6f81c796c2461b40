/** How files are read, as the module that reads them says it. */
export type { Reading, ReadingChoices, ReadingNote } from '../../../pkg/reading/charloom.js';
import type { TextConfig } from './engine.ts';
import type { ReadingChoices } from '../../../pkg/reading/charloom.js';

/** What of a configuration is about reading a file; for any other file it is to be found out anew. */
export const READING_OPTIONS = ['encoding', 'format', 'column'] as const satisfies readonly (keyof TextConfig & keyof ReadingChoices)[];

export function readingChoices({ encoding, format, column }: TextConfig): ReadingChoices {
  return { encoding, format, column };
}
