/** The engine in the caller's own thread: fetched when that is asked for. */
import { rescue } from '../client/ladder.ts';
import type { Assets, Trouble } from '../protocol/assets.ts';
import { corpusText } from '../worker/corpora.ts';
import { startModule, tellFiles } from '../worker/files.ts';
import { Engines } from './engines.ts';
import { Host } from './host.ts';
import type { LoomOptions } from './types.ts';

export function hereHost(assets: Assets, build: LoomOptions['build']): Host {
  tellFiles(assets, { call: (_, trouble) => rescue(trouble as Trouble, assets.integrity?.[(trouble as Trouble).url]) });
  return new Host(new Engines(assets, build, startModule, corpusText));
}
