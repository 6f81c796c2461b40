/** What is drawn in which colour: one for each kind of cell, wherever it appears. */
import type { Cell } from '../protocol/engine.ts';

export const CELL_COLOURS: Record<Cell, string> = { rnn: '--run-1', lstm: '--run-0', gru: '--run-2' };

/** Runs of equal cells differ in shade and dash: lengths of line and gap, in pixels. */
const DASHES: readonly number[][] = [[], [9, 4], [3, 3], [9, 3, 3, 3], [16, 4], [3, 7]];

export interface Look {
  /** As CSS says it. */
  colour: string;
  dash: number[];
}

export function lookOf(cell: Cell, variant: number): Look {
  const colour = `var(${CELL_COLOURS[cell]})`;
  return {
    colour: variant % 2 ? `color-mix(in srgb, ${colour} 62%, var(--ink))` : colour,
    dash: DASHES[variant % DASHES.length]!,
  };
}
