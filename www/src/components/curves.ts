/**
 * From runs to uPlot: options and data for the two kinds of chart. The loss chart has one curve and two scales:
 * loss on the left, and on the right the perplexity it stands for, e^loss.
 */
import uPlot from 'uplot';
import type { Run } from '../state/runs.ts';
import { smooth } from '../state/series.ts';
import type { ChartOptions, ColourOf } from './chart.ts';

/** Beyond this many epochs their dots would run together. */
export const MOST_DOTS = 60;
const PERPLEXITIES = [1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];

const DECADES = [-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

const POWERS = Array.from({ length: 20 }, (_, index) => 10 ** (index - 13));

type CurveKind = 'raw' | 'smoothed' | 'epochs' | 'validation' | 'book';

interface LossSettings {
  runs: Run[];
  currentId: number;
  vocabulary: number;
  text: { loss: string; perplexity: string; epoch: string; blind: string };
}

function axisStyle(colour: ColourOf): Pick<uPlot.Axis, 'stroke' | 'font' | 'labelFont' | 'ticks'> {
  return {
    stroke: colour('--ink-2'),
    font: '12px system-ui, sans-serif',
    labelFont: '12px system-ui, sans-serif',
    ticks: { show: false },
  };
}

/** A horizontal dashed line with its name. */
function drawMark(plot: uPlot, value: number, label: string, stroke: string): void {
  const y = plot.valToPos(value, 'y', true);
  const { left, top, width, height } = plot.bbox;
  if (!(y >= top && y <= top + height)) return;
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.fillStyle = stroke;
  ctx.lineWidth = ratio;
  ctx.setLineDash([4 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(left + width, y);
  ctx.stroke();
  ctx.font = `${11.5 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  const below = y - top < 16 * ratio || value < (plot.scales['y']!.min! + plot.scales['y']!.max!) / 2;
  ctx.textBaseline = below ? 'top' : 'bottom';
  ctx.fillText(label, left + width - 4 * ratio, y + (below ? 3 : -3) * ratio);
  ctx.restore();
}

/** How far the runs have come: the book's marks beyond it wait. */
function lastEpoch(runs: Run[]): number {
  return Math.max(0, ...runs.map((run) => run.steps.x.at(-1) ?? 0)) || 1;
}

export function lossOptions({ runs, currentId, vocabulary, text }: LossSettings): (colour: ColourOf) => ChartOptions {
  const blind = vocabulary > 1 ? Math.log(vocabulary) : null;
  return (colour) => ({
    scales: {
      x: { time: false, range: () => [0, lastEpoch(runs)] },
      y: {
        range: (_, min, max) => {
          if (min === null || max === null) return [0, blind === null ? 1 : blind * 1.05];
          return [Math.max(0, min - 0.15), Math.max(max + 0.1, max > (blind ?? 0) * 0.8 ? (blind ?? 0) * 1.05 : 0)];
        },
      },
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
    series: [{}, ...columnsOf(runs, currentId).map((column) => lossSeries(column, colour))],
    hooks: {
      draw: [
        (plot) => {
          if (blind !== null) drawMark(plot, blind, `${text.blind} (${vocabulary})`, colour('--line-2'));
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

/** The columns of the loss chart, in order: the current run has all kinds, the others one curve each. */
function columnsOf(runs: Run[], currentId: number): { run: Run; kind: CurveKind }[] {
  return runs.flatMap((run) => {
    const kinds: CurveKind[] = run.id === currentId ? ['raw', 'smoothed', 'epochs', 'validation', 'book'] : ['smoothed'];
    return kinds.map((kind) => ({ run, kind }));
  });
}

function lossSeries({ run, kind }: { run: Run; kind: CurveKind }, colour: ColourOf): uPlot.Series {
  const stroke = colour(`--run-${run.colour}`);
  const line = { stroke, spanGaps: true, points: { show: false } };
  switch (kind) {
    case 'raw':
      return { ...line, width: 1, alpha: 0.22 };
    case 'smoothed':
      return { ...line, width: 2 };
    case 'epochs':
      return { stroke, width: 0, points: { show: run.epochs.length <= MOST_DOTS, size: 6, fill: stroke } };
    case 'validation':
      return { ...line, stroke: colour('--warm'), width: 2, dash: [6, 4] };
    case 'book':
      return { stroke: colour('--ink-2'), width: 0, points: { show: true, size: 9, width: 2, fill: colour('--surface') } };
  }
}

function lossTable({ run, kind }: { run: Run; kind: CurveKind }): uPlot.AlignedData {
  const { x, columns } = run.steps;
  switch (kind) {
    case 'raw':
      return [x, columns[0]!];
    case 'smoothed':
      return [x, smooth(columns[0]!)];
    case 'epochs':
      return [run.epochs.map(({ epoch }) => epoch), run.epochs.map(({ perplexity }) => Math.log(perplexity))];
    case 'validation': {
      const validated = run.epochs.filter((each) => each.validation_perplexity !== null);
      return [validated.map(({ epoch }) => epoch), validated.map((each) => Math.log(each.validation_perplexity!))];
    }
    case 'book':
      return [run.references.map(({ epoch }) => epoch), run.references.map(({ perplexity }) => Math.log(perplexity))];
  }
}

const NOTHING = [[]] as unknown as uPlot.AlignedData;

export function lossData(runs: Run[], currentId: number): uPlot.AlignedData {
  return runs.length ? uPlot.join(columnsOf(runs, currentId).map(lossTable)) : NOTHING;
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
  mark: { value: number; label: string } | null;
}

export function smallOptions({ runs, log, mark }: SmallSettings): (colour: ColourOf) => ChartOptions {
  return (colour) => ({
    scales: {
      x: { time: false, range: () => [0, lastEpoch(runs)] },
      y: {
        distr: log ? 3 : 1,
        range: (_, min, max) => {
          const low = log ? min / 1.5 : 0;
          const high = Math.max(max, mark?.value ?? 0) * (log ? 1.5 : 1.15);
          return log ? [Math.max(Math.min(low, (mark?.value ?? low) / 2.5), 1e-9), Math.max(high, 1e-8)] : [low, high || 1];
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
        values: (_, splits) => splits.map((split) => (split === null ? '' : String(Number(split.toPrecision(3))))),
      },
    ],
    series: [
      {},
      ...runs.map((run): uPlot.Series => ({ stroke: colour(`--run-${run.colour}`), width: 1.25, spanGaps: true, points: { show: false } })),
    ],
    hooks: {
      draw: [
        (plot) => {
          if (mark) drawMark(plot, mark.value, mark.label, colour('--warm'));
        },
      ],
    },
  });
}

export function smallData(runs: Run[], column: number): uPlot.AlignedData {
  return runs.length ? uPlot.join(runs.map((run) => [run.steps.x, run.steps.columns[column]!])) : NOTHING;
}
