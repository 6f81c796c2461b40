/**
 * The npm package, in pkg/npm: `rolldown -c build/package.ts`. Its dist is flat, because a bundler or a person that
 * carries the files over carries a folder; its files name each other by literals (client/packageassets.ts).
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';
import { customElements } from './elements.ts';
import { engineIntegrity, integrityOf } from './integrity.ts';
import { scalable, smallCss, smallTemplates } from './styles.ts';
import { buildWorkers, SCRIPTS } from './workers.ts';

const WWW = process.cwd();
const ROOT = resolve(WWW, '..');
const PKG = join(ROOT, 'pkg');
const SOURCE = join(ROOT, 'packages/npm');
const OUT = join(PKG, 'npm');
const DIST = join(OUT, 'dist');

const version = /^version = "(.+)"$/m.exec(readFileSync(join(ROOT, 'Cargo.toml'), 'utf8'))![1]!;

const entries = {
  element: 'src/element/element.ts',
  embed: 'src/frame/embed.ts',
  frame: 'src/frame/client.ts',
  headless: 'src/headless/page.ts',
  'headless.node': 'src/headless/node.ts',
  /** What a tag fetches once it is seen. */
  ui: 'src/element/loom.ts',
};

/** One file each: a page names its hash, and a notebook runs it from a Blob. */
const singles = { charloom: 'src/element/charloom.ts', anywidget: 'src/element/anywidget.ts' };

/** What the engine fetches: scripts, modules by the build's name, texts. Where each comes from, by its name in dist. */
const engineFiles = (): [name: string, from: string][] => [
  ...readdirSync(SCRIPTS).map((name): [string, string] => [name, join(SCRIPTS, name)]),
  ...['relaxed', 'scalar', 'simd', 'threads', 'webgpu'].map((build): [string, string] => [`engine-${build}.wasm`, join(PKG, build, 'charloom_bg.wasm')]),
  ['reading.wasm', join(PKG, 'reading/charloom_bg.wasm')],
  ...['en', 'zh'].map((language): [string, string] => [`lyrics-${language}.txt`, join(ROOT, `assets/corpora/lyrics-${language}.txt`)]),
];

function copyFiles(): void {
  for (const [name, from] of engineFiles()) copyFileSync(from, join(DIST, name));
  copyFileSync(join(WWW, 'src/export/charloom_torch.py'), join(DIST, 'charloom_torch.py'));
  for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) copyFileSync(join(ROOT, name), join(OUT, name));
  cpSync(join(SOURCE, 'bin'), join(OUT, 'bin'), { recursive: true });
  copyFileSync(join(SOURCE, 'README.md'), join(OUT, 'README.md'));
}

/** The frame's page: its script and its styles lie beside it. */
function writeFramePage(): void {
  const page = readFileSync(join(WWW, 'embed.html'), 'utf8').replace('./src/frame/embed.ts', './embed.js').replace('</head>', '  <link rel="stylesheet" href="./embed.css" />\n  </head>');
  writeFileSync(join(DIST, 'embed.html'), page);
  writeFileSync(join(DIST, 'embed.css'), smallCss(readFileSync(join(WWW, 'src/frame/embed.css'), 'utf8')));
}

function writeElements(): void {
  const elements = customElements({ declarations: readFileSync(join(SOURCE, 'element.d.ts'), 'utf8'), api: readFileSync(join(ROOT, 'docs/en/api.md'), 'utf8') });
  writeFileSync(join(OUT, 'custom-elements.json'), `${JSON.stringify(elements, null, 2)}\n`);
}

