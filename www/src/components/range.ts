/** How much of the losses the axis shows. */
/** A curve's values above this share of all are what a spike may be. */
const TYPICAL = 0.95;

/**
 * Bottom and top of the loss axis. A spike must not flatten everything else: the axis ends a little above blind
 * guessing, or above nearly all of the losses, and what lies beyond is marked there.
 */
export function lossRange(curves: readonly ArrayLike<number | null | undefined>[], blind: number | null): [number, number] {
  const values = curves.flatMap((curve) => Array.from(curve)).filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  if (!values.length) return [0, blind === null ? 1 : blind * 1.05];
  values.sort((a, b) => a - b);
  const [min, max] = [values[0]!, values.at(-1)!];
  const typical = values[Math.floor((values.length - 1) * TYPICAL)]!;
  const most = Math.max((blind ?? 0) * 1.15, typical + 0.25 * Math.max(1, typical - min));
  const top = Math.max(max + 0.1, max > (blind ?? 0) * 0.8 ? (blind ?? 0) * 1.05 : 0);
  return [Math.max(0, min - 0.15), Math.min(top, most)];
}
