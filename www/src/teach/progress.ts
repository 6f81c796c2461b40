/** How far a run has come, as a reader sees it: what the notes of the first run go by, and when a text is being learnt by heart. */
import type { EpochReport } from '../protocol/engine.ts';
import type { LivingSample } from '../protocol/messages.ts';

export const STAGES = ['noise', 'lines', 'words', 'verse', 'reciting'] as const;
export type Stage = (typeof STAGES)[number];

const LINE_ENDS = 3;
/** Shares of known words. In Chinese, of known pairs of neighbours, of which even the held-back lyrics have only half. */
const SOME_WORDS = { spaced: 0.6, dense: 0.4 };
const MOST_WORDS = { spaced: 0.9, dense: 0.65 };
/** The share of a sample that stands in the text word for word. */
export const RECITED = 0.25;
/** The held-back text has become this much harder than it was at best. */
const PARTED = 1.1;

/** What a whole sample of a trained network shows; null where it shows nothing of the kind. */
export function stageOf(sample: LivingSample): Stage {
  if (sample.position.step === 0) return 'noise';
  const { likeness } = sample;
  if (likeness && likeness.share >= RECITED) return 'reciting';
  const script = likeness?.dense ? 'dense' : 'spaced';
  const words = likeness?.knownWords ?? 0;
  if (words >= MOST_WORDS[script]) return 'verse';
  if (words >= SOME_WORDS[script]) return 'words';
  const ends = sample.characters.filter(({ character }) => character === '\n').length;
  return ends >= LINE_ENDS ? 'lines' : 'noise';
}

/** The furthest of two stages: a lucky or unlucky sample does not turn progress back. */
export function furthest(a: Stage, b: Stage): Stage {
  return STAGES.indexOf(a) >= STAGES.indexOf(b) ? a : b;
}

/** A refrain may stand word for word in one sample; who recites does so in two, one after the other. */
export function advance(reached: Stage, before: Stage, now: Stage): Stage {
  return furthest(reached, now === 'reciting' && before !== now ? 'verse' : now);
}

/** The epoch that predicted the held-back text best, where there is one. */
export function bestOf(epochs: readonly EpochReport[]): EpochReport | null {
  let best: EpochReport | null = null;
  for (const epoch of epochs) {
    const { validation_perplexity: held } = epoch;
    if (held !== null && Number.isFinite(held) && held < (best?.validation_perplexity ?? Infinity)) best = epoch;
  }
  return best;
}

/**
 * The best epoch, once training and held-back text have parted: what is trained on gets easier still, what was held
 * back has got harder.
 */
export function parting(epochs: readonly EpochReport[]): EpochReport | null {
  const best = bestOf(epochs);
  const last = epochs.at(-1);
  if (!best || !last || last.validation_perplexity === null) return null;
  const harder = last.validation_perplexity > PARTED * best.validation_perplexity!;
  return harder && last.perplexity < best.perplexity ? best : null;
}
