/** Writing on request: streams of characters, several at a time, each stoppable, while training goes on or not. */
import type { SampledCharacter, Sampler, Session } from '../protocol/engine.ts';
import type { WriteRequest } from '../protocol/messages.ts';
import { DeskError } from './failure.ts';
import { breathe, type CommandQueue } from './queue.ts';

/** A few at a time: fast enough, and a stop is heard within a frame. */
const CHARACTERS_PER_TURN = 4;
const SEND_EVERY_MS = 30;
/** Faster than anyone reads, slow enough to be seen and stopped. */
const CHARACTERS_PER_MS = 0.5;

export class Writer {
  private readonly stopped = new Set<number>();
  private readonly active = new Set<number>();

  constructor(
    private readonly queue: CommandQueue,
    private readonly session: () => Session | null,
  ) {}

  async write(
    request: WriteRequest,
    send: (characters: SampledCharacter[]) => void,
  ): Promise<{ skipped: string[]; stopped: boolean }> {
    // From now on it can be stopped, although the sampler may have to wait for a step of training.
    this.active.add(request.id);
    try {
      const sampler = await this.queue.run(() => {
        const session = this.session();
        if (!session) throw new DeskError('no-session', 'There is no model yet.');
        return session.sampler(request.options);
      });
      return await this.stream(request, sampler, send);
    } finally {
      this.stopped.delete(request.id);
      this.active.delete(request.id);
    }
  }

  private async stream(
    request: WriteRequest,
    sampler: Sampler,
    send: (characters: SampledCharacter[]) => void,
  ): Promise<{ skipped: string[]; stopped: boolean }> {
    const skipped = sampler.skipped;
    let pending: SampledCharacter[] = [];
    let sentAt = 0;
    const startedAt = performance.now();
    try {
      let left = request.length;
      while (left > 0 && !this.stopped.has(request.id)) {
        const count = Math.min(CHARACTERS_PER_TURN, left);
        pending.push(...(await this.queue.run(() => sampler.next(count))));
        left -= count;
        if (performance.now() - sentAt >= SEND_EVERY_MS) {
          send(pending);
          pending = [];
          sentAt = performance.now();
        }
        const early = startedAt + (request.length - left) / CHARACTERS_PER_MS - performance.now();
        if (early > 4) await new Promise((resolve) => setTimeout(resolve, early));
        else await breathe();
      }
      if (pending.length) send(pending);
      return { skipped, stopped: left > 0 };
    } finally {
      sampler.free();
    }
  }

  stop(id: number): void {
    if (this.active.has(id)) this.stopped.add(id);
  }
}
