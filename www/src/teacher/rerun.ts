/**
 * Trains a handed-in result once more, in a worker of its own and on its own build, and compares the epochs. The page's
 * own run goes on meanwhile, and nothing of this is stored.
 */
import { asFailure, connect, type Client } from '../client/client.ts';
import type { Failure, TextSource, WorkerEvent } from '../protocol/messages.ts';
import type { Result, ResultEpoch } from './result.ts';

export type Verdict =
  /** Every epoch's loss is the same number. */
  | { kind: 'equal'; epochs: number }
  /** On builds that are meant to agree, the first epoch that does not; on others, how far apart they are at most. */
  | { kind: 'differs'; epoch: number; file: number; here: number }
  | { kind: 'close'; epochs: number; most: number; file: number; here: number }
  | { kind: 'other-text' }
  | { kind: 'stopped' }
  | { kind: 'failed'; failure: Failure };

/** Builds without fused multiply-add: the same bits on every machine. */
export function isExact({ build, device }: Pick<Result, 'build' | 'device'>): boolean {
  return device === 'cpu' && (build === 'simd' || build === 'scalar');
}

export function compare(file: readonly ResultEpoch[], here: readonly ResultEpoch[], exact: boolean): Verdict {
  const pairs = file.flatMap((theirs) => {
    const ours = here.find(({ epoch }) => epoch === theirs.epoch);
    return ours ? [{ epoch: theirs.epoch, file: theirs.loss, here: ours.loss }] : [];
  });
  const other = pairs.find((pair) => pair.file !== pair.here);
  if (!other) return { kind: 'equal', epochs: pairs.length };
  if (exact) return { kind: 'differs', ...other };
  const apart = (pair: (typeof pairs)[number]) => Math.abs(pair.file - pair.here) / Math.max(pair.file, pair.here);
  const last = pairs.at(-1)!;
  return { kind: 'close', epochs: pairs.length, most: Math.max(...pairs.map(apart)), file: last.file, here: last.here };
}

export class Rerun {
  private client: Client | null = null;
  private end: (verdict: Verdict) => void = () => undefined;

  constructor(
    private readonly result: Result,
    private readonly progress: (epochs: number) => void,
  ) {}

  /** Never throws. */
  async run(source: TextSource): Promise<Verdict> {
    const { result } = this;
    const ended = new Promise<Verdict>((resolve) => (this.end = resolve));
    const epochs: ResultEpoch[] = [];
    const wanted = result.epochs.at(-1)?.epoch ?? 0;
    const hear = (event: WorkerEvent) => {
      if (event.type === 'progress') {
        epochs.push(...event.progress.epochs);
        this.progress(epochs.length);
      } else if (event.type === 'stopped') {
        const failed = event.error && event.reason !== 'diverged' ? event.error : null;
        this.end(failed ? { kind: 'failed', failure: failed } : compare(result.epochs, epochs, isExact(result) && !result.altered));
      }
    };
    try {
      const client = (this.client = connect(result.build === 'threads' ? 'relaxed' : result.build));
      await Promise.race([this.begin(client, source, wanted, hear), ended]);
      return await ended;
    } catch (error) {
      return { kind: 'failed', failure: asFailure(error) };
    } finally {
      this.client?.terminate();
    }
  }

  private async begin(client: Client, source: TextSource, epochs: number, hear: (event: WorkerEvent) => void): Promise<void> {
    const { settings, text } = this.result;
    await client.start('cpu', hear);
    await client.keepNothing();
    const config = { ...settings, train: { ...settings.train, epochs } };
    const { info } = await client.openText(source, config, null);
    if (info.fingerprint === text.fingerprint) await client.train();
    else this.end({ kind: 'other-text' });
  }

  stop(): void {
    this.end({ kind: 'stopped' });
  }
}
