/**
 * The worker's name. It is unlike every other page's, for by it the engine's threads tell the page that they broke.
 * And it says which build was asked for: unlike a message, it is there as soon as the worker is, while the page
 * still draws itself.
 */
import type { BuildName } from './messages.ts';

const BEST = 'best';

export const workerName = (build: BuildName | null) => `charloom ${build ?? BEST} ${Date.now()} ${Math.random()}`;

export function buildAsked(name: string): BuildName | null {
  const build = name.split(' ')[1];
  return build === undefined || build === BEST ? null : (build as BuildName);
}
