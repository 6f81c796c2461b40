/** Where a curve leaves its picture. */
export interface Spike {
  x: number;
  value: number;
}

/** Where a curve leaves the picture at the top, the highest point of each time. */
export function spikesOf(x: ArrayLike<number>, values: ArrayLike<number | null | undefined>, top: number): Spike[] {
  const spikes: Spike[] = [];
  let open: Spike | null = null;
  for (let i = 0; i < x.length; i++) {
    const value = values[i];
    // Where another run has a point, this curve goes on.
    if (value === null || value === undefined) continue;
    if (value <= top) open = null;
    else if (!open) spikes.push((open = { x: x[i]!, value }));
    else if (value > open.value) Object.assign(open, { x: x[i]!, value });
  }
  return spikes;
}
