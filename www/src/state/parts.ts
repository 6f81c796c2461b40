/**
 * The published names of the page's parts: what a link may hide and lock. Panels are whole cards; a control belongs to a
 * panel and goes with it; an output is a number or a text that the page shows. An option's name is its field's.
 */
import type { Config } from '../protocol/engine.ts';
import { allPaths, type OptionPath } from './config.ts';

export const PANELS = ['header', 'text', 'network', 'training', 'living', 'charts', 'runs', 'writer', 'models', 'inside', 'slow'] as const;
export type Panel = (typeof PANELS)[number];

/** Controls that are no options, and the panel of each; null where it is in none. */
export const CONTROLS = {
  preset: 'text',
  corpus: 'text',
  'own-text': 'text',
  device: null,
  opening: 'writer',
  temperature: 'writer',
} as const satisfies Record<string, Panel | null>;
export type Control = keyof typeof CONTROLS;

export const OUTPUTS = ['epoch', 'loss', 'perplexity', 'speed', 'next-character'] as const;
export type Output = (typeof OUTPUTS)[number];

export type Part = Panel | Control | Output;

const PANEL_OF_SECTION = { text: 'text', model: 'network', train: 'training' } as const satisfies Record<keyof Config, Panel>;

/** What a link calls an option: `lr` for `train.lr`. */
export function nameOf(path: OptionPath): string {
  return path.split('.')[1]!;
}

export function panelOf(path: OptionPath): Panel {
  return PANEL_OF_SECTION[path.split('.')[0] as keyof Config];
}

/** Every name that may be hidden, and which of them may be locked. */
export function partNames(config: Config): { hide: string[]; lock: string[] } {
  const options = allPaths(config).map(nameOf);
  // These have nothing to change.
  const idle: readonly string[] = ['header', 'living', 'charts', 'runs', 'inside', 'slow'];
  const lock = [...PANELS.filter((panel) => !idle.includes(panel)), ...Object.keys(CONTROLS), ...options];
  return { hide: [...PANELS, ...Object.keys(CONTROLS), ...options, ...OUTPUTS], lock };
}

/** Names in `given` that are none of `known`. */
export function unknownParts(given: readonly string[], known: readonly string[]): string[] {
  return given.filter((name) => !known.includes(name));
}

/** Whether a part is among `names`, by itself or with its panel. */
export function covers(names: readonly string[], part: Part): boolean {
  if (names.includes(part)) return true;
  const panel: Panel | null | undefined = (CONTROLS as Partial<Record<Part, Panel | null>>)[part];
  return panel ? names.includes(panel) : false;
}

export function coversOption(names: readonly string[], path: OptionPath): boolean {
  return names.includes(nameOf(path)) || names.includes(panelOf(path));
}
