/**
 * The living sample: while the network trains, it writes a few lines from the same prefix and the same random
 * numbers again and again, so that what changes is what it has learnt. A few characters are written between two
 * slices of training, which keeps both moving.
 */
import type { Position, Sampler, SampledCharacter, Session } from '../protocol/engine.ts';
import { NOWHERE, type LivingOptions, type LivingSample } from '../protocol/messages.ts';

const LENGTH = 120;
const CHARACTERS_PER_TURN = 10;
const PAUSE_BETWEEN_MS = 900;
const ALTERNATIVES = 6;

export class LivingWriter {
  private options: LivingOptions | null = null;
  private sampler: Sampler | null = null;
  private characters: SampledCharacter[] = [];
  private position: Position | null = null;
  private prefix = '';
  private restAt = 0;

  /** What the text itself begins with, used while no prefix was given. */
  opening = '';

  constructor(private readonly publish: (sample: LivingSample) => void) {}

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
      if (!this.options || performance.now() < this.restAt) return;
      await this.begin(session, this.options);
    }
    const sampler = this.sampler;
    if (!sampler || !this.position) return;
    this.characters.push(...sampler.next(Math.min(CHARACTERS_PER_TURN, LENGTH - this.characters.length)));
    const complete = this.characters.length >= LENGTH;
    this.publish({ prefix: this.prefix, characters: this.characters.slice(), position: this.position, complete });
    if (complete) {
      this.drop();
      this.restAt = performance.now() + PAUSE_BETWEEN_MS;
    }
  }

  private async begin(session: Session, options: LivingOptions): Promise<void> {
    this.characters = [];
    this.prefix = options.prefix || this.opening;
    this.sampler = await session.sampler({ ...options, prefix: this.prefix, skip_unknown: true, alternatives: ALTERNATIVES });
    // Not before: a GPU that fails at it puts the session some steps back.
    this.position = session.info().position ?? NOWHERE;
  }
}
