/**
 * The living sample: while the network trains, it writes a few lines from the same prefix and the same random
 * numbers again and again, so that what changes is what it has learnt. Between two slices of training it writes as many
 * characters as the clock asks for, however long a slice is, and no longer than training can spare.
 */
import type { Position, Sampler, SampledCharacter, Session } from '../protocol/engine.ts';
import { NOWHERE, type LivingOptions, type LivingSample } from '../protocol/messages.ts';
import type { LearntText } from './likeness.ts';

const LENGTH = 120;
/** So many lines fit where it is shown; with them a sample is complete. */
const MOST_LINE_ENDS = 7;
/** Units of the hidden state that are shown. */
const UNITS_SHOWN = 256;
/** Spent on reading the learnt text between two slices of training. */
const READING_MS = 4;
const CHARACTERS_PER_MS = 0.1;
const AT_ONCE = 10;
/** A turn may take this long; a large network writes fewer characters then. */
const TURN_MS = 25;
const PAUSE_BETWEEN_MS = 900;
const ALTERNATIVES = 6;

export class LivingWriter {
  private options: LivingOptions | null = null;
  private sampler: Sampler | null = null;
  private characters: SampledCharacter[] = [];
  private position: Position | null = null;
  private prefix = '';
  private restAt = 0;
  private writtenAt = 0;

  /** The text that was learnt; undefined until something has been learnt, null where it is too long. */
  learnt: LearntText | null | undefined;

  /** What the text itself begins with, used while no prefix was given. */
  opening = '';

  constructor(
    private readonly publish: (sample: LivingSample) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  setOptions(options: LivingOptions): void {
    this.options = options;
  }

  /** The session has been replaced: what was being written belongs to the old one. */
  drop(): void {
    this.sampler?.free();
    this.sampler = null;
    this.restAt = 0;
  }

  /** Whether a sample is begun and not complete. */
  get writing(): boolean {
    return this.sampler !== null;
  }

  /** Writes on for one turn. Call between steps, with the session free. */
  async turn(session: Session): Promise<void> {
    if (!this.sampler) {
      if (!this.options || this.now() < this.restAt) return;
      await this.begin(session, this.options);
    }
    const sampler = this.sampler;
    if (!sampler || !this.position) return;
    const started = this.now();
    const due = this.characters.length + Math.max(AT_ONCE, (started - this.writtenAt) * CHARACTERS_PER_MS);
    this.writtenAt = started;
    let hidden: Float32Array = new Float32Array();
    do {
      // The state that the next character is drawn from.
      hidden = sampler.hidden();
      this.characters.push(...sampler.next(1));
    } while (!this.complete && this.characters.length < due && this.now() - started < TURN_MS);
    const { complete } = this;
    const likeness = this.learnt?.prepare(READING_MS) ? this.learnt.compare(this.prefix, this.characters) : null;
    this.publish({ prefix: this.prefix, characters: this.characters.slice(), position: this.position, complete, hidden: hidden.slice(0, UNITS_SHOWN), likeness });
    if (complete) {
      this.drop();
      this.restAt = this.now() + PAUSE_BETWEEN_MS;
    }
  }

  private get complete(): boolean {
    const ends = this.characters.filter(({ character }) => character === '\n').length;
    return ends >= MOST_LINE_ENDS || this.characters.length >= LENGTH;
  }

  private async begin(session: Session, options: LivingOptions): Promise<void> {
    this.characters = [];
    this.writtenAt = this.now();
    this.prefix = options.prefix || this.opening;
    const { best, ...sampling } = options;
    this.sampler = await session.sampler({ ...sampling, prefix: this.prefix, skip_unknown: true, alternatives: ALTERNATIVES }, best ?? false);
    // Not before: a GPU that fails at it puts the session some steps back.
    this.position = session.info().position ?? NOWHERE;
  }
}
