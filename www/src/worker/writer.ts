/** Writing on request: streams of characters, several at a time, each stoppable, while training goes on or not. */
import type { SampledCharacter, Sampler, Session } from '../protocol/engine.ts';
import type { Likeness, Written, WriteRequest } from '../protocol/messages.ts';
import { Ending } from '../songs/ending.ts';
import { DeskError } from './failure.ts';
import type { LearntText } from './likeness.ts';
import { breathe, type CommandQueue } from './queue.ts';

/** A few at a time: fast enough, and a stop is heard within a frame. */
const CHARACTERS_PER_TURN = 4;
const SEND_EVERY_MS = 30;
/** Faster than anyone reads, slow enough to be seen and stopped. */
const CHARACTERS_PER_MS = 0.5;
/** Spent at once on reading the learnt text. */
const READING_MS = 8;

export class Writer {
  private readonly stopped = new Set<number>();
  private readonly active = new Set<number>();

  constructor(
    private readonly queue: CommandQueue,
    private readonly session: () => Session | null,
    /** The text that the present session learns from; null where there is none to compare with. */
    private readonly learnt: () => Promise<LearntText | null>,
  ) {}

  async write(
    request: WriteRequest,
    send: (characters: SampledCharacter[]) => void,
  ): Promise<Written> {
    // From now on it can be stopped, although the sampler may have to wait for a step of training.
    this.active.add(request.id);
    try {
      const { sampler, ending, fingerprint } = await this.queue.run(async () => {
        const session = this.session();
        if (!session) throw new DeskError('no-session', 'There is no model yet.');
        const { vocabulary, fingerprint } = session.info();
        const sampler = await session.sampler(request.options, request.best ?? false);
        return { sampler, ending: new Ending(request.length, vocabulary), fingerprint };
      });
      try {
        const song: SampledCharacter[] = [];
        const ended = await this.stream(request.id, sampler, ending, (more) => {
          song.push(...more);
          send(more);
        });
        return { skipped: sampler.skipped, stopped: !ended, likeness: await this.likeness(request, song, fingerprint) };
      } finally {
        sampler.free();
      }
    } finally {
      this.stopped.delete(request.id);
      this.active.delete(request.id);
    }
  }

  /** Null also where another text has been opened meanwhile. */
  private async likeness({ options, written }: WriteRequest, song: SampledCharacter[], fingerprint: string | null): Promise<Likeness | null> {
    const learnt = await this.learnt();
    if (!learnt) return null;
    while (!learnt.prepare(READING_MS)) await breathe();
    // In its turn: while a GPU has a slice of training, the session is lent to it.
    const present = await this.queue.run(() => this.session()?.info().fingerprint);
    if (present !== fingerprint) return null;
    return learnt.compareSong(options.prefix, written ?? 0, song);
  }

  /** Answers whether the song came to its end. */
  private async stream(id: number, sampler: Sampler, ending: Ending, send: (characters: SampledCharacter[]) => void): Promise<boolean> {
    let pending: SampledCharacter[] = [];
    let sentAt = 0;
    let written = 0;
    let ended = false;
    const startedAt = performance.now();
    while (!ended && !this.stopped.has(id)) {
      for (const each of await this.queue.run(() => sampler.next(CHARACTERS_PER_TURN))) {
        const turn = ending.take(each.character);
        if (turn !== 'skip') pending.push(each);
        ended = turn !== 'on';
        if (ended) break;
      }
      written += CHARACTERS_PER_TURN;
      if (performance.now() - sentAt >= SEND_EVERY_MS) {
        send(pending);
        pending = [];
        sentAt = performance.now();
      }
      const early = startedAt + written / CHARACTERS_PER_MS - performance.now();
      if (early > 4) await new Promise((resolve) => setTimeout(resolve, early));
      else await breathe();
    }
    if (pending.length) send(pending);
    return ended;
  }

  stop(id: number): void {
    if (this.active.has(id)) this.stopped.add(id);
  }
}
