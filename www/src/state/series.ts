/**
 * A curve of bounded size over a run of any length. Each point averages `stride` steps; when the points reach the
 * limit, neighbours are merged and the stride doubles.
 */
export const MOST_POINTS = 1200;

export interface SeriesData {
  stride: number;
  x: number[];
  columns: number[][];
}

export class Series {
  stride = 1;
  x: number[] = [];
  columns: number[][];
  private openCount = 0;
  private openSums: number[];

  constructor(private readonly width: number) {
    this.columns = Array.from({ length: width }, () => []);
    this.openSums = new Array<number>(width).fill(0);
  }

  get length(): number {
    return this.x.length;
  }

  /** Points from `x` on go: the training stands before them again. */
  rewind(x: number): void {
    let kept = this.x.length;
    if (kept === 0 || this.x[kept - 1]! < x) return;
    while (kept > 0 && this.x[kept - 1]! >= x) kept--;
    this.x.length = kept;
    for (const column of this.columns) column.length = kept;
    this.openSums.fill(0);
    this.openCount = 0;
  }

  add(x: number, values: ArrayLike<number>): void {
    for (let i = 0; i < this.width; i++) this.openSums[i]! += values[i] ?? Number.NaN;
    this.openCount++;
    if (this.openCount < this.stride) return;
    this.x.push(x);
    for (let i = 0; i < this.width; i++) {
      this.columns[i]!.push(this.openSums[i]! / this.openCount);
      this.openSums[i] = 0;
    }
    this.openCount = 0;
    if (this.x.length >= MOST_POINTS) this.halve();
  }

  private halve(): void {
    const half = Math.floor(this.x.length / 2);
    for (let i = 0; i < half; i++) {
      this.x[i] = this.x[2 * i + 1]!;
      for (const column of this.columns) column[i] = (column[2 * i]! + column[2 * i + 1]!) / 2;
    }
    this.x.length = half;
    for (const column of this.columns) column.length = half;
    this.stride *= 2;
  }

  toData(): SeriesData {
    return { stride: this.stride, x: this.x.slice(), columns: this.columns.map((column) => column.slice()) };
  }

  static fromData(data: SeriesData): Series {
    const series = new Series(data.columns.length);
    series.stride = data.stride;
    series.x = data.x.slice();
    series.columns = data.columns.map((column) => column.slice());
    return series;
  }
}

/** How many points the moving average of a curve this long should span: enough to read it, few enough to trust it. */
function spanFor(length: number): number {
  return Math.min(16, Math.max(1.5, length / 25));
}

/** Exponential moving average, corrected for its start, as the charts' main line. */
export function smooth(values: readonly number[], weight = 1 - 1 / spanFor(values.length)): number[] {
  const out = new Array<number>(values.length);
  let sum = 0;
  let mass = 0;
  for (let i = 0; i < values.length; i++) {
    sum = sum * weight + values[i]! * (1 - weight);
    mass = mass * weight + (1 - weight);
    out[i] = sum / mass;
  }
  return out;
}

/** Index of the number that is nearest to `x`, in rising numbers; −1 where there are none. */
export function nearest(rising: readonly number[], x: number): number {
  let low = 0;
  let high = rising.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle + 1]! - x <= x - rising[middle]!) low = middle + 1;
    else high = middle;
  }
  return high;
}
