export interface ReadingChoices { encoding: string; format: 'auto' | 'plain' | 'timed' | 'table' | 'json'; column: string | null }
/** What its owner should know of a text: `message` says it in English, with what `values` hold. */
export interface ReadingNote { code: string; message: string; values: Record<string, string> }
export interface Reading {
  text: string; encoding: string; confidence: 'certain' | 'likely' | 'guess';
  format: 'plain' | 'timed' | 'table' | 'json'; columns: string[]; column: string | null; notes: ReadingNote[];
}
