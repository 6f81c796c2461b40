/** Reading and writing single options of a Config by path, comparing configs, and carrying them in the URL. */
import type { Config, Failure } from '../protocol/engine.ts';

/** The parts of a configuration that have options. */
export type Section = Exclude<keyof Config, 'task'>;
type PathsOf<Name extends Section> = `${Name}.${Extract<keyof Config[Name], string>}`;
/** (Who stops early watches a part that is held back: the page keeps the best parameters instead.) */
export type OptionPath = PathsOf<'text'> | PathsOf<'model'> | Exclude<PathsOf<'train'>, 'train.patience'>;
export type OptionValue = string | number | boolean | null;

function split(path: OptionPath): [Section, string] {
  const [section, name] = path.split('.');
  return [section as Section, name!];
}

export function getOption(config: Config, path: OptionPath): OptionValue {
  const [section, name] = split(path);
  return (config[section] as unknown as Record<string, OptionValue>)[name]!;
}

export function withOption(config: Config, path: OptionPath, value: OptionValue): Config {
  const [section, name] = split(path);
  return { ...config, [section]: { ...config[section], [name]: value } };
}

export function allPaths(config: Config): OptionPath[] {
  return (['text', 'model', 'train'] as const).flatMap((section) =>
    Object.keys(config[section]).map((name) => `${section}.${name}` as OptionPath),
  );
}

/** The option that a failure is about. */
export function pathOf(config: Config, { field = '', values }: Pick<Failure, 'field' | 'values'>): OptionPath | null {
  field ||= values?.['name'] ?? '';
  return allPaths(config).find((path) => path === field || path.split('.')[1] === field) ?? null;
}

/** Options that the running session takes up at its next step; all others need a new run. */
export const LIVE_OPTIONS = [
  'train.lr',
  'train.clip',
  'train.clip_threshold',
  'model.dropout',
  'train.epochs',
] as const satisfies readonly OptionPath[];

export function isLive(path: OptionPath): boolean {
  return (LIVE_OPTIONS as readonly string[]).includes(path);
}

export function differences(a: Config, b: Config): OptionPath[] {
  return allPaths(a).filter((path) => getOption(a, path) !== getOption(b, path));
}

/** What differs from the defaults, as URL parameters. */
export function toParameters(config: Config, defaults: Config): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const path of differences(defaults, config)) parameters.set(path, String(getOption(config, path)));
  return parameters;
}

/** The defaults with what the parameters say; null where something does not fit its option's type. */
export function fromParameters(parameters: URLSearchParams, defaults: Config): Config | null {
  let config = defaults;
  for (const path of allPaths(defaults)) {
    const text = parameters.get(path);
    if (text === null) continue;
    const value = parse(text, getOption(defaults, path));
    if (value === undefined) return null;
    config = withOption(config, path, value);
  }
  return config;
}

function parse(text: string, like: OptionValue): OptionValue | undefined {
  if (typeof like === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (typeof like === 'string') return text;
  // A null default (no limit) stands for an optional number.
  if (text === 'null') return like === null ? null : undefined;
  const number = Number(text);
  return text !== '' && Number.isFinite(number) ? number : undefined;
}
