/**
 * Where a song that is being written ends: at a line's end once it is as long as was asked for, at a verse's end a
 * little sooner; in no case much later. Without line ends in the vocabulary, spaces take their place.
 */
const VERSE_FROM = 0.75;
const LONGER_BY = 0.5;
const LONGER_AT_LEAST = 60;

/** `skip`: it ended before this character; `last`: with it. */
export type Turn = 'on' | 'skip' | 'last';

/** The most characters that may be written where `length` were asked for. */
export function ceilingOf(length: number): number {
  return length + Math.max(LONGER_AT_LEAST, Math.round(length * LONGER_BY));
}

export class Ending {
  private readonly mark: string | null;
  private written = 0;
  private previous = '';

  constructor(
    private readonly length: number,
    vocabulary: readonly string[],
  ) {
    this.mark = ['\n', ' '].find((each) => vocabulary.includes(each)) ?? null;
  }

  take(character: string): Turn {
    if (character === this.mark) {
      const verse = this.mark === '\n' && this.previous === '\n' && this.written >= this.length * VERSE_FROM;
      if (this.written > 0 && (verse || this.written >= this.length)) return 'skip';
    }
    this.previous = character;
    this.written++;
    return this.written >= (this.mark === null ? this.length : ceilingOf(this.length)) ? 'last' : 'on';
  }
}
