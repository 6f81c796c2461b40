/**
 * The training loop: short slices, and between two of them everything else gets its turn. The page hears of it at
 * most ten times a second, however fast the steps are, and never again before it has taken what it was told: reports
 * that a slow page works off one by one would leave it no time for its user.
 */
import type { EpochReport, Session, TrainReport, Trouble } from '../protocol/engine.ts';
import type { Progress, WorkerEvent } from '../protocol/messages.ts';
import { toFailure } from './failure.ts';
import type { LivingWriter } from './living.ts';
import { breathe, type CommandQueue } from './queue.ts';

const SLICE_MS = 20;
const REPORT_EVERY_MS = 100;
/** A busy page is left alone for this many times as long as it took to take the last report. */
const REST = 2;
const LONGEST_REST_MS = 2000;
const NO_LIMIT = 0x7fffffff;

export class TrainLoop {
  private running: Promise<void> | null = null;
  private wanted = false;
  private pending = new PendingProgress();
  /** A report that the page has not taken yet. */
  private untaken = 0;
  private pause = REPORT_EVERY_MS;

  constructor(
    private readonly queue: CommandQueue,
    private readonly session: () => Session | null,
    private readonly living: LivingWriter,
    /** What it returns, if anything, is awaited: the page has then taken the event. */
    private readonly publish: (event: WorkerEvent) => unknown,
    /** Called after each slice, with the session free. */
    private readonly note: (session: Session, report: TrainReport) => void,
    /** Called between slices; may save. */
    private readonly between: () => Promise<void>,
    /** Called when training has come to its end by itself. */
    private readonly ended: () => void,
  ) {}

  get active(): boolean {
    return this.wanted;
  }

  start(): void {
    this.wanted = true;
    this.running ??= this.go().finally(() => {
      this.running = null;
    });
  }

  /** Resolves when the last slice is over and reported. */
  async stop(): Promise<void> {
    this.wanted = false;
    await this.running;
  }

  async step(): Promise<void> {
    await this.stop();
    const report = await this.slice(1);
    if (report?.stopped) this.announce(report);
  }

  private async go(): Promise<void> {
    let lastReport = 0;
    try {
      while (this.wanted) {
        const report = await this.slice(NO_LIMIT);
        if (!report) break;
        if (report.stopped) {
          this.wanted = false;
          this.flush();
          this.announce(report);
          this.ended();
          return;
        }
        const now = performance.now();
        if (!this.untaken && now - lastReport >= this.pause) {
          lastReport = now;
          this.flush();
          await this.queue.run(async () => {
            const session = this.session();
            if (session) await this.living.turn(session);
          });
        }
        await this.between();
        await breathe();
      }
      this.flush();
      this.publish({ type: 'stopped', reason: 'paused', error: null });
    } catch (error) {
      this.wanted = false;
      const failure = toFailure(error);
      // Of an engine that broke nothing more is asked.
      if (failure.code !== 'crashed') this.flush();
      this.publish({ type: 'stopped', reason: 'failed', error: failure });
    }
  }

  /** One slice of training. A single step is reported at once. */
  private slice(maxSteps: number): Promise<TrainReport | null> {
    return this.queue.run(async () => {
      const session = this.session();
      if (!session) return null;
      const report = await session.train(SLICE_MS, maxSteps);
      this.pending.add(report);
      this.note(session, report);
      if (maxSteps === 1) this.flush();
      return report;
    });
  }

  private flush(): void {
    const progress = this.pending.take();
    if (!progress) return;
    const told = performance.now();
    this.untaken++;
    const taken = () => {
      this.untaken--;
      this.pause = Math.min(LONGEST_REST_MS, Math.max(REPORT_EVERY_MS, REST * (performance.now() - told)));
    };
    Promise.resolve(this.publish({ type: 'progress', progress })).then(taken, taken);
  }

  private announce(report: TrainReport): void {
    const stopped = report.stopped;
    if (!stopped) return;
    const [step, kept] = (stopped.steps ?? []).map(String);
    const message = `${stopped.message} ${stopped.advice}`.trim();
    if (stopped.reason === 'finished' || stopped.reason === 'no-better') this.publish({ type: 'stopped', reason: 'finished', error: null });
    else this.publish({ type: 'stopped', reason: 'diverged', error: { code: stopped.reason, message, values: { step: step!, kept: kept! } } });
  }
}

/** What happened since the page last heard. */
class PendingProgress {
  private rows: ArrayLike<number>[] = [];
  private epochs: EpochReport[] = [];
  private trouble: Trouble | null = null;
  private latest: TrainReport | null = null;

  add(report: TrainReport): void {
    if (report.metrics.length) this.rows.push(report.metrics);
    this.epochs.push(...report.epochs);
    this.trouble = report.trouble ?? this.trouble;
    this.latest = report;
  }

  take(): Progress | null {
    if (!this.latest) return null;
    const metrics = new Float64Array(this.rows.reduce((total, row) => total + row.length, 0));
    let offset = 0;
    for (const row of this.rows) {
      metrics.set(row, offset);
      offset += row.length;
    }
    const progress: Progress = {
      metrics,
      epochs: this.epochs,
      trouble: this.trouble,
      position: this.latest.position,
      charactersPerSecond: this.latest.characters_per_second,
    };
    this.rows = [];
    this.epochs = [];
    this.trouble = null;
    this.latest = null;
    return progress;
  }
}
