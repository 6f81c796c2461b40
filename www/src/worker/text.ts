/** The text in use. It lives here, in the worker; the page gets an excerpt and the statistics. */
import type { Encoding, TextConfig } from '../protocol/engine.ts';
import type { TextSource, TextView } from '../protocol/messages.ts';
import type { Engine } from './builds.ts';
import { corpusText } from './corpora.ts';
import { DeskError } from './failure.ts';

const EXCERPT_CHARACTERS = 4000;
/** Beyond this, decoding would take gigabytes of memory in some browsers. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Where the text can be had again: kept with a saved model. */
export type StoredText =
  | { kind: 'corpus'; name: string }
  | { kind: 'file' | 'paste' | 'saved'; name: string; bytes: Blob; encoding: Encoding | null };

export interface LoadedText {
  /** Names this text among the saved ones. */
  key: string;
  text: string;
  stored: StoredText;
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
        return this.read(
          { kind: 'file', name: source.file.name, bytes: source.file, encoding: source.encoding ?? null },
          null,
          options,
        );
      case 'files':
        return this.read(await this.joined(source.files), null, options);
      case 'paste':
        return this.read({ kind: 'paste', name: '', bytes: new Blob([source.text]), encoding: 'utf-8' }, null, options);
    }
  }

  /** Several files as one, with an empty line between two. */
  private async joined(files: File[]): Promise<StoredText> {
    const texts: string[] = [];
    refuseTooLarge(files.reduce((total, { size }) => total + size, 0));
    for (const file of files) {
      texts.push(this.engine.decode(new Uint8Array(await file.arrayBuffer()), undefined).text.trimEnd());
    }
    const name = files.map((file) => file.name).join(' + ');
    return { kind: 'file', name, bytes: new Blob([texts.join('\n\n')]), encoding: 'utf-8' };
  }

  /** The present text under other options; bytes are decoded again only where the encoding changed. */
  async reread(options: TextConfig, encoding: Encoding | null): Promise<TextView> {
    const loaded = this.current;
    if (!loaded) throw new DeskError('no-text', 'There is no text yet.');
    if (encoding && loaded.stored.kind !== 'corpus' && encoding !== loaded.view.encoding) {
      return this.read({ ...loaded.stored, encoding }, null, options);
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
      view = { kind: 'corpus', name: stored.name, bytes: 0, encoding: null, confidence: null, replaced: 0 };
    } else {
      refuseTooLarge(stored.bytes.size);
      const bytes = new Uint8Array(await stored.bytes.arrayBuffer());
      const decoded = this.engine.decode(bytes, stored.encoding ?? undefined);
      text = decoded.text;
      view = {
        kind: stored.kind,
        name: stored.name,
        bytes: bytes.length,
        encoding: decoded.encoding,
        confidence: stored.encoding ? 'certain' : decoded.confidence,
        replaced: decoded.replaced,
      };
    }
    const statistics = this.engine.inspectText(text, options);
    const excerpt = firstCharacters(text, EXCERPT_CHARACTERS);
    this.current = {
      key: key ?? (stored.kind === 'corpus' ? `corpus:${stored.name}` : `text:${newId()}`),
      text,
      stored,
      view: { ...view, excerpt, statistics },
    };
    return this.current.view;
  }
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
