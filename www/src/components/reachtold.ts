/** What a comparison of gradients shows, in a sentence that its own numbers choose. */
import * as format from '../i18n/format.ts';
import { translate, type Language } from '../i18n/i18n.ts';
import type { Cell } from '../protocol/engine.ts';
import type { GradientReach } from '../protocol/messages.ts';

/** Where the sentence looks, in characters back. */
const FAR = 40;
/** Nearer, and nothing can be told yet. */
const NEAR = 10;
/** How many times as much is clearly more. */
const CLEARLY = 10;
/** Less than this share is as good as nothing. */
const GONE = 1e-3;

export type Verdict = 'kept' | 'explodes' | 'alike' | 'open';

/** The share of the last character's gradient that is left so far back. */
function left({ norms }: GradientReach, back: number): number {
  const share = norms[norms.length - 1 - back]! / norms.at(-1)!;
  return Number.isNaN(share) ? Infinity : share;
}

export function verdict(compared: readonly GradientReach[], gates: number): { verdict: Verdict; back: number; left: Record<Cell, number> } {
  const back = Math.min(FAR, compared[0]!.norms.length - 1);
  const shares = Object.fromEntries(compared.map((each) => [each.cell, left(each, back)])) as Record<Cell, number>;
  const { rnn, gru, lstm } = shares;
  const told = (): Verdict => {
    if (back < NEAR) return 'open';
    if (rnn > CLEARLY) return 'explodes';
    const [least, most] = [Math.min(gru, lstm), Math.max(gru, lstm)];
    if (least > GONE && rnn * CLEARLY < least) return 'kept';
    return gates === 0 && Math.max(most, rnn) < GONE ? 'alike' : 'open';
  };
  return { verdict: told(), back, left: shares };
}

export function told(language: Language, compared: readonly GradientReach[], gates: number): string {
  const { verdict: which, back, left } = verdict(compared, gates);
  const list = compared.map(({ cell }) => `${translate(language, `choice.model.cell.${cell}`)} ${format.short(left[cell])}`).join(' · ');
  return translate(language, `reach.told.${which}`, { back, list });
}
