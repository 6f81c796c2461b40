/**
 * The worker's scripts: each one self-contained classic script in pkg/scripts, because only such a one can be started
 * from a Blob, in every browser. They name no file: the page tells them every URL.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown, type Plugin as BundlerPlugin } from 'rolldown';
import { minify as terser, type MinifyOptions } from 'terser';
import type { Plugin } from 'vite';

const WWW = fileURLToPath(new URL('..', import.meta.url));
const PKG = resolve(WWW, '../pkg');
export const SCRIPTS = resolve(PKG, 'scripts');

/** File: entry. */
const ENTRIES = {
  'charloom-worker.js': 'main.ts',
  'charloom-thread.js': 'thread.ts',
  'charloom-gpu.js': 'parts/gpu.ts',
  'charloom-headless.js': 'parts/headless.ts',
  'charloom-reading.js': 'parts/reading.ts',
  'charloom-slow.js': 'parts/slow.ts',
};
const BUILDS = ['relaxed', 'simd', 'scalar', 'threads', 'webgpu', 'reading'];
const ID = '__CHARLOOM_BUILD__';

/** The glue would look for its module beside itself. Here it is always told where that is. */
const told: BundlerPlugin = {
  name: 'told-urls',
  transform: (code, id) => (id.includes('/pkg/') ? code.replace("new URL('charloom_bg.wasm', import.meta.url)", 'undefined') : null),
};

/** `cargo xtask serve` shows the page before all builds are compiled: what is not there yet cannot be started. */
const missing: BundlerPlugin = {
  name: 'missing-build',
  resolveId: (source, importer) =>
    source.includes('/pkg/') && importer && !existsSync(resolve(dirname(importer), source)) ? `\0missing:${/pkg\/(\w+)/.exec(source)![1]}` : null,
  load: (id) =>
    id.startsWith('\0missing:')
      ? `export default async () => { throw new Error('the build ${id.slice(9)} is not compiled yet: reload the page in a few minutes'); }; export const runThread = undefined;`
      : null,
};

/** How scripts are minified, the page's too: slower than the bundlers' own, and 1 % less to download. */
export const SMALL: MinifyOptions = { ecma: 2020, compress: { passes: 3, keep_fargs: false } };

async function bundle(entry: string, version: string, minify: boolean): Promise<string> {
  const bundler = await rolldown({
    input: resolve(WWW, 'src/worker', entry),
    plugins: [told, missing],
    transform: { define: { 'import.meta.env.CHARLOOM_BUILD': JSON.stringify(ID), 'import.meta.env.CHARLOOM_VERSION': JSON.stringify(version) }, target: 'es2022' },
    treeshake: true,
  });
  const { output } = await bundler.generate({ format: 'iife', minify, codeSplitting: false });
  await bundler.close();
  const { code } = output[0];
  return minify ? (await terser(code, SMALL)).code! : code;
}

const digest = (parts: (string | Uint8Array)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 12);
};

/** Writes the scripts and answers with the name of this build: of all that runs in the worker. */
export async function buildWorkers(version: string, { minify = true, release = false } = {}): Promise<string> {
  const engines = BUILDS.map((build) => resolve(PKG, build, 'charloom.js'));
  const glue = ['relaxed', 'scalar'].map((build) => resolve(PKG, build, 'charloom.js')).filter((file) => existsSync(file));
  const first = engines[1]!;
  for (const file of glue) {
    if (!existsSync(first) || readFileSync(file).equals(readFileSync(first))) continue;
    const problem = `${file} is not the glue of the build simd, and the worker has one for both: build both anew`;
    if (release) throw new Error(problem);
    console.warn(problem);
  }
  const codes = await Promise.all(Object.values(ENTRIES).map((entry) => bundle(entry, version, minify)));
  const modules = BUILDS.map((build) => resolve(PKG, build, 'charloom_bg.wasm')).filter((file) => existsSync(file));
  const id = `${version}-${digest([...codes, ...modules.map((file) => readFileSync(file))])}`;
  mkdirSync(SCRIPTS, { recursive: true });
  Object.keys(ENTRIES).forEach((name, index) => {
    const file = resolve(SCRIPTS, name);
    const code = codes[index]!.replaceAll(ID, id);
    if (!existsSync(file) || readFileSync(file, 'utf8') !== code) writeFileSync(file, code);
  });
  return id;
}

/** Makes the scripts before anything asks for them, and anew where the development server sees their source change. */
export function workers(version: string): Plugin {
  return {
    name: 'charloom-workers',
    async config(_, { command }) {
      const id = await buildWorkers(version, { minify: command === 'build' });
      return { define: { 'import.meta.env.CHARLOOM_BUILD': JSON.stringify(id) } };
    },
    configureServer(server) {
      const own = /\/(src\/(worker|protocol|client|songs|state|slow)\/|pkg\/(?!scripts))/;
      server.watcher.on('change', async (file) => {
        if (!own.test(file)) return;
        // The page knows its build from its start: another is another server's.
        await buildWorkers(version, { minify: false });
        await server.restart();
      });
    },
  };
}
