/**
 * The npm package as it is packed: its listing, its imports and types, and what bundlers make of it, opened at a
 * sub-path. Everyday: esbuild, which carries no files, and Vite, which does; the others with CHARLOOM_ALL=1.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { EVENTS, STATUSES } from '../src/element/names.ts';
import { openSite, until, WWW, type Site } from './browser.ts';
import { serve } from './server.ts';

const PACKAGE = join(WWW, '../pkg/npm');
const TRACKED = join(WWW, '../packages/npm/files.txt');

/** Everything that is installed here, pinned. */
const TOOLS = { publint: '0.3.25', '@arethetypeswrong/cli': '0.18.5', esbuild: '0.28.2', '@types/react': '19.3.3' };
const MORE_TOOLS = {
  webpack: '5.113.0',
  'webpack-cli': '7.3.1',
  '@rspack/core': '2.3.3',
  rollup: '4.68.8',
  '@rollup/plugin-node-resolve': '16.0.3',
  '@web/rollup-plugin-import-meta-assets': '2.3.3',
  parcel: '2.16.4',
  vue: '3.5.45',
  svelte: '5.57.3',
};

/** What a program makes of the package; it says in the title how that went. */
const APP = `import 'charloom';
import { createLoom, setBase } from 'charloom/headless';
if (document.documentElement.dataset.base) setBase(document.documentElement.dataset.base);
const say = (word) => { document.title = word; };
try {
  const loom = await createLoom({ corpus: 'lyrics-en', build: 'simd', config: { text: { max_chars: 3000 }, model: { hidden_size: 8 }, train: { batch_size: 4, steps: 8, seed: 3 } } });
  let last = 0;
  for await (const { loss } of loom.train({ steps: 5 })) last = loss;
  await loom.dispose();
  if (!customElements.get('char-loom')) throw new Error('the tag is not defined');
  const tag = document.createElement('char-loom');
  for (const [name, value] of Object.entries({ loading: 'eager', preset: 'quick-en', units: '16', backend: 'cpu' })) tag.setAttribute(name, value);
  document.body.append(tag);
  tag.addEventListener('loom-error', ({ detail }) => say('failed ' + detail.code + ' ' + detail.message));
  await tag.ready;
  await tag.step(2);
  say('loss ' + last + ' and ' + tag.position.step + ' steps');
} catch (error) { say('failed ' + error.code + ' ' + error.message); }
`;
const html = (script: string, base = '') => `<!doctype html><html${base && ` data-base="${base}"`}><meta charset="utf-8"><title>waiting</title><script type="module" src="${script}"></script></html>`;

interface Named {
  name: string;
  description?: string;
  type?: object;
}
interface Declared {
  tagName: string;
  attributes: Named[];
  members: (Named & { kind: string; [more: string]: unknown })[];
  events: Named[];
  slots: Named[];
  cssParts: Named[];
  cssProperties: Named[];
  cssStates: Named[];
}
/** TypeScript's privacy ends where it is compiled. */
const PRIVATE = ['chinese', 'takeEarlyProperties', 'openWhenSeen', 'offer', 'ask', 'open', 'start', 'close', 'fail', 'become', 'tell'];

let folder: string;
let tarball: string;
let listed: string[];
let site: Site;

const run = (command: string, args: string[], cwd: string): string => execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const node = (file: string, args: string[], cwd: string): string => run(process.execPath, [join(folder, 'node_modules', file), ...args], cwd);

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'charloom-package-'));
  const [packed] = JSON.parse(run('npm', ['pack', PACKAGE, '--json', '--pack-destination', folder], folder)) as [{ filename: string; files: { path: string }[] }];
  tarball = join(folder, packed.filename);
  listed = packed.files.map(({ path }) => path).sort();
  const dependencies = { charloom: `file:${tarball}`, ...TOOLS, ...(process.env['CHARLOOM_ALL'] ? MORE_TOOLS : {}) };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], folder);
  writeFileSync(join(folder, 'main.js'), APP);
  writeFileSync(join(folder, 'index.html'), html('./main.js'));
  site = await openSite();
});

