/**
 * From runs to uPlot: options and data for the two kinds of chart. The loss chart has one curve and two scales:
 * loss on the left, and on the right the perplexity it stands for, e^loss.
 */
import uPlot from 'uplot';
import type { Run } from '../state/runs.ts';
import { centres, smooth } from '../state/series.ts';
import { lookOf, type Look } from '../theme/looks.ts';
import type { ChartOptions, ColourOf } from './chart.ts';
import { drawMarks, drawSpikes, type Mark } from './marks.ts';
import { lossRange } from './range.ts';
import { spikesOf } from './spikes.ts';

/** Beyond this many epochs their dots would run together. */
export const MOST_DOTS = 60;
const PERPLEXITIES = [1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 1e5, 1e6];

const DECADES = [-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

const POWERS = Array.from({ length: 20 }, (_, index) => 10 ** (index - 13));

type CurveKind = 'raw' | 'smoothed' | 'epochs' | 'validation' | 'book' | 'expected';

interface LossSettings {
  runs: Run[];
  /** The run that is drawn in full. */
  toldId: number;
  /** Blind guessing among so many characters, and what to call it. */
  blind: { vocabulary: number; mark: Mark }[];
  text: { loss: string; perplexity: string; epoch: string };
}

function axisStyle(colour: ColourOf): Pick<uPlot.Axis, 'stroke' | 'font' | 'labelFont' | 'ticks'> {
  return {
    stroke: colour('--ink-2'),
    font: '12px system-ui, sans-serif',
    labelFont: '12px system-ui, sans-serif',
    ticks: { show: false },
  };
}

/** How far the runs have come: the book's marks beyond it wait. */
function lastEpoch(runs: Run[]): number {
  return Math.max(0, ...runs.map((run) => run.steps.x.at(-1) ?? 0)) || 1;
}

export function lossOptions({ runs, toldId, blind, text }: LossSettings): (colour: ColourOf) => ChartOptions {
  const guessing = blind.length ? Math.log(Math.max(...blind.map(({ vocabulary }) => vocabulary))) : null;
  const columns = columnsOf(runs, toldId);
  return (colour) => ({
    scales: {
      x: { time: false, range: () => [0, lastEpoch(runs)] },
      y: { range: (plot) => lossRange(runs.length ? plot.data.slice(1) : [], guessing) },
    },
    axes: [
      { ...axisStyle(colour), grid: { show: false }, size: 34, label: text.epoch, labelSize: 16, labelGap: 0 },
      { ...axisStyle(colour), grid: { stroke: colour('--grid'), width: 1 }, size: 40, label: text.loss, labelSize: 16 },
      {
        ...axisStyle(colour),
        side: 1,
        scale: 'y',
        size: 46,
        label: text.perplexity,
        labelSize: 16,
        grid: { show: false },
        splits: (_, __, min, max) => readable(PERPLEXITIES.map(Math.log), min, max),
        values: (_, splits) => splits.map((split) => String(Number(Math.exp(split).toPrecision(3)))),
      },
    ],
    series: [{}, ...columns.map((column) => lossSeries(column, colour))],
    hooks: {
      draw: [
        (plot) => {
          drawMarks(plot, blind.map(({ mark }) => mark), colour);
          columns.forEach(({ run, kind }, index) => {
            if (kind !== (run.id === toldId ? 'raw' : 'smoothed')) return;
            const spikes = spikesOf(plot.data[0], plot.data[index + 1]!, plot.scales['y']!.max!);
            if (spikes.length) drawSpikes(plot, spikes, colour(look(run).colour), colour('--surface'));
          });
        },
      ],
    },
  });
}

/** Of the marks in range, as many as have room. */
function readable(marks: number[], min: number, max: number, scale = (mark: number) => mark, most = 9): number[] {
  const inside = marks.filter((mark) => mark >= min && mark <= max);
  const gap = (scale(max) - scale(min)) / most;
  const kept: number[] = [];
  for (const mark of inside) if (!kept.length || scale(mark) - scale(kept.at(-1)!) >= gap) kept.push(mark);
  return kept;
}

export const look = (run: Run): Look => lookOf(run.config.model.cell, run.variant);

/** The columns of the loss chart, in order: one run has all kinds, the others one curve each. */
function columnsOf(runs: Run[], toldId: number): { run: Run; kind: CurveKind }[] {
  return runs.flatMap((run) => {
    const kinds: CurveKind[] = run.id === toldId ? ['raw', 'smoothed', 'epochs', 'validation', 'expected', 'book'] : ['smoothed'];
    return kinds.map((kind) => ({ run, kind }));
  });
}

function lossSeries({ run, kind }: { run: Run; kind: CurveKind }, colour: ColourOf): uPlot.Series {
  const { colour: own, dash } = look(run);
  const stroke = colour(own);
  const line = { stroke, spanGaps: true, points: { show: false } };
  switch (kind) {
    case 'raw':
      return { ...line, width: 1, alpha: 0.22 };
    case 'smoothed':
      return { ...line, width: 2, dash };
    case 'epochs':
      return { stroke, width: 0, points: { show: run.epochs.length <= MOST_DOTS, size: 6, fill: stroke } };
    case 'validation':
      return { ...line, stroke: colour('--warm'), width: 2, points: { show: run.epochs.length <= MOST_DOTS, size: 7, width: 2, fill: colour('--surface') } };
    case 'book':
      return { stroke: colour('--ink-2'), width: 0, points: { show: true, size: 9, width: 2, fill: colour('--surface') } };
    case 'expected':
      return { stroke: colour('--ink'), width: 0, points: { show: true, size: 8, fill: colour('--ink') } };
  }
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);

function lossTable({ run, kind }: { run: Run; kind: CurveKind }): uPlot.AlignedData {
  const losses = run.steps.columns[0]!;
  switch (kind) {
    case 'raw':
      return [centres(run.steps), losses.map(finite)];
    case 'smoothed':
      return [centres(run.steps), smooth(losses, run.steps.stride).map(finite)];
    case 'epochs':
      return [run.epochs.map(({ epoch }) => epoch), run.epochs.map(({ perplexity }) => finite(Math.log(perplexity)))];
    case 'validation': {
      const validated = run.epochs.filter((each) => each.validation_perplexity !== null);
      return [validated.map(({ epoch }) => epoch), validated.map((each) => finite(Math.log(each.validation_perplexity!)))];
    }
    case 'book':
      return [run.references.map(({ epoch }) => epoch), run.references.map(({ perplexity }) => Math.log(perplexity))];
    case 'expected': {
      const expected = run.references.flatMap(({ epoch, pytorch }) => (pytorch ? [{ epoch, pytorch }] : []));
      return [expected.map(({ epoch }) => epoch), expected.map(({ pytorch: [low, high] }) => (Math.log(low) + Math.log(high)) / 2)];
    }
  }
}

const NOTHING = [[]] as unknown as uPlot.AlignedData;

export function lossData(runs: Run[], toldId: number): uPlot.AlignedData {
  return runs.length ? uPlot.join(columnsOf(runs, toldId).map(lossTable)) : NOTHING;
}

export interface ReachCurve {
  name: string;
  token: string;
  /** After clipping: drawn in dashes. */
  clipped: boolean;
}

/** Norms over characters, furthest back on the left, on a logarithmic scale. */
export function reachOptions(curves: ReachCurve[], axis: string): (colour: ColourOf) => ChartOptions {
  return (colour) => ({
    scales: {
      x: { time: false },
      y: { distr: 3, range: (_, min, max) => [min / 1.5, max * 1.5] },
    },
    axes: [
      { ...axisStyle(colour), grid: { show: false }, size: 34, label: axis, labelSize: 16, labelGap: 0 },
      {
        ...axisStyle(colour),
        grid: { stroke: colour('--grid'), width: 1 },
        size: 62,
        splits: (_, __, min, max) => readable(POWERS, min, max, Math.log10, 6),
        filter: (_, splits) => splits,
        values: (_, splits) => splits.map((split) => String(Number(split.toPrecision(1)))),
      },
    ],
    series: [
      {},
      ...curves.map(
        ({ token, clipped }): uPlot.Series => ({
          stroke: colour(token),
          width: clipped ? 1.5 : 2,
          ...(clipped ? { dash: [5, 4] } : {}),
          points: { show: false },
        }),
      ),
    ],
  });
}

interface SmallSettings {
  runs: Run[];
  log: boolean;
  marks: Mark[];
}

export function smallOptions({ runs, log, marks }: SmallSettings): (colour: ColourOf) => ChartOptions {
  const highest = Math.max(0, ...marks.map(({ value }) => value));
  const lowest = Math.min(Infinity, ...marks.map(({ value }) => value));
  return (colour) => ({
    scales: {
      x: { time: false, range: () => [0, lastEpoch(runs)] },
      y: {
        distr: log ? 3 : 1,
        range: (_, min, max) => {
          if (!runs.length) return log ? [0.1, 10] : [0, 1];
          const low = log ? min / 1.5 : 0;
          const high = Math.max(max, highest) * (log ? 1.5 : 1.15);
          return log ? [Math.max(Math.min(low, lowest / 2.5), 1e-9), Math.max(high, 1e-8)] : [low, high || 1];
        },
      },
    },
    axes: [
      { ...axisStyle(colour), grid: { show: false }, size: 22 },
      {
        ...axisStyle(colour),
        grid: { stroke: colour('--grid'), width: 1 },
        size: 50,
        ...(log ? { splits: (_: uPlot, __: number, min: number, max: number) => readable(DECADES, min, max, Math.log10, 4) } : {}),
        filter: (_, splits) => splits,
        values: (_, splits) => splits.map((split) => (split === null || !runs.length ? '' : String(Number(split.toPrecision(3))))),
      },
    ],
    series: [
      {},
      ...runs.map((run): uPlot.Series => {
        const { colour: own, dash } = look(run);
        return { stroke: colour(own), dash, width: 1.25, spanGaps: true, points: { show: false } };
      }),
    ],
    hooks: { draw: [(plot) => drawMarks(plot, marks, colour)] },
  });
}

export function smallData(runs: Run[], column: number): uPlot.AlignedData {
  return runs.length ? uPlot.join(runs.map((run) => [centres(run.steps), run.steps.columns[column]!.map(finite)])) : NOTHING;
}
