/**
 * The npm package, in pkg/npm: `rolldown -c build/package.ts`. Its dist is flat, because a bundler or a person that
 * carries the files over carries a folder; its files name each other by literals (client/packageassets.ts).
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';
import { buildWorkers, SCRIPTS } from './workers.ts';

const WWW = process.cwd();
const ROOT = resolve(WWW, '..');
const PKG = join(ROOT, 'pkg');
const SOURCE = join(ROOT, 'packages/npm');
const OUT = join(PKG, 'npm');
const DIST = join(OUT, 'dist');

const version = /^version = "(.+)"$/m.exec(readFileSync(join(ROOT, 'Cargo.toml'), 'utf8'))![1]!;

const entries = { headless: 'src/headless/page.ts', 'headless.node': 'src/headless/node.ts', ...also('frame', 'src/frame/client.ts') };

/** What is being made beside this. */
function also(name: string, file: string): Record<string, string> {
  return existsSync(join(WWW, file)) ? { [name]: file } : {};
}

/** Beside the scripts: modules by the build's name, and texts. */
function copyFiles(): void {
  for (const name of readdirSync(SCRIPTS)) copyFileSync(join(SCRIPTS, name), join(DIST, name));
  for (const build of ['relaxed', 'scalar', 'simd', 'threads', 'webgpu']) copyFileSync(join(PKG, build, 'charloom_bg.wasm'), join(DIST, `engine-${build}.wasm`));
  copyFileSync(join(PKG, 'reading/charloom_bg.wasm'), join(DIST, 'reading.wasm'));
  for (const language of ['en', 'zh']) copyFileSync(join(ROOT, `assets/corpora/lyrics-${language}.txt`), join(DIST, `lyrics-${language}.txt`));
  for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) copyFileSync(join(ROOT, name), join(OUT, name));
  cpSync(join(SOURCE, 'bin'), join(OUT, 'bin'), { recursive: true });
  copyFileSync(join(SOURCE, 'README.md'), join(OUT, 'README.md'));
}

/** The manifest without the entries whose files are not made yet. */
function writeManifest(): void {
  const manifest = JSON.parse(readFileSync(join(SOURCE, 'package.json'), 'utf8')) as { version: string; exports: Record<string, string | Record<string, string>>; sideEffects: string[] };
  manifest.version = version;
  for (const [name, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'object' && !existsSync(join(OUT, target['default']!))) delete manifest.exports[name];
  }
  manifest.sideEffects = manifest.sideEffects.filter((file) => existsSync(join(OUT, file)));
  writeFileSync(join(OUT, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Without hashes: the package has a version, and all its files the name of their build. */
function chunkName({ name, facadeModuleId }: { name: string; facadeModuleId?: string | null | undefined }): string {
  const build = /\/pkg\/(\w+)\//.exec(facadeModuleId ?? '')?.[1];
  return build ? `glue-${build}.js` : `${name}.js`;
}

const withoutImports = (declarations: string) =>
  declarations
    .replace(/^import [^;]*;\n/gm, '')
    .replace(/^export (type )?(\*|\{[^}]*\}) from [^;]*;\n/gm, '')
    .replace(/^export \{[^}]*\};\n/gm, '')
    .replace(/^\/\/# sourceMappingURL.*\n?/gm, '');

/** One declaration file: the engine's types, and what TypeScript says of the API. */
function declare(): void {
  const folder = mkdtempSync(join(tmpdir(), 'charloom-types-'));
  execFileSync(process.execPath, [join(WWW, 'node_modules/typescript/bin/tsc'), '-p', 'build/declarations.json', '--outDir', folder], { stdio: 'inherit' });
  const of = (file: string) => withoutImports(readFileSync(join(folder, file), 'utf8'));
  const engine = readFileSync(join(ROOT, 'src/wasm/types.d.ts'), 'utf8').replace(/^(\/\*\*[^\n]*\n)?export interface CharloomError[^\n]*\n/m, '');
  const base = of('client/packageassets.d.ts').match(/\/\*\* The folder with[^]*?;\n/)![0];
  const declarations = ['/// <reference lib="esnext.disposable" />', engine, of('headless/types.d.ts'), of('headless/loom.d.ts'), of('headless/page.d.ts'), base];
  writeFileSync(join(DIST, 'headless.d.ts'), declarations.join('\n'));
  if ('frame' in entries) writeFileSync(join(DIST, 'frame.d.ts'), ['protocol', 'client'].map((name) => of(`frame/${name}.d.ts`)).join('\n'));
  rmSync(folder, { recursive: true });
}

const files: Plugin = {
  name: 'package-files',
  transform: (code, id) => (id.includes('/pkg/') ? code.replace("new URL('charloom_bg.wasm', import.meta.url)", 'undefined') : null),
  writeBundle() {
    copyFiles();
    declare();
    writeManifest();
  },
};

export default async () => {
  const build = await buildWorkers(version, { release: true });
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  return defineConfig({
    input: entries,
    plugins: [files],
    external: /^node:/,
    transform: {
      target: 'es2022',
      define: { 'import.meta.env.CHARLOOM_BUILD': JSON.stringify(build), 'import.meta.env.CHARLOOM_VERSION': JSON.stringify(version), 'import.meta.env.PROD': 'true' },
    },
    output: { dir: DIST, format: 'esm', minify: true, entryFileNames: '[name].js', chunkFileNames: chunkName },
  });
};
