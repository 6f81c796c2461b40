/**
 * How much of what is written stands in the text that was learnt: passages of it word for word, and words that it
 * has. Read from the training part alone: what was held back cannot be recited.
 */
import type { SampledCharacter, Session } from '../protocol/engine.ts';
import type { Likeness } from '../protocol/messages.ts';
import { DENSE } from '../protocol/script.ts';

/**
 * A passage counts from so many characters on. Of the bundled lyrics' own last tenth, 1.4 % (English) and 3.2 %
 * (Chinese: refrains) stand in the nine tenths before it in passages this long.
 */
const PASSAGE = 20;
/** Of Chinese, Japanese or Korean, whose characters hold more: most of a line of verse. */
const DENSE_PASSAGE = 8;
/** The index takes 8 to 16 bytes a character. */
const MOST_CHARACTERS = 4_000_000;
const CHARACTERS_PER_STEP = 4096;
const WORDS = /[\p{Letter}\p{Mark}'’]{2,}/gu;

type Written = Pick<SampledCharacter, 'character' | 'token'>;

export class LearntText {
  readonly passage: number;
  /** Open addressing: where an n-gram first stands, plus 1. */
  private readonly places: Uint32Array;
  private readonly words = new Set<string>();
  private read = 0;
  private openWord = '';
  private readonly dense: boolean;

  constructor(
    private readonly tokens: Uint32Array,
    private readonly vocabulary: readonly string[],
  ) {
    const start = tokens.subarray(0, 2000);
    this.dense = start.reduce((count, token) => count + (DENSE.test(vocabulary[token]!) ? 1 : 0), 0) * 2 > start.length;
    this.passage = this.dense ? DENSE_PASSAGE : PASSAGE;
    this.places = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(2, 2 * tokens.length))));
  }

  /** Null for a text too long to keep an index of. */
  static of(session: Session): LearntText | null {
    const tokens = session.passage(0, MOST_CHARACTERS + 1);
    return tokens.length > MOST_CHARACTERS ? null : new LearntText(tokens, session.info().vocabulary);
  }

  /** Reads on for about so long; true when all is read. */
  prepare(milliseconds: number): boolean {
    const end = performance.now() + milliseconds;
    while (this.read < this.tokens.length && performance.now() < end) this.readOn();
    return this.read === this.tokens.length;
  }

  private readOn(): void {
    const { tokens, passage, places } = this;
    const to = Math.min(this.read + CHARACTERS_PER_STEP, tokens.length);
    for (let end = Math.max(this.read + 1, passage); end <= to; end++) {
      const at = this.slot(tokens, end - passage);
      places[at] ||= end - passage + 1;
    }
    const text = this.openWord + Array.from(tokens.subarray(this.read, to), (token) => this.vocabulary[token]).join('');
    const whole = to === tokens.length ? text.length : text.length - (/[\p{Letter}\p{Mark}'’]*$/u.exec(text)?.[0].length ?? 0);
    // A Chinese text may have no end of a word for long: its last character is enough to go on from.
    const cut = this.dense ? text.length : whole;
    for (const word of this.wordsIn(text.slice(0, cut))) this.words.add(word);
    this.openWord = this.dense ? text.slice(-2) : text.slice(cut);
    this.read = to;
  }

  /** The slot of the n-gram that stands in `text` at `at`: its own, or the empty one that it would get. */
  private slot(text: ArrayLike<number>, at: number): number {
    const mask = this.places.length - 1;
    let hash = 0;
    for (let i = 0; i < this.passage; i++) hash = Math.imul(hash ^ text[at + i]!, 0x9e3779b1) ^ (hash >>> 15);
    let slot = hash & mask;
    for (let place = this.places[slot]!; place && !this.same(place - 1, text, at); place = this.places[slot]!) slot = (slot + 1) & mask;
    return slot;
  }

  private same(place: number, text: ArrayLike<number>, at: number): boolean {
    for (let i = 0; i < this.passage; i++) if (this.tokens[place + i] !== text[at + i]) return false;
    return true;
  }

  /** Words, or where they are not spaced, pairs of neighbouring characters. */
  private wordsIn(text: string): string[] {
    if (!this.dense) return text.toLowerCase().match(WORDS) ?? [];
    const characters = [...text];
    const pairs = characters.map((character, i) => character + (characters[i + 1] ?? ''));
    return pairs.filter((pair) => /^\p{Letter}{2}$/u.test(pair));
  }

  /** Compares a song, of which the last `written` characters of its beginning count too. */
  compareSong(beginning: string, written: number, characters: readonly SampledCharacter[]): Likeness {
    const given = [...beginning];
    const own = written ? given.splice(-written) : [];
    const before = own.map((character) => ({ character, token: this.vocabulary.indexOf(character) }));
    return this.compare(given.join(''), [...before, ...characters]);
  }

  /** Compares what was written, of which the prefix does not count. */
  compare(prefix: string, characters: readonly Written[]): Likeness {
    const given = [...prefix].map((character) => this.vocabulary.indexOf(character));
    const text = [...given, ...characters.map(({ token }) => token)];
    const spans: [number, number][] = [];
    let copied = 0;
    for (let at = 0; at + this.passage <= text.length; at++) {
      if (!this.places[this.slot(text, at)]) continue;
      const end = at + this.passage - given.length;
      const last = spans.at(-1);
      const from = Math.max(at - given.length, last?.[1] ?? 0, 0);
      if (end <= from) continue;
      copied += end - from;
      if (last && last[1] === from) last[1] = end;
      else spans.push([from, end]);
    }
    const written = prefix + characters.map(({ character }) => character).join('');
    const words = this.wordsIn(written);
    // The last one is still being written.
    if (!this.dense && /[\p{Letter}\p{Mark}'’]$/u.test(written)) words.pop();
    const known = words.filter((word) => this.words.has(word)).length;
    return {
      passage: this.passage,
      spans,
      share: characters.length ? copied / characters.length : 0,
      knownWords: words.length ? known / words.length : 0,
      dense: this.dense,
    };
  }
}