after(async () => {
  await site?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test('the tarball holds what the tracked list says, and nothing that a host would hide', () => {
  assert.equal(listed.join('\n'), readFileSync(TRACKED, 'utf8').trim(), `the files are others than in packages/npm/files.txt. Where that is meant, the new list is what npm pack --dry-run says of pkg/npm, sorted`);
  for (const path of listed) assert.doesNotMatch(path, /(^|\/)_|\.map$|(^|\/)src\//);
});

test('publint has nothing to say, and the types resolve', () => {
  const said = node('publint/src/cli.js', ['run', tarball, '--strict'], folder);
  assert.match(said, /All good!/);
  node('@arethetypeswrong/cli/dist/index.js', ['--profile', 'esm-only', '--exclude-entrypoints', './dist/*', '--', tarball], folder);
});

test('every entry is imported in Node, without a DOM', () => {
  const { exports } = JSON.parse(readFileSync(join(folder, 'node_modules/charloom/package.json'), 'utf8')) as { exports: Record<string, string | object> };
  const names = Object.entries(exports).flatMap(([name, target]) => (typeof target === 'object' ? [name.replace('.', 'charloom')] : []));
  assert.ok(names.includes('charloom/headless'));
  // The page's form of an entry, too: a page may be built in Node.
  const files = readdirSync(join(folder, 'node_modules/charloom/dist')).filter((name) => /^(headless|element|frame|anywidget|charloom)\.js$/.test(name)).map((name) => `charloom/dist/${name}`);
  const script = `const before = Object.keys(globalThis).join(); for (const name of ${JSON.stringify([...names, ...files])}) await import(name); if (Object.keys(globalThis).join() !== before) throw new Error('a global was added');`;
  run(process.execPath, ['--input-type=module', '--eval', script], folder);
});

const USE = `import type { CharLoom } from 'charloom';
import { connectFrame } from 'charloom/frame';
import { createClassifier, createLoom, CharloomError, setBase, type ClassificationReport, type TrainedStep, type LoomInfo } from 'charloom/headless';
setBase('/charloom/');
const loom = await createLoom({ text: 'la', config: { model: { cell: 'gru' }, train: { lr: 0.1 } } });
const steps: TrainedStep[] = [];
for await (const step of loom.train({ epochs: 1, signal: AbortSignal.timeout(5) })) steps.push(step);
const info: LoomInfo = await loom.info();
const { loss }: { loss: number } = await loom.evaluate('la');
const places: number = (await loom.inspect('la')).places.length;
if (new Error() instanceof CharloomError) console.log(info.config.train.lr, loss, places);
const classifier = await createClassifier({ examples: [{ text: 'a', label: 'b' }], config: { classification: { dense: 8 } } });
for await (const { epoch } of classifier.train()) console.log(epoch?.validation_accuracy?.toFixed(2));
const report: ClassificationReport = (await classifier.evaluate()).report;
console.log(report.macro_average.f1, (await classifier.predict(['a']))[0]!.probabilities['b']);
const tag: CharLoom = document.createElement('char-loom');
tag.units = 64;
tag.addEventListener('loom-epoch', ({ detail }) => console.log(detail.perplexity.toFixed(2)));
document.addEventListener('loom-error', ({ detail }) => console.log(detail.code.length, detail.values?.['url']));
await tag.setCorpus({ url: 'https://example.org/a.txt' });
await (await connectFrame(document.createElement('iframe'))).close();
// @ts-expect-error there is no such cell
await createLoom({ config: { model: { cell: 'transformer' } } });
// @ts-expect-error there is no such option
await loom.set({ hidden_size: 3 });
`;

for (const [module, resolution] of [
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const) {
  test(`types under ${resolution}`, () => {
    writeFileSync(join(folder, 'use.ts'), USE);
    const options = { strict: true, noEmit: true, target: 'es2022', lib: ['es2023', 'dom', 'dom.asynciterable', 'esnext.disposable'], types: [], module, moduleResolution: resolution, exactOptionalPropertyTypes: true };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['use.ts'] }));
    run(process.execPath, [join(WWW, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], folder);
  });
}

/** The tag in a framework's markup. */
function compiles(name: string, source: string): void {
  writeFileSync(join(folder, name), source);
  const options = { strict: true, noEmit: true, target: 'es2022', lib: ['es2023', 'dom', 'dom.asynciterable', 'esnext.disposable'], types: [], module: 'esnext', moduleResolution: 'bundler', jsx: 'react-jsx', skipLibCheck: name.startsWith('svelte') };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: [name] }));
  run(process.execPath, [join(WWW, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], folder);
}

