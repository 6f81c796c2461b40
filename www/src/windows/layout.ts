/** The whole text as a few lines, and where windows lie on them. */
const FEWEST_LINES = 4;
const MOST_LINES = 20;
const CHARACTERS_PER_LINE = 1200;
/** Narrower would not be seen. */
const NARROWEST = 1.5;

export interface Piece {
  row: number;
  line: number;
  x: number;
  width: number;
}

/** `lines`: each line's width. A window that crosses the end of a line has a piece on each. */
export function layOut(starts: readonly number[], steps: number, characters: number, width: number): { lines: number[]; pieces: Piece[] } {
  const count = Math.min(MOST_LINES, Math.max(FEWEST_LINES, Math.ceil(characters / CHARACTERS_PER_LINE)));
  const perLine = Math.max(1, Math.ceil(characters / count));
  const scale = width / perLine;
  const lines = Array.from({ length: Math.ceil(characters / perLine) }, (_, line) => Math.min(perLine, characters - line * perLine) * scale);
  const pieces: Piece[] = [];
  starts.forEach((start, row) => {
    const end = Math.min(start + steps, characters);
    for (let from = start; from < end; ) {
      const line = Math.floor(from / perLine);
      const to = Math.min(end, (line + 1) * perLine);
      const x = (from - line * perLine) * scale;
      const wide = Math.max(NARROWEST, (to - from) * scale);
      pieces.push({ row, line, x: Math.min(x, width - wide), width: wide });
      from = to;
    }
  });
  return { lines, pieces };
}
