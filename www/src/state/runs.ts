/** Runs: what the charts draw. The newest is the one in training; earlier ones stay for comparison. */
import type { Config, EpochReport, Preset, SessionInfo } from '../protocol/engine.ts';
import type { LivingSample, Progress } from '../protocol/messages.ts';
import { Series, type SeriesData } from './series.ts';

export const MOST_RUNS = 6;
const MOST_SAMPLES = 120;

export interface Run {
  id: number;
  config: Config;
  textName: string;
  vocabulary: number;
  parameters: number;
  colour: number;
  visible: boolean;
  /** Columns: loss, gradient norm, learning rate, over the epoch as a fraction. */
  steps: Series;
  epochs: EpochReport[];
  /** Spent training, over whole epochs. */
  seconds: number;
  step: number;
  charactersPerSecond: number;
  samples: LivingSample[];
  /** What a textbook run of the same settings reached. */
  references: Preset['references'];
}

export function newRun(id: number, colour: number, session: SessionInfo, textName: string, references: Preset['references'] = []): Run {
  return {
    id,
    config: session.config,
    textName,
    vocabulary: session.vocabulary.length,
    parameters: session.summary.parameters,
    colour,
    visible: true,
    steps: new Series(3),
    epochs: [],
    seconds: 0,
    step: 0,
    charactersPerSecond: 0,
    samples: [],
    references,
  };
}

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
  if (progress.charactersPerSecond > 0) run.charactersPerSecond = progress.charactersPerSecond;
}

/** Keeps a finished sample; when there are too many, every second of the older ones goes. */
export function addSample(run: Run, sample: LivingSample): void {
  const last = run.samples.at(-1);
  if (last && last.position.step === sample.position.step) run.samples[run.samples.length - 1] = sample;
  else run.samples.push(sample);
  if (run.samples.length > MOST_SAMPLES) run.samples = run.samples.filter((_, index) => index % 2 === 0 || index > MOST_SAMPLES - 8);
}

/** The last smoothed loss, for the read-out. */
export function latestLoss(run: Run | undefined): number | null {
  const column = run?.steps.columns[0];
  if (!column?.length) return null;
  const recent = column.slice(-10);
  return recent.reduce((sum, value) => sum + value, 0) / recent.length;
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
  return { ...saved.run, steps: Series.fromData(saved.run.steps) };
}
