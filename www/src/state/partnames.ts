/** The names of `parts.ts` as lists: for links that are built, and for those that name others. */
import type { Config } from '../protocol/engine.ts';
import { allPaths } from './config.ts';
import { CONTROLS, nameOf, type Control, type Output, type Panel } from './parts.ts';

/** Each panel, and whether it has something to lock. */
const LOCKABLE = {
  header: false,
  text: true,
  network: true,
  training: true,
  living: false,
  charts: false,
  runs: false,
  writer: true,
  models: true,
  inside: false,
  slow: false,
} as const satisfies Record<Panel, boolean>;
const SHOWN = { epoch: true, loss: true, perplexity: true, speed: true, 'next-character': true } as const satisfies Record<Output, true>;

export const PANELS = Object.keys(LOCKABLE) as Panel[];
export const OUTPUTS = Object.keys(SHOWN) as Output[];
const CONTROL_NAMES = Object.keys(CONTROLS) as Control[];

/** Every name that may be hidden, and which of them may be locked. */
export function partNames(config: Config): { hide: string[]; lock: string[] } {
  const options = allPaths(config).map(nameOf);
  const lock = [...PANELS.filter((panel) => LOCKABLE[panel]), ...CONTROL_NAMES, ...options];
  return { hide: [...PANELS, ...CONTROL_NAMES, ...options, ...OUTPUTS], lock };
}

/** Names in `given` that are none of `known`. */
export function unknownParts(given: readonly string[], known: readonly string[]): string[] {
  return given.filter((name) => !known.includes(name));
}
