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

/** Where each point of a curve belongs: in the middle of the steps that it averages, of which `x` is the last. */
export function centres({ x, stride }: Pick<Series, 'x' | 'stride'>): number[] {
  if (stride === 1 || x.length < 2) return x.slice();
  const back = (stride - 1) / (2 * stride);
  return x.map((end, i) => end - back * (i ? end - x[i - 1]! : x[1]! - x[0]!));
}

/** How many steps the charts' main line looks to either side. */
const REACH_STEPS = 16;

/**
 * The charts' main line: at each point a straight line is fitted to the steps around it, those nearby counting most.
 * Unlike a moving average it does not lag behind a curve that falls, and as its reach is in steps, it is the same for
 * equal runs, whether they went on afterwards or not. What is no number is left out.
 */
export function smooth(values: readonly number[], stride = 1): number[] {
  const reach = REACH_STEPS / stride;
  const side = Math.floor(reach);
  const weights = Array.from({ length: side + 1 }, (_, away) => (1 - (away / (reach + 1)) ** 3) ** 3);
  return values.map((own, i) => {
    let [w, wd, wdd, wv, wdv] = [0, 0, 0, 0, 0];
    for (let d = Math.max(-i, -side); d <= side && i + d < values.length; d++) {
      const value = values[i + d]!;
      if (!Number.isFinite(value)) continue;
      const weight = weights[Math.abs(d)]!;
      w += weight;
      wd += weight * d;
      wdd += weight * d * d;
      wv += weight * value;
      wdv += weight * d * value;
    }
    const spread = w * wdd - wd * wd;
    // A line needs two points; where there is but one, it stands for itself.
    return spread > 1e-9 ? (wdd * wv - wd * wdv) / spread : own;
  });
}

/** Mean of the latest steps, over about as many as the main line looks at. */
export function latestMean(values: readonly number[], stride: number): number | null {
  const recent = values.slice(-Math.max(1, Math.round(REACH_STEPS / stride))).filter(Number.isFinite);
  return recent.length ? recent.reduce((sum, value) => sum + value, 0) / recent.length : null;
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
