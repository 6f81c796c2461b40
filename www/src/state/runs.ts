/** Runs: what the charts draw. The newest is the one in training; earlier ones stay for comparison. */
import type { Config, EpochReport, SessionInfo } from '../protocol/engine.ts';
import type { LivingSample, Progress } from '../protocol/messages.ts';
import { latestMean, Series, type SeriesData } from './series.ts';

export const MOST_RUNS = 6;
const MOST_SAMPLES = 120;

/** Training perplexities after an epoch: the textbook's, on lyrics of its own; PyTorch's lowest and highest on this very text. */
export interface Milestone {
  epoch: number;
  perplexity: number;
  pytorch?: readonly [lowest: number, highest: number];
}

export interface Run {
  id: number;
  config: Config;
  textName: string;
  vocabulary: number;
  parameters: number;
  /** Tells it from other runs of its cell, by shade and dash. */
  variant: number;
  /** When it began, in milliseconds since 1970; 0: not known. */
  started: number;
  visible: boolean;
  /** Opened from a file or from this browser, not begun here. */
  opened: boolean;
  /** Columns: loss, gradient norm, learning rate, over the epoch as a fraction. */
  steps: Series;
  epochs: EpochReport[];
  /** Spent training, over whole epochs. */
  seconds: number;
  step: number;
  charactersPerSecond: number;
  samples: LivingSample[];
  /** Options were changed while it trained: the settings alone do not give this run again. */
  altered?: boolean;
  /** What others reached with the same settings. */
  references: Milestone[];
}

export function newRun(id: number, variant: number, session: SessionInfo, textName: string, references: Milestone[] = []): Run {
  return {
    id,
    config: session.config,
    textName,
    vocabulary: session.vocabulary.length,
    parameters: session.summary.parameters,
    variant,
    started: Date.now(),
    visible: true,
    opened: false,
    steps: new Series(3),
    epochs: [],
    seconds: 0,
    step: 0,
    charactersPerSecond: 0,
    samples: [],
    references,
  };
}

/** The share of the latest report in the speed: a change is taken up within a few seconds. */
const SPEED_SHARE = 0.05;

/**
 * Adds what the worker reported. Changes the run in place: the charts watch a version number. A GPU that failed takes
 * some steps with it, which are trained once more: they take the place of the first.
 */
export function addProgress(run: Run, progress: Progress): void {
  const { metrics, position } = progress;
  for (let row = 0; row + 3 < metrics.length; row += 4) {
    const x = metrics[row]! / position.batches_per_epoch;
    run.steps.rewind(x);
    run.steps.add(x, metrics.subarray(row + 1, row + 4));
  }
  const [again] = progress.epochs;
  if (again) run.epochs = run.epochs.filter(({ epoch }) => epoch < again.epoch);
  run.epochs.push(...progress.epochs);
  run.seconds += progress.epochs.reduce((total, epoch) => total + epoch.seconds, 0);
  run.step = position.step;
  // A report measures a fraction of a second: what is told of it, and the time left, must not swing with each.
  const speed = progress.charactersPerSecond;
  if (speed > 0) run.charactersPerSecond += (speed - run.charactersPerSecond) * (run.charactersPerSecond ? SPEED_SHARE : 1);
}

/** Keeps a finished sample; when there are too many, every second of the older ones goes. */
export function addSample(run: Run, sample: LivingSample): void {
  const last = run.samples.at(-1);
  if (last && last.position.step === sample.position.step) run.samples[run.samples.length - 1] = sample;
  else run.samples.push(sample);
  if (run.samples.length > MOST_SAMPLES) run.samples = run.samples.filter((_, index) => index % 2 === 0 || index > MOST_SAMPLES - 8);
}

/** Loss of the latest steps, and the perplexity that it is: both of the same steps, so that one is e to the other. */
export function latest(run: Run | undefined): { loss: number; perplexity: number } | null {
  const loss = run ? latestMean(run.steps.columns[0]!, run.steps.stride) : null;
  return loss === null ? null : { loss, perplexity: Math.exp(loss) };
}

export interface SavedView {
  version: 1;
  run: Omit<Run, 'steps' | 'samples'> & { steps: SeriesData; samples: LivingSample[] };
}

export function saveView(run: Run): SavedView {
  return { version: 1, run: { ...run, steps: run.steps.toData(), samples: run.samples.slice(-40) } };
}

export function restoreRun(view: unknown): Run | null {
  const saved = view as SavedView | null | undefined;
  if (saved?.version !== 1) return null;
  // Older views knew no beginning.
  return { ...saved.run, started: saved.run.started ?? 0, steps: Series.fromData(saved.run.steps) };
}
