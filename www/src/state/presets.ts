/** Which preset, text and configuration a choice stands for. The presets themselves come from the engine. */
import type { Language } from '../i18n/i18n.ts';
import type { Config, Preset } from '../protocol/engine.ts';
import type { Boot, TextView } from '../protocol/messages.ts';
import { differences } from './config.ts';
import type { Milestone } from './runs.ts';

/** The first preset whose text is in the page's language. */
export function presetFor(boot: Boot, language: Language): string | null {
  const wanted = language === 'en' ? 'en' : 'zh';
  const corpora = boot.corpora.filter((corpus) => corpus.language.startsWith(wanted)).map((corpus) => corpus.id);
  return boot.presets.find((preset) => corpora.includes(preset.corpus))?.id ?? null;
}

export function corpusOf(boot: Boot, preset: string | null): string {
  return boot.presets.find((each) => each.id === preset)?.corpus ?? boot.corpora[0]?.id ?? '';
}

/**
 * What a run of this configuration can be held against: the numbers of the preset it is equal to. What was measured on
 * that preset's text holds for no other.
 */
export function referencesFor(boot: Boot, config: Config, text: Pick<TextView, 'kind' | 'name'> | null): Milestone[] {
  const same = (preset: Preset) =>
    differences(preset.config, config).every((path) => path === 'train.seed' || path === 'train.epochs');
  const preset = boot.presets.find((each) => each.references.length > 0 && same(each));
  if (!preset) return [];
  const itsText = text?.kind === 'corpus' && text.name === preset.corpus;
  return itsText ? preset.references : preset.references.map(({ epoch, perplexity }) => ({ epoch, perplexity }));
}

export function baseConfig(boot: Boot, preset: string | null): Config {
  return boot.presets.find((each) => each.id === preset)?.config ?? boot.defaults;
}
