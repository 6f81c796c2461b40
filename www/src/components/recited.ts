/** How what stands word for word in the learnt text is marked, and what is said of it. */
import { css, html } from 'lit';
import * as format from '../i18n/format.ts';
import { translate, type Language } from '../i18n/i18n.ts';
import type { Likeness } from '../protocol/messages.ts';

export const marks = css`
  mark {
    border-bottom: 2px solid var(--run-1);
    background: color-mix(in srgb, var(--run-1) 16%, transparent);
    color: inherit;
  }
`;

/** The share, in a sentence. Its words come with the lessons. */
export function recited(language: Language, { share, passage }: Likeness) {
  const values = { share: format.percent(share, language), passage };
  return share > 0 ? html`<mark>${values.share}</mark> ${translate(language, 'recite.some', values)}` : translate(language, 'recite.none', values);
}
