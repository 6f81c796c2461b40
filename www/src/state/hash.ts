/** What the URL's fragment says: the configuration where it differs from the defaults, how to write, and how to show the page. */
import { CHOICES, type ChoicePath } from '../i18n/options.ts';
import { LANGUAGES, type Language } from '../i18n/i18n.ts';
import type { Backend, Config } from '../protocol/engine.ts';
import { VIEWS, type View } from '../theme/view.ts';
import type { BuildName } from '../protocol/messages.ts';
import type { Sampling } from './appstate.ts';
import { allPaths, fromParameters, getOption, toParameters, type OptionPath } from './config.ts';

/** Stands for a text of one's own, which no link can carry. */
export const OWN_TEXT = 'own';

export interface HashState {
  corpus: string | null;
  preset: string | null;
  backend: Backend;
  build: BuildName | null;
  language: Language | null;
  /** Names this playground among others of the same origin. */
  key: string | null;
  /** Names of parts of the page that are not shown. */
  hide: string[];
  /** Names of parts that are shown and cannot be changed. */
  lock: string[];
  view: View;
  parameters: URLSearchParams;
}

const BACKENDS: readonly Backend[] = ['auto', 'webgpu', 'cpu'];
const BUILDS: readonly BuildName[] = ['scalar', 'simd', 'relaxed', 'threads'];
const NAMES = ['corpus', 'preset', 'backend', 'build', 'lang', 'key', 'hide', 'lock', 'view'];
/** What of writing travels, and what it may be. */
const WRITING = {
  prefix: () => true,
  temperature: (value) => (value as number) >= 0.1 && (value as number) <= 2,
  length: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 5000,
  count: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 4,
  top_k: (value) => Number.isInteger(value) && (value as number) >= 0,
  top_p: (value) => (value as number) > 0 && (value as number) <= 1,
  greedy: () => true,
} as const satisfies Partial<Record<keyof Sampling, (value: unknown) => boolean>>;

function oneOf<T extends string>(value: string | null, choices: readonly T[]): T | null {
  return choices.find((choice) => choice === value) ?? null;
}

/** Names of parts; an option may be written in full, `train.lr` for `lr`. */
function namesIn(list: string | null): string[] {
  const names = (list ?? '').split(',').map((name) => name.trim().replace(/^(text|model|train)\./, ''));
  return [...new Set(names.filter(Boolean))];
}

export function readHash(hash: string): HashState {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  return {
    corpus: parameters.get('corpus'),
    preset: parameters.get('preset'),
    backend: oneOf(parameters.get('backend'), BACKENDS) ?? 'auto',
    build: oneOf(parameters.get('build'), BUILDS),
    language: oneOf(parameters.get('lang'), Object.keys(LANGUAGES) as Language[]),
    key: parameters.get('key') || null,
    hide: namesIn(parameters.get('hide')),
    lock: namesIn(parameters.get('lock')),
    view: oneOf(parameters.get('view'), VIEWS) ?? 'page',
    parameters,
  };
}

/** What of a link could not be taken up, as it stands there. */
export type Mistake = string;

/** The rest of the link is taken up all the same. */
export function configFromHash({ parameters }: HashState, base: Config): { config: Config; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const paths: readonly string[] = allPaths(base);
  let config = base;
  for (const [name, value] of parameters) {
    if (NAMES.includes(name) || name.startsWith('write.')) continue;
    const next = paths.includes(name) ? fromParameters(new URLSearchParams([[name, value]]), config) : null;
    if (next && isChoice(name as OptionPath, next)) config = next;
    else mistakes.push(`${name}=${value}`);
  }
  const named: [string, readonly string[]][] = [['backend', BACKENDS], ['build', BUILDS], ['lang', Object.keys(LANGUAGES)], ['view', [...VIEWS, 'full']]];
  for (const [name, choices] of named) {
    const value = parameters.get(name);
    if (value !== null && !choices.includes(value)) mistakes.push(`${name}=${value}`);
  }
  return { config, mistakes };
}

/** Whether an option of named choices is one of them. */
function isChoice(path: OptionPath, config: Config): boolean {
  const choices: readonly string[] | undefined = CHOICES[path as ChoicePath];
  const value = String(getOption(config, path));
  // σ of a normal distribution may be any; the engine says which.
  return !choices || choices.includes(value) || (path === 'model.init' && value.startsWith('normal:'));
}

export function samplingFromHash({ parameters }: HashState, base: Sampling): { sampling: Sampling; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const sampling: Record<string, unknown> = { ...base };
  for (const [parameter, text] of parameters) {
    if (!parameter.startsWith('write.')) continue;
    const name = parameter.slice('write.'.length) as keyof typeof WRITING;
    const like = base[name];
    const value = typeof like === 'number' ? Number(text || 'none') : typeof like === 'boolean' ? oneOf(text, ['true', 'false']) && text === 'true' : text;
    if (value !== null && WRITING[name]?.(value)) sampling[name] = value;
    else mistakes.push(`${parameter}=${text}`);
  }
  return { sampling: sampling as Sampling, mistakes };
}

/** What trains and how it writes, each where it differs from its base. */
export interface Linked {
  config: Config;
  base: Config;
  sampling: Sampling;
  samplingBase: Sampling;
}

export function writeHash(state: Omit<HashState, 'parameters'>, { config, base, sampling, samplingBase }: Linked): string {
  const parameters = new URLSearchParams();
  if (state.corpus) parameters.set('corpus', state.corpus);
  if (state.preset) parameters.set('preset', state.preset);
  if (state.backend !== 'auto') parameters.set('backend', state.backend);
  if (state.build) parameters.set('build', state.build);
  if (state.key) parameters.set('key', state.key);
  if (state.language) parameters.set('lang', state.language);
  if (state.view !== 'page') parameters.set('view', state.view);
  if (state.hide.length) parameters.set('hide', state.hide.join(','));
  if (state.lock.length) parameters.set('lock', state.lock.join(','));
  for (const [path, value] of toParameters(config, base)) parameters.set(path, value);
  for (const name of Object.keys(WRITING) as (keyof typeof WRITING)[]) {
    if (sampling[name] !== samplingBase[name]) parameters.set(`write.${name}`, String(sampling[name]));
  }
  const text = parameters.toString();
  return text ? `#${text}` : '';
}
