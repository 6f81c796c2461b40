/** Whether a GPU is to take over: it is compared with what trains now, and with what threads could make of that. */
export type Verdict = 'gpu' | 'cpu' | 'threads-first';

/**
 * Milliseconds a step on the GPU and of the session that it would replace; `threads` are those that could be tried: at
 * best they are as many times as fast. Where nothing is known of the session, the GPU's own comparison stands.
 */
export function verdict(gpuMs: number, presentMs: number | null, threads: number): Verdict {
  if (presentMs === null) return 'gpu';
  if (gpuMs >= presentMs) return 'cpu';
  return gpuMs < presentMs / threads ? 'gpu' : 'threads-first';
}

const KEPT = 9;

/** Milliseconds of a training step, as the last slices took. */
export class Pace {
  private readonly steps: number[] = [];

  constructor(private readonly charactersPerStep: number) {}

  note(charactersPerSecond: number): void {
    if (!(charactersPerSecond > 0)) return;
    this.steps.push((1000 * this.charactersPerStep) / charactersPerSecond);
    if (this.steps.length > KEPT) this.steps.shift();
  }

  /** The median; null before the first slice. */
  get ms(): number | null {
    const sorted = this.steps.toSorted((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? null;
  }
}
