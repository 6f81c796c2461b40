/** What people call things that the engine knows by an id. */
import type { AppState } from '../state/appstate.ts';
import { translate } from './i18n.ts';

/** A text by its title: one of ours by what it is, a file by its name, pasted text as such. */
export function textName({ boot, language }: Readonly<Pick<AppState, 'boot' | 'language'>>, id: string): string {
  const corpus = boot?.corpora.find((each) => each.id === id);
  if (!corpus) return id || translate(language, 'text.pasted');
  if (corpus.language.startsWith('zh')) return translate(language, 'corpus.zh');
  return corpus.language.startsWith('en') ? translate(language, 'corpus.en') : corpus.title;
}