/** For those who pin what they load: the hash of every file that a page fetches. */
function writeIntegrity(): void {
  const names = readdirSync(DIST).filter((name) => !/\.(d\.ts|py)$|\.node\.js$/.test(name)).sort();
  const table = Object.fromEntries(names.map((name) => [`dist/${name}`, integrityOf(readFileSync(join(DIST, name)))]));
  writeFileSync(join(OUT, 'integrity.json'), `${JSON.stringify(table, null, 2)}\n`);
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
  const declarations = ['/// <reference lib="esnext.disposable" />', engine, of('headless/types.d.ts'), of('headless/trained.d.ts'), of('headless/loom.d.ts'), of('headless/classifier.d.ts'), of('headless/page.d.ts'), base];
  writeFileSync(join(DIST, 'headless.d.ts'), declarations.join('\n'));
  for (const name of readdirSync(SOURCE).filter((file) => file.endsWith('.d.ts'))) copyFileSync(join(SOURCE, name), join(DIST, name));
  writeFileSync(join(DIST, 'frame.d.ts'), ['protocol', 'client'].map((name) => of(`frame/${name}.d.ts`)).join('\n'));
  rmSync(folder, { recursive: true });
}

const TORCH = '../export/charloom_torch.py?url';

/** A style sheet as text, for components; one that a page would take by itself is left out: its page names it. */
const styles: Plugin = {
  name: 'package-styles',
  resolveId(source, importer) {
    const [path, inline] = source.split('?');
    if (source === TORCH) return `\0torch`;
    if (!path!.endsWith('.css') || !importer) return null;
    const file = path!.startsWith('.') ? resolve(dirname(importer), path!) : join(WWW, 'node_modules', path!);
    return `\0${inline ? 'inline' : 'beside'}:${file}.js`;
  },
  load(id) {
    if (id === '\0torch') return "export default new URL('./charloom_torch.py', import.meta.url).href";
    const [, kind, file] = /^\0(inline|beside):(.*)\.js$/.exec(id) ?? [];
    if (!file) return null;
    return kind === 'inline' ? `export default ${JSON.stringify(smallCss(readFileSync(file, 'utf8')))}` : '';
  },
};

const files: Plugin = {
  name: 'package-files',
  /** Here the files are the package's. */
  resolveId: (source) => (source.endsWith('client/pageassets.ts') ? join(WWW, 'src/client/packageassets.ts') : null),
  transform(code, id) {
    if (id.includes('/pkg/')) return code.replace("new URL('charloom_bg.wasm', import.meta.url)", 'undefined');
    // A folder is no file that a bundler could carry.
    if (id.endsWith('/element/loom.ts')) return code.replace("new URL('../', import.meta.url)", "new URL('./', pageAssets().worker)");
    return null;
  },
};

const complete: Plugin = {
  name: 'package-complete',
  writeBundle() {
    copyFiles();
    writeFramePage();
    declare();
    writeElements();
    writeIntegrity();
    writeManifest();
  },
};

export default async () => {
  const build = await buildWorkers(version, { release: true });
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  const define = {
    'import.meta.env.CHARLOOM_BUILD': JSON.stringify(build),
    'import.meta.env.CHARLOOM_VERSION': JSON.stringify(version),
    'import.meta.env.CHARLOOM_UI': '"./ui.js"',
    'import.meta.env.CHARLOOM_INTEGRITY': JSON.stringify(engineIntegrity(engineFiles().map(([name, from]) => [name, readFileSync(from)]))),
    'import.meta.env.PROD': 'true',
  };
  const common = {
    external: /^node:/,
    tsconfig: join(WWW, 'tsconfig.json'),
    transform: { target: 'es2022', define },
  };
  const plugins = [files, styles, ...([scalable, { ...smallTemplates, apply: undefined }] as unknown as Plugin[])];
  const single = ([name, input]: [string, string]) =>
    defineConfig({ ...common, input: { [name]: input }, plugins, output: { dir: DIST, format: 'esm', minify: true, entryFileNames: '[name].js', codeSplitting: false } });
  const modules = defineConfig({
    ...common,
    input: entries,
    plugins: [...plugins, complete],
    output: { dir: DIST, format: 'esm', minify: true, entryFileNames: '[name].js', chunkFileNames: chunkName },
  });
  return [...Object.entries(singles).map(single), modules];
};
