/** The text in use. It lives here, in the worker; the page gets an excerpt and the statistics. */
import type { TextConfig } from '../protocol/engine.ts';
import type { TextSource, TextView } from '../protocol/messages.ts';
import { READING_OPTIONS, readingChoices } from '../protocol/reading.ts';
import type { Engine } from './builds.ts';
import { corpusText } from './corpora.ts';
import { DeskError, toFailure } from './failure.ts';
import { readParts } from './reading.ts';

const EXCERPT_CHARACTERS = 4000;
/** Beyond this, decoding would take gigabytes of memory in some browsers. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Where the text can be had again: kept with a saved model. */
export type StoredText =
  | { kind: 'corpus'; name: string }
  | {
      kind: 'file' | 'paste' | 'saved';
      name: string;
      bytes: Blob;
      /** As earlier versions kept it; now the configuration says it. */
      encoding: string | null;
      /** Several files, one behind the other in `bytes`. */
      parts?: { name: string; size: number }[];
    };

export interface LoadedText {
  /** Names this text among the saved ones. */
  key: string;
  text: string;
  stored: StoredText;
  /** How it was to be read. */
  choices: TextConfig;
  view: TextView;
}

export class TextDesk {
  current: LoadedText | null = null;

  constructor(private readonly engine: Engine) {}

  async open(source: TextSource, options: TextConfig): Promise<TextView> {
    switch (source.kind) {
      case 'corpus':
        return this.read({ kind: 'corpus', name: source.id }, null, options);
      case 'file':
        return this.read(joined([source.file]), null, options);
      case 'files':
        return this.read(joined(source.files), null, options);
      case 'paste':
        return this.read({ kind: 'paste', name: '', bytes: new Blob([source.text]), encoding: null }, null, options);
    }
  }

  /** The present text under other options; bytes are read again only where that is to be done otherwise. */
  async reread(options: TextConfig): Promise<TextView> {
    const loaded = this.current;
    if (!loaded) throw new DeskError('no-text', 'There is no text yet.');
    if (loaded.stored.kind !== 'corpus' && READING_OPTIONS.some((name) => options[name] !== loaded.choices[name])) {
      const chosen = options.encoding !== loaded.choices.encoding;
      return this.read({ ...loaded.stored, encoding: chosen ? null : loaded.stored.encoding }, null, options);
    }
    const view = { ...loaded.view, statistics: this.engine.inspectText(loaded.text, options) };
    this.current = { ...loaded, view };
    return view;
  }

  /** Reads a source; only when all of it succeeded does it replace the present text. */
  async read(stored: StoredText, key: string | null, options: TextConfig): Promise<TextView> {
    let text: string;
    let view: Omit<TextView, 'statistics' | 'excerpt'>;
    if (stored.kind === 'corpus') {
      text = await corpusText(stored.name);
      view = { kind: 'corpus', name: stored.name, bytes: 0, reading: null };
    } else {
      refuseTooLarge(stored.bytes.size);
      const bytes = new Uint8Array(await stored.bytes.arrayBuffer());
      const choices = readingChoices(options);
      // A paste is a string already, and so it is what it was encoded in here.
      if (stored.kind === 'paste') choices.encoding = 'utf-8';
      else if (choices.encoding === 'auto') choices.encoding = stored.encoding ?? 'auto';
      const about = { kind: stored.kind, name: stored.name, bytes: bytes.length };
      try {
        const { text: decoded, ...reading } = await readParts(bytes, stored.parts ?? [{ name: stored.name, size: bytes.length }], choices);
        text = decoded;
        view = { ...about, reading };
      } catch (error) {
        // Without a network, a paste is taken as it stands.
        if (stored.kind !== 'paste' || toFailure(error).code !== 'reading-unavailable') throw error;
        text = await stored.bytes.text();
        view = { ...about, reading: null };
      }
    }
    const statistics = this.engine.inspectText(text, options);
    const excerpt = firstCharacters(text, EXCERPT_CHARACTERS);
    this.current = {
      key: key ?? (stored.kind === 'corpus' ? `corpus:${stored.name}` : `text:${newId()}`),
      text,
      stored,
      choices: options,
      view: { ...view, excerpt, statistics },
    };
    return this.current.view;
  }
}

/** Several files as one text. */
function joined(files: File[]): StoredText {
  const parts = files.map(({ name, size }) => ({ name, size }));
  const name = parts.map((part) => part.name).join(' + ');
  return { kind: 'file', name, bytes: new Blob(files), encoding: null, parts };
}

function refuseTooLarge(bytes: number): void {
  if (bytes <= MOST_BYTES) return;
  const megabytes = String(Math.round(bytes / 1e6));
  const limit = String(Math.floor(MOST_BYTES / 1e6));
  throw new DeskError('too-large', `The file has ${megabytes} MB; at most ${limit} MB can be read.`, { megabytes, limit });
}

/** A prefix that the text itself begins with: a word, or two characters where words are not spaced. */
export function openingOf(text: string): string {
  const line = text.slice(0, 2000).split(/\r?\n/).find((candidate) => candidate.trim().length > 1)?.trim() ?? '';
  const word = line.split(/\s/)[0] ?? '';
  return /[\u2e80-\u9fff\uac00-\ud7af\u3040-\u30ff]/.test(word) ? [...word].slice(0, 2).join('') : word;
}

export function firstCharacters(text: string, count: number): string {
  // Twice as many code units always hold `count` code points, and the slice never copies a large text.
  return [...text.slice(0, count * 2)].slice(0, count).join('');
}

export function newId(): string {
  return Date.now().toString(36) + Math.random().toString(36).slice(2, 8);
}
