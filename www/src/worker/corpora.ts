/** The texts that come with Charloom: files of their own, of which a visit needs one. */
import { DeskError } from './failure.ts';
import { assets, fetchFile } from './files.ts';

export async function corpusText(id: string): Promise<string> {
  const url = Object.hasOwn(assets.corpora, id) ? assets.corpora[id] : undefined;
  if (url === undefined) throw new DeskError('unknown-corpus', `There is no text called “${id}” here.`, { id });
  return (await fetchFile(url)).text();
}

/** So that all of them are among the files that the browser keeps. */
export async function fetchCorpora(): Promise<void> {
  await Promise.all(Object.keys(assets.corpora).map(corpusText));
}
