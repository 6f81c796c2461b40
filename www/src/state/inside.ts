/** What the units of a layer respond to: small statistics over one looked-at text, for the inside view. */
import type { Inspection, LayerInside } from '../protocol/engine.ts';

/** Values of one quantity over the text: `value(t, unit)`. */
export interface Grid {
  steps: number;
  units: number;
  values: Float32Array;
  /** Row length of `values`, and where the quantity begins in a row. */
  stride: number;
  offset: number;
}

export function hiddenGrid(layer: LayerInside, units: number): Grid {
  return { steps: layer.hidden.length / units, units, values: layer.hidden, stride: units, offset: 0 };
}

export function gateGrid(layer: LayerInside, gate: number, gates: number, units: number): Grid {
  const stride = gates * units;
  return { steps: layer.gates.length / stride, units, values: layer.gates, stride, offset: gate * units };
}

export function at(grid: Grid, step: number, unit: number): number {
  return grid.values[step * grid.stride + grid.offset + unit]!;
}

export const ORDERS = ['index', 'lively', 'newline', 'space', 'letter', 'character', 'surprise'] as const;
export type Order = (typeof ORDERS)[number];

/** What an order asks of each place: a number that a unit's activity may follow. Null where it asks nothing. */
function question(order: Order, { places }: Inspection, picked: number, steps: number): number[] | null {
  const here = places.slice(0, steps);
  switch (order) {
    case 'newline':
      return here.map(({ character }) => (character === '\n' ? 1 : 0));
    case 'space':
      return here.map(({ character }) => (/[\s\u3000]/.test(character) && character !== '\n' ? 1 : 0));
    case 'letter':
      return here.map(({ character }) => (/\p{Uppercase}|\p{Punctuation}/u.test(character) ? 1 : 0));
    case 'character': {
      const wanted = here[picked]?.character;
      return here.map(({ character }) => (character === wanted ? 1 : 0));
    }
    case 'surprise':
      return here.map(({ surprise }) => surprise ?? 0);
    default:
      return null;
  }
}

function spread(values: ArrayLike<number>): number {
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += values[i]! / values.length;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - mean) ** 2;
  return Math.sqrt(sum / values.length);
}

/** Correlation, 0 where one of the two never changes. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  let meanA = 0;
  let meanB = 0;
  for (let i = 0; i < n; i++) {
    meanA += a[i]! / n;
    meanB += b[i]! / n;
  }
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < n; i++) {
    const da = a[i]! - meanA;
    const db = b[i]! - meanB;
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return aa > 1e-12 && bb > 1e-12 ? ab / Math.sqrt(aa * bb) : 0;
}

export function unitOverTime(grid: Grid, unit: number): Float32Array {
  return Float32Array.from({ length: grid.steps }, (_, step) => at(grid, step, unit));
}

/** Units in display order, and how strongly each answers the order's question (for `index`, all 0). */
export function orderUnits(grid: Grid, order: Order, inspection: Inspection, picked: number): { units: number[]; scores: number[] } {
  const asked = question(order, inspection, picked, grid.steps);
  const scores = Array.from({ length: grid.units }, (_, unit) => {
    if (order === 'index') return 0;
    const activity = unitOverTime(grid, unit);
    return asked ? correlation(activity, asked) : spread(activity);
  });
  const units = Array.from({ length: grid.units }, (_, unit) => unit);
  if (order !== 'index') units.sort((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!));
  return { units, scores };
}
