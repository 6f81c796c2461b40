/** Where the files are: told once by the entry, because it alone knows how it was built and from where it came. */
import type { Assets } from '../protocol/assets.ts';

let table: Assets | null = null;

export function setAssets(assets: Assets): void {
  table = assets;
}

export function assets(): Assets {
  if (!table) throw new Error('no entry has said where the files are');
  return table;
}
