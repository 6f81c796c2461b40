/** The engine in the caller's own thread: fetched when that is asked for. */
import { rescue } from '../client/ladder.ts';
import type { Assets, Trouble } from '../protocol/assets.ts';
import { corpusText } from '../worker/corpora.ts';
import { startModule, tellFiles } from '../worker/files.ts';
import { ClassifierHost } from './classifierhost.ts';
import { Engines } from './engines.ts';
import { Host } from './host.ts';
import type { LoomOptions } from './types.ts';

export function hereHost(assets: Assets, build: LoomOptions['build']): Host {
  return new Host(sources(assets, build));
}

export function hereClassifierHost(assets: Assets): ClassifierHost {
  return new ClassifierHost(sources(assets, undefined));
}

function sources(assets: Assets, build: LoomOptions['build']): Engines {
  tellFiles(assets, { call: (_, trouble) => rescue(trouble as Trouble, assets.integrity?.[(trouble as Trouble).url]) });
  return new Engines(assets, build, startModule, corpusText);
}
