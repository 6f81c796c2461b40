/**
 * From runs to uPlot: options and data for the two kinds of chart. The loss chart has one curve and two scales:
 * loss on the left, and on the right the perplexity it stands for, e^loss.
 */
import uPlot from 'uplot';
import type { Run } from '../state/runs.ts';
import { smooth } from '../state/series.ts';
import type { ChartOptions, ColourOf } from './chart.ts';

const SMOOTHING = 0.94;
/** Beyond this many epochs their dots would run together. */
export const MOST_DOTS = 60;
const PERPLEXITIES = [1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];

const DECADES = [-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

export interface LossHover {
  epoch: number;
  loss: number;
}

interface LossSettings {
  runs: Run[];
  currentId: number;
  vocabulary: number;
  text: { loss: string; perplexity: string; epoch: string; blind: string };
  onHover: (hover: LossHover | null) => void;
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

export function lossOptions({ runs, currentId, vocabulary, text, onHover }: LossSettings): (colour: ColourOf) => ChartOptions {
  const blind = vocabulary > 1 ? Math.log(vocabulary) : null;
  return (colour) => ({
    cursor: { y: false, points: { size: 6 } },
    scales: {
      x: { time: false, range: (_, min, max) => (max > min ? [min, max] : [0, Math.max(1, max * 2)]) },
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
    series: [
      {},
      ...runs.flatMap((run) => {
        const stroke = colour(`--run-${run.colour}`);
        const current = run.id === currentId;
        const curves: uPlot.Series[] = [{ stroke, width: current ? 2.25 : 1.5, spanGaps: true, points: { show: false } }];
        if (!current) return curves;
        return [
          { stroke, width: 1, alpha: 0.22, spanGaps: true, points: { show: false } },
          ...curves,
          { stroke, width: 0, points: { show: run.epochs.length <= MOST_DOTS, size: 6, fill: stroke } },
          { stroke: colour('--warm'), width: 2, dash: [6, 4], spanGaps: true, points: { show: false } },
        ];
      }),
    ],
    hooks: {
      draw: [
        (plot) => {
          if (blind !== null) drawMark(plot, blind, `${text.blind} (${vocabulary})`, colour('--line-2'));
        },
      ],
      setCursor: [
        (plot) => {
          const index = plot.cursor.idx;
          const epoch = index === null || index === undefined ? undefined : plot.data[0][index];
          // The current run's smoothed curve is the last run's second.
          const column = runs.length ? plot.data[plot.data.length - 3] : undefined;
          const loss = index === null || index === undefined ? undefined : column?.[index];
          onHover(epoch !== undefined && typeof loss === 'number' ? { epoch, loss } : null);
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

export function lossData(runs: Run[], currentId: number): uPlot.AlignedData {
  if (!runs.length) return [[], []].slice(0, 1) as unknown as uPlot.AlignedData;
  const tables: uPlot.AlignedData[] = runs.flatMap((run) => {
    const loss = run.steps.columns[0]!;
    const smoothed = smooth(loss, SMOOTHING);
    if (run.id !== currentId) return [[run.steps.x, smoothed] as uPlot.AlignedData];
    const epochs = run.epochs;
    return [
      [run.steps.x, loss, smoothed] as uPlot.AlignedData,
      [
        epochs.map((epoch) => epoch.epoch),
        epochs.map((epoch) => Math.log(epoch.perplexity)),
        epochs.map((epoch) => (epoch.validation_perplexity === null ? null : Math.log(epoch.validation_perplexity))),
      ] as uPlot.AlignedData,
    ];
  });
  return uPlot.join(tables);
}

interface SmallSettings {
  runs: Run[];
  log: boolean;
  mark: { value: number; label: string } | null;
}

export function smallOptions({ runs, log, mark }: SmallSettings): (colour: ColourOf) => ChartOptions {
  return (colour) => ({
    cursor: { show: false },
    scales: {
      x: { time: false, range: (_, min, max) => (max > min ? [min, max] : [0, Math.max(1, max * 2)]) },
      y: {
        distr: log ? 3 : 1,
        range: (_, min, max) => {
          const low = log ? min / 1.5 : 0;
          const high = Math.max(max, mark?.value ?? 0) * (log ? 1.5 : 1.15);
          return log ? [Math.max(Math.min(low, (mark?.value ?? low) / 1.5), 1e-9), Math.max(high, 1e-8)] : [low, high || 1];
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
  if (!runs.length) return [[]] as unknown as uPlot.AlignedData;
  return uPlot.join(runs.map((run) => [run.steps.x, run.steps.columns[column]!] as uPlot.AlignedData));
}
