/**
 * Are threads faster? Tried on the actual model: while the session trains, a copy of it in the other build trains
 * too, a slice of the one, then a slice of the other, so that whatever else the machine does hits both alike. A step
 * is too short for threads where the model is small, and the processors may be busy with other things.
 */
import type { Session, TrainReport } from '../protocol/engine.ts';
import type { CommandQueue } from './queue.ts';

const SLICE_MS = 20;
const NO_LIMIT = 0x7fffffff;
/** Until the browser has compiled the new build with its optimising compiler. */
const WARM_MS = 1000;
const WARM_ROUNDS = 2;
const ROUNDS = 7;

export class Trial {
  private readonly present: number[] = [];
  private readonly copys: number[] = [];
  private rounds = 0;
  private ended = false;
  private spent = 0;
  private advance: () => void = () => undefined;

  constructor(
    private readonly queue: CommandQueue,
    private readonly copy: Session,
    /** Whether the session that it is about is still the one in use. */
    private readonly current: () => boolean,
  ) {}

  /** A slice of the session in use is over. */
  note(report: TrainReport): void {
    if (this.warm) this.present.push(report.characters_per_second);
    this.advance();
  }

  private get warm(): boolean {
    return this.spent >= WARM_MS && this.rounds >= WARM_ROUNDS;
  }

  /** How much faster the copy trains; null where the session went, or ended, before that was known. */
  async gain(): Promise<number | null> {
    while (this.copys.length < ROUNDS || this.present.length < ROUNDS) {
      await this.queue.run(() => this.turn());
      // The copy may be ahead, and so come first to where training ends.
      if (this.ended) return null;
      // While training pauses, so does this.
      await new Promise<void>((resolve) => (this.advance = resolve));
      if (!this.current()) return null;
    }
    return median(this.copys) / median(this.present);
  }

  private async turn(): Promise<void> {
    const start = performance.now();
    const report = await this.copy.train(SLICE_MS, NO_LIMIT);
    this.ended = report.stopped !== null;
    if (this.warm) this.copys.push(report.characters_per_second);
    this.spent += performance.now() - start;
    this.rounds++;
  }

  /** The session was replaced: there is nothing more to try. */
  abandon(): void {
    this.advance();
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
