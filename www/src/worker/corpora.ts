/** The texts that come with Charloom: files of their own, of which a visit needs one. */
import english from '../../../assets/corpora/lyrics-en.txt?url';
import chinese from '../../../assets/corpora/lyrics-zh.txt?url';
import { DeskError } from './failure.ts';

const URLS = new Map([
  ['lyrics-en', english],
  ['lyrics-zh', chinese],
]);

export async function corpusText(id: string): Promise<string> {
  const url = URLS.get(id);
  if (url === undefined) throw new DeskError('unknown-corpus', `There is no text called “${id}” here.`, { id });
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(response.statusText);
    return await response.text();
  } catch {
    throw new DeskError('corpus-unavailable', `The text “${id}” could not be fetched: check the network and choose it again.`, { id });
  }
}

/** So that all of them are among the files that the browser keeps. */
export async function fetchCorpora(): Promise<void> {
  await Promise.all([...URLS.keys()].map(corpusText));
}
