/** `charloom/headless` in Node: the engine computes in the caller's thread, and files are read from the package. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packageAssets, setBase } from '../client/packageassets.ts';
import { DeskError } from '../worker/failure.ts';
import { Engines } from './engines.ts';
import { Host } from './host.ts';
import { TextClassifier } from './classifier.ts';
import { ClassifierHost } from './classifierhost.ts';
import { Loom } from './loom.ts';
import { asCharloomError } from './trained.ts';
import { CharloomError, type ClassifierOptions, type LoomOptions } from './types.ts';

export { CharloomError, Loom, setBase, TextClassifier };
export type * from './types.ts';
export type * from './engine.ts';

/** Of the package, or of the folder that `base` names, as a path or a file URL. */
async function bytes(url: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return (await readFile(fileURLToPath(url))) as Buffer<ArrayBuffer>;
  } catch {
    const file = url.split('/').at(-1)!;
    throw new DeskError('not-found', `the file ${url} is not there: all files of one version of charloom must lie in one folder.`, { file });
  }
}

/** As in a page; see page.ts. There is no GPU: `backend` is `'cpu'`. */
export async function createLoom(options: LoomOptions): Promise<Loom> {
  return Loom.begin(new Host(engines(options)), { ...options, backend: 'cpu' });
}

/** As in a page; see page.ts. There is no GPU: `backend` is `'cpu'`. */
export async function createClassifier(options: ClassifierOptions): Promise<TextClassifier> {
  return TextClassifier.begin(new ClassifierHost(engines(options)), { ...options, backend: 'cpu' });
}

/** The engines of the package, or of the folder that `base` names. */
function engines(options: Pick<LoomOptions, 'backend' | 'base' | 'build'>): Engines {
  if (options.backend === 'webgpu') {
    throw new CharloomError({ code: 'no-adapter', message: 'there is no WebGPU in Node: leave out `backend`, or use a page.' });
  }
  const base = options.base === undefined ? null : /^\w+:/.test(String(options.base)) ? options.base : pathToFileURL(`${String(options.base)}/`);
  let assets;
  try {
    assets = packageAssets(base);
  } catch (error) {
    throw asCharloomError(error);
  }
  const start = async (url: string, init: (source: BufferSource) => Promise<unknown>) => init(await bytes(url));
  const corpus = async (id: string) => {
    if (!Object.hasOwn(assets.corpora, id)) throw new DeskError('unknown-corpus', `There is no text called “${id}” here.`, { id });
    return (await bytes(assets.corpora[id]!)).toString('utf8');
  };
  return new Engines(assets, options.build, start as never, corpus);
}