test('types in JSX for React 19', () => {
  compiles('react.tsx', `import 'charloom/react';
import { createRef } from 'react';
import type { CharLoom } from 'charloom/react';
const ref = createRef<CharLoom>();
export const a = <char-loom preset="quick-zh" />;
export const b = <char-loom ref={ref} className="loom" style={{ minHeight: 560 }} units={64} layers="2" hide={['clip']} lock="cell" start-with="The" corpusUrl="a.txt" autostart onloom-epoch={({ detail }) => detail.perplexity.toFixed(2)}><p>Not yet</p></char-loom>;
// @ts-expect-error units are a number
export const c = <char-loom units={{}} />;
// @ts-expect-error there is no such attribute
export const d = <char-loom unit="64" />;
`);
});

test('custom-elements.json is the class', async () => {
  const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/charloom/custom-elements.json'), 'utf8')) as { modules: { path: string; declarations: Declared[] }[] };
  const [{ path, declarations: [declared] }] = manifest.modules as [{ path: string; declarations: [Declared] }];
  assert.ok(listed.includes(path));
  const server = await serve(join(PACKAGE, 'dist'));
  try {
    const page = await site.open();
    await page.route('**/host.html', (route) => route.fulfill({ contentType: 'text/html', body: `<!doctype html><script type="module" src="./charloom.js"></script><char-loom loading="eager" preset="quick-en" units="16" backend="cpu"></char-loom>` }));
    await page.goto(`${server.url}host.html`);
    await page.locator('char-loom #write:enabled').waitFor();
    const own = await page.evaluate(() => {
      const CharLoom = customElements.get('char-loom')!;
      const described = Object.entries(Object.getOwnPropertyDescriptors(CharLoom.prototype));
      const element = document.querySelector('char-loom')!;
      const shadow = element.shadowRoot!;
      // Fields of its own are private, but for the promise.
      const internal = /^(constructor|.*Callback)$/;
      const partsOf = (root: ParentNode) => [...root.querySelectorAll('[part], [exportparts]')].flatMap((each) => [...each.part, ...(each.getAttribute('exportparts') ?? '').split(',').map((name) => name.trim())]);
      return {
        name: CharLoom.name,
        attributes: (CharLoom as unknown as { observedAttributes: string[] }).observedAttributes.filter((name) => !['lang', 'dir'].includes(name)),
        accessors: described.filter(([, { get }]) => get).map(([name]) => name),
        methods: described.filter(([name, { value }]) => typeof value === 'function' && !internal.test(name)).map(([name]) => name),
        statics: Object.keys(CharLoom).filter((name) => ['version', 'parts'].includes(name)),
        parts: [...new Set(partsOf(shadow))].filter(Boolean),
        slots: [...shadow.querySelectorAll('slot')].map(({ name }) => name),
        inside: partsOf(shadow.querySelector('cl-page')!.shadowRoot!),
      };
    });
    await page.context().close();
    const names = (list: { name: string }[]) => list.map(({ name }) => name).sort();
    const fields = declared.members.filter(({ kind }) => kind === 'field');
    assert.equal(declared.tagName, 'char-loom');
    assert.deepEqual(names(declared.attributes), own.attributes.sort());
    assert.deepEqual(names(fields.filter((field) => !field['static'] && field.name !== 'ready')), own.accessors.filter((name) => !PRIVATE.includes(name)).sort());
    assert.deepEqual(names(declared.members.filter(({ kind }) => kind === 'method')), own.methods.filter((name) => !PRIVATE.includes(name)).sort());
    assert.deepEqual(names(fields.filter((field) => field['static'])), own.statics.sort());
    assert.deepEqual(names(declared.events), EVENTS.map((name) => `loom-${name}`).sort());
    assert.deepEqual(names(declared.cssStates), [...STATUSES].sort());
    // The notice is named while there is one.
    assert.deepEqual(names(declared.cssParts), [...own.parts].sort());
    for (const part of own.parts.filter((name) => !['frame', 'poster', 'caption'].includes(name))) assert.ok(own.inside.includes(part), part);
    assert.deepEqual(names(declared.slots), own.slots.sort());
    const used = readdirSync(join(WWW, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => /\.(ts|css)$/.test(file)).flatMap((file) => readFileSync(join(WWW, 'src', file), 'utf8').match(/--charloom-\w+/g) ?? []);
    assert.deepEqual(names(declared.cssProperties), [...new Set(used)].sort());
    for (const { name, description, type } of [...declared.attributes, ...declared.members.filter(({ kind }) => kind === 'method')]) assert.ok(description && (type ?? true), `${name} is described`);
  } finally {
    server.close();
  }
});

/** Opened at a sub-path; it has to train. */
async function trains(dist: string): Promise<void> {
  const server = await serve(dist);
  try {
    const page = await site.open();
    await page.goto(server.url);
    await until(page, 'an end', async () => (await page.title()) !== 'waiting');
    assert.match(await page.title(), /^loss \d.* and 2 steps$/);
    await page.context().close();
  } finally {
    server.close();
  }
}

/** A folder for a bundler's output. */
function output(name: string): string {
  const dist = join(folder, name);
  mkdirSync(dist, { recursive: true });
  return dist;
}

/** What carries no files is helped by the package's own command. */
function copied(dist: string): void {
  const said = node('charloom/bin/charloom.js', ['copy', join(dist, 'files')], folder);
  assert.match(said, /files copied/);
  writeFileSync(join(dist, 'index.html'), html('./main.js', './files'));
}

test('the tag and the frame, from the folder as it is', async () => {
  const server = await serve(join(PACKAGE, 'dist'));
  try {
    const page = await site.open();
    await page.goto(`${server.url}embed.html#preset=quick-en&model.hidden_size=16`);
    await page.locator('char-loom #train:enabled').waitFor();
    const host = `<!doctype html><script type="module" src="./charloom.js"></script><char-loom preset="quick-en" units="16" backend="cpu"></char-loom>`;
    await page.route('**/host.html', (route) => route.fulfill({ contentType: 'text/html', body: host }));
    await page.goto(`${server.url}host.html`);
    await page.locator('char-loom #train:enabled').click();
    await page.locator('char-loom #pause').waitFor();
    await page.context().close();
  } finally {
    server.close();
  }
});

test('anywidget, run from a Blob as a notebook does: it takes traits, follows them, and cleans up', async () => {
  const server = await serve(join(PACKAGE, 'dist'), { 'access-control-allow-origin': '*' });
  writeFileSync(join(output('notebook'), 'index.html'), '<!doctype html><title>A notebook</title>');
  const notebook = await serve(join(folder, 'notebook'));
  try {
    const page = await site.open();
    await page.goto(notebook.url);
    await page.evaluate(async ([code, base]) => {
      const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
      const { default: widget } = await new Function('url', 'return import(url)')(url);
      const traits: Record<string, unknown> = { preset: 'quick-en', units: 16, hide: ['models', 'runs'], start_with: 'The', autostart: false, base };
      const listeners = new Map<string, () => void>();
      const model = { get: (name: string) => traits[name], on: (name: string, listener: () => void) => listeners.set(name, listener), off: (name: string) => listeners.delete(name) };
      const el = document.body.appendChild(document.createElement('div'));
      el.id = 'cell';
      Object.assign(window, { traits, listeners, end: widget.render({ model, el }) });
    }, [readFileSync(join(PACKAGE, 'dist/anywidget.js'), 'utf8'), server.url] as const);
    const tag = page.locator('#cell char-loom');
    await tag.locator('#train:enabled').waitFor();
    const read = (name: string) => tag.evaluate((element, name) => element.getAttribute(name), name);
    assert.deepEqual([await read('units'), await read('hide'), await read('start-with'), await read('autostart')], ['16', 'models,runs', 'The', null]);
    await page.evaluate(() => {
      const { traits, listeners } = window as unknown as { traits: Record<string, unknown>; listeners: Map<string, () => void> };
      traits['units'] = 24;
      listeners.get('change:units')!();
    });
    assert.equal(await read('units'), '24');
    assert.deepEqual(await page.evaluate(() => {
      const { end, listeners } = window as unknown as { end(): void; listeners: Map<string, () => void> };
      end();
      return [document.querySelector('#cell')!.childElementCount, listeners.size];
    }), [0, 0]);
    await page.context().close();
  } finally {
    notebook.close();
    server.close();
  }
});

test('esbuild, with the files copied', async () => {
  const dist = output('esbuild');
  run(join(folder, 'node_modules/.bin/esbuild'), ['main.js', '--bundle', '--format=esm', '--minify', `--outfile=${join(dist, 'main.js')}`], folder);
  copied(dist);
  await trains(dist);
});

test('the printed tag starts from another server; a script that was changed is not run', async () => {
  const server = await serve(join(folder, 'node_modules/charloom/dist'), { 'access-control-allow-origin': '*' });
  const lines = node('charloom/bin/charloom.js', ['tag', server.url.replace(/\/$/, '')], folder);
  const wrong = lines.replace('sha384-', 'sha384-A');
  writeFileSync(join(output('tagged'), 'index.html'), `<!doctype html><title>Course</title>${lines.replace('<char-loom', '<char-loom units="16" backend="cpu" loading="eager"')}`);
  writeFileSync(join(output('tagged-wrong'), 'index.html'), `<!doctype html><title>Course</title>${wrong}`);
  const [right, refused] = [await serve(join(folder, 'tagged')), await serve(join(folder, 'tagged-wrong'))];
  try {
    const page = await site.open();
    await page.goto(right.url);
    await page.locator('char-loom #train:enabled').waitFor();
    const complaint = page.waitForEvent('console', { predicate: (message) => /integrity/.test(message.text()) });
    await page.goto(refused.url);
    await complaint;
    assert.equal(await page.evaluate(() => customElements.get('char-loom') === undefined), true);
    await page.context().close();
  } finally {
    for (const each of [server, right, refused]) each.close();
  }
});

test('integrity.json has the hash of every file that a page fetches', () => {
  const known = JSON.parse(readFileSync(join(folder, 'node_modules/charloom/integrity.json'), 'utf8')) as Record<string, string>;
  const fetched = listed.filter((path) => path.startsWith('dist/') && !/\.d\.ts$|\.py$|\.node\.js$/.test(path));
  assert.deepEqual(Object.keys(known).sort(), fetched);
  for (const [path, hash] of Object.entries(known)) assert.equal(hash, `sha384-${createHash('sha384').update(readFileSync(join(folder, 'node_modules/charloom', path))).digest('base64')}`);
});

test('the copying command says how it is used, and what went wrong', () => {
  const bin = join(folder, 'node_modules/charloom/bin/charloom.js');
  assert.throws(() => execFileSync(process.execPath, [bin], { stdio: 'pipe' }), (error: { status: number; stderr: Buffer }) => error.status === 2 && /Usage/.test(String(error.stderr)));
  assert.throws(() => execFileSync(process.execPath, [bin, 'copy', join(folder, 'main.js')], { stdio: 'pipe' }), (error: { status: number; stderr: Buffer }) => error.status === 1 && /charloom copy:/.test(String(error.stderr)));
});

test('Vite', async () => {
  const dist = output('vite');
  execFileSync(process.execPath, [join(WWW, 'node_modules/vite/bin/vite.js'), 'build', '--base', './', '--outDir', dist, '--logLevel', 'error'], { cwd: folder, stdio: 'inherit' });
  await trains(dist);
});

if (process.env['CHARLOOM_ALL']) {
  const config = (file: string, text: string) => (writeFileSync(join(folder, file), text), join(folder, file));

  test('webpack', async () => {
    const dist = output('webpack');
    const file = config('webpack.config.mjs', `export default { mode: 'production', entry: './main.js', output: { path: ${JSON.stringify(dist)}, filename: 'main.js', module: true, chunkFormat: 'module' }, experiments: { outputModule: true, topLevelAwait: true }, performance: false };`);
    node('webpack-cli/bin/cli.js', ['--config', file], folder);
    writeFileSync(join(dist, 'index.html'), html('./main.js'));
    await trains(dist);
  });

  test('Rspack', async () => {
    const dist = output('rspack');
    const script = `import { rspack } from '@rspack/core';
rspack({ mode: 'production', context: ${JSON.stringify(folder)}, entry: './main.js', output: { path: ${JSON.stringify(dist)}, filename: 'main.js' } }, (error, stats) => { if (error || stats.hasErrors()) { console.error(error ?? stats.toString()); process.exit(1); } });`;
    run(process.execPath, [config('rspack.mjs', script)], folder);
    writeFileSync(join(dist, 'index.html'), html('./main.js'));
    await trains(dist);
  });

  test('Rollup, plain, with the files copied', async () => {
    const dist = output('rollup');
    const file = config('rollup.config.mjs', `import resolve from '@rollup/plugin-node-resolve'; export default { input: 'main.js', output: { dir: ${JSON.stringify(dist)}, format: 'es' }, plugins: [resolve({ browser: true })] };`);
    node('rollup/dist/bin/rollup', ['-c', file, '--silent'], folder);
    copied(dist);
    await trains(dist);
  });

  test('Rollup with import-meta-assets', async () => {
    const dist = output('rollup-assets');
    const file = config('rollup-assets.config.mjs', `import resolve from '@rollup/plugin-node-resolve'; import { importMetaAssets } from '@web/rollup-plugin-import-meta-assets'; export default { input: 'main.js', output: { dir: ${JSON.stringify(dist)}, format: 'es' }, plugins: [resolve({ browser: true }), importMetaAssets()] };`);
    node('rollup/dist/bin/rollup', ['-c', file, '--silent'], folder);
    writeFileSync(join(dist, 'index.html'), html('./main.js'));
    await trains(dist);
  });

  test('types in Vue’s templates and Svelte’s markup', () => {
    compiles('vue.ts', `import 'charloom/vue';
import type { GlobalComponents } from 'vue';
type Props = InstanceType<GlobalComponents['char-loom']>['$props'];
export const right: Props = { preset: 'quick-zh', units: 64, 'start-with': 'The' };
// @ts-expect-error units are a number
export const wrong: Props = { units: {} };
`);
    compiles('svelte.ts', `import 'charloom/svelte';
import type { SvelteHTMLElements } from 'svelte/elements';
type Props = SvelteHTMLElements['char-loom'];
export const right: Props = { preset: 'quick-zh', units: 64, class: 'loom', 'onloom-epoch': ({ detail }) => detail.perplexity.toFixed(2) };
// @ts-expect-error units are a number
export const wrong: Props = { units: {} };
`);
  });

  test('Parcel', async () => {
    const dist = output('parcel');
    node('parcel/lib/bin.js', ['build', 'index.html', '--dist-dir', dist, '--public-url', './', '--no-cache', '--no-source-maps'], folder);
    await trains(dist);
  });
}

