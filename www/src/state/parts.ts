/**
 * The published names of the page's parts: what a link may hide and lock. Panels are whole cards; a control belongs to a
 * panel and goes with it; an output is a number or a text that the page shows. An option's name is its field's.
 */
import type { OptionPath, Section } from './config.ts';

export type Panel = 'header' | 'text' | 'network' | 'training' | 'living' | 'charts' | 'runs' | 'writer' | 'models' | 'inside' | 'slow';

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

export type Output = 'epoch' | 'loss' | 'perplexity' | 'speed' | 'next-character';

export type Part = Panel | Control | Output;

const PANEL_OF_SECTION = { text: 'text', model: 'network', train: 'training' } as const satisfies Record<Section, Panel>;

/** What a link calls an option: `lr` for `train.lr`. */
export function nameOf(path: OptionPath): string {
  return path.split('.')[1]!;
}

export function panelOf(path: OptionPath): Panel {
  return PANEL_OF_SECTION[path.split('.')[0] as Section];
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
