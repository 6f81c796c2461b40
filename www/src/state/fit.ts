/** Batches that fit a text: the rule is the engine's; here is which options it may change. */
import type { Config, Given } from '../protocol/engine.ts';
import { getOption, withOption, type OptionPath } from './config.ts';

const FITTED = { 'train.batch_size': 'batch_size', 'train.steps': 'steps', 'text.validation': 'validation' } as const satisfies Partial<
  Record<OptionPath, keyof Given>
>;
const PATHS = Object.keys(FITTED) as (keyof typeof FITTED)[];

/** Options that somebody chose stay as they are. */
export function givenOf(chosen: ReadonlySet<OptionPath>): Given {
  return Object.fromEntries(PATHS.map((path) => [FITTED[path], chosen.has(path)]));
}

/** `config` as it was before it was fitted to another text. */
export function unfitted(config: Config, base: Config, chosen: ReadonlySet<OptionPath>): Config {
  return PATHS.filter((path) => !chosen.has(path)).reduce((done, path) => withOption(done, path, getOption(base, path)), config);
}

/** The options that fitting has changed. */
export function fittedPaths(before: Config, after: Config): OptionPath[] {
  return PATHS.filter((path) => getOption(before, path) !== getOption(after, path));
}
