/** What is written into a chart's picture beside its curves: lines with a name, and spikes that leave the picture. */
import type uPlot from 'uplot';
import type { ColourOf } from './chart.ts';
import { typeScale } from '../theme/view.ts';
import type { Spike } from './spikes.ts';

export interface Mark {
  value: number;
  label: string;
  /** Of the run it belongs to, as CSS says it; a plain line where it belongs to all that is drawn. */
  colour: string;
}

const font = (plot: uPlot, ratio: number) => `${11.5 * ratio * typeScale(plot.root)}px system-ui, sans-serif`;

/** Text that can be read over whatever curve runs through it. */
function write(ctx: CanvasRenderingContext2D, text: string, x: number, y: number, background: string): void {
  ctx.save();
  ctx.setLineDash([]);
  ctx.lineJoin = 'round';
  ctx.lineWidth = 4 * devicePixelRatio;
  ctx.strokeStyle = background;
  ctx.strokeText(text, x, y);
  ctx.restore();
  ctx.fillText(text, x, y);
}

/** Horizontal dashed lines, each with its name; names keep clear of each other by taking turns at the two ends. */
export function drawMarks(plot: uPlot, marks: readonly Mark[], colour: ColourOf): void {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  const ratio = devicePixelRatio;
  marks.forEach(({ value, label, colour: own }, index) => {
    const y = plot.valToPos(value, 'y', true);
    if (!(y >= top && y <= top + height)) return;
    ctx.save();
    ctx.strokeStyle = colour(own);
    ctx.fillStyle = colour(own);
    ctx.lineWidth = ratio;
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
    ctx.font = font(plot, ratio);
    const atEnd = index % 2 === 0;
    ctx.textAlign = atEnd ? 'right' : 'left';
    const below = y - top < height / 2;
    ctx.textBaseline = below ? 'top' : 'bottom';
    write(ctx, label, atEnd ? left + width - 4 * ratio : left + 4 * ratio, y + (below ? 3 : -3) * ratio, colour('--surface'));
    ctx.restore();
  });
}

/** A small arrow at the top for each spike, and its value beside the highest. */
export function drawSpikes(plot: uPlot, spikes: readonly Spike[], stroke: string, background: string): void {
  const { ctx } = plot;
  const { left, top, width } = plot.bbox;
  const ratio = devicePixelRatio;
  const highest = spikes.reduce<Spike | null>((most, spike) => (most && most.value >= spike.value ? most : spike), null);
  ctx.save();
  ctx.fillStyle = stroke;
  ctx.font = font(plot, ratio);
  ctx.textBaseline = 'top';
  for (const spike of spikes) {
    const x = plot.valToPos(spike.x, 'x', true);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x - 5 * ratio, top + 8 * ratio);
    ctx.lineTo(x + 5 * ratio, top + 8 * ratio);
    ctx.fill();
    if (spike !== highest) continue;
    const before = x > left + width / 2;
    ctx.textAlign = before ? 'right' : 'left';
    write(ctx, String(Number(spike.value.toPrecision(3))), x + (before ? -9 : 9) * ratio, top + ratio, background);
  }
  ctx.restore();
}
