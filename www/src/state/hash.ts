/** What the URL's fragment says: the configuration where it differs from the defaults, and how to show the page. */
import type { Backend, Config } from '../protocol/engine.ts';
import type { BuildName } from '../protocol/messages.ts';
import { fromParameters, toParameters } from './config.ts';

export interface HashState {
  corpus: string | null;
  preset: string | null;
  backend: Backend;
  build: BuildName | null;
  /** Names of parts of the page that are not shown. */
  hide: string[];
  parameters: URLSearchParams;
}

function oneOf<T extends string>(value: string | null, choices: readonly T[]): T | null {
  return choices.find((choice) => choice === value) ?? null;
}

export function readHash(hash: string): HashState {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  return {
    corpus: parameters.get('corpus'),
    preset: parameters.get('preset'),
    backend: oneOf(parameters.get('backend'), ['auto', 'webgpu', 'cpu'] as const) ?? 'auto',
    build: oneOf(parameters.get('build'), ['scalar', 'simd', 'relaxed', 'threads'] as const),
    hide: (parameters.get('hide') ?? '').split(',').filter(Boolean),
    parameters,
  };
}

export function configFromHash(hash: HashState, base: Config): Config {
  return fromParameters(hash.parameters, base);
}

export function writeHash(state: Omit<HashState, 'parameters'>, config: Config, base: Config): string {
  const parameters = new URLSearchParams();
  if (state.corpus) parameters.set('corpus', state.corpus);
  if (state.preset) parameters.set('preset', state.preset);
  if (state.backend !== 'auto') parameters.set('backend', state.backend);
  if (state.build) parameters.set('build', state.build);
  if (state.hide.length) parameters.set('hide', state.hide.join(','));
  for (const [path, value] of toParameters(config, base)) parameters.set(path, value);
  const text = parameters.toString();
  return text ? `#${text}` : '';
}
