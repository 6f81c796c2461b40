import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, defineConfig, type Plugin } from 'vite';
import { docs } from './build/docs.ts';
import { engineIntegrity } from './build/integrity.ts';
import { scalable, smallTemplates } from './build/styles.ts';
import { SMALL, workers } from './build/workers.ts';
import { missing } from './missing.ts';

/** Charloom's version has one place: Cargo.toml. */
const version = /^version = "(.+)"$/m.exec(readFileSync(new URL('../Cargo.toml', import.meta.url), 'utf8'))![1]!;

/** Without the lines that are comments. */
const hosting = (name: string) => readFileSync(new URL(`src/hosting/${name}`, import.meta.url), 'utf8').replace(/^\s*\/\/.*\n/gm, '');

const PLAIN = ['start.js', 'cannot-start.js'];

/** Plain scripts beside the page; the service worker is told which files were built. */
const plainScripts: Plugin = {
  name: 'plain-scripts',
  configureServer: (server) => {
    for (const name of PLAIN) server.middlewares.use(`/${name}`, (_, response) => response.setHeader('content-type', 'text/javascript').end(hosting(name)));
  },
  generateBundle(_, bundle) {
    const built = Object.keys(bundle).filter((file) => file.startsWith('assets/')).sort();
    this.emitFile({ type: 'asset', fileName: 'sw.js', source: hosting('sw.js').replace('__BUILT_FILES__', JSON.stringify(built)) });
    for (const name of PLAIN) this.emitFile({ type: 'asset', fileName: name, source: hosting(name) });
  },
  transformIndexHtml: (_, { path }) => (path.endsWith('index.html') ? [{ tag: 'script', attrs: { src: './start.js' }, injectTo: 'head-prepend' }] : []),
};

/** Small scripts of one file each, for other people's pages: they name what they fetch, and share nothing with it. */
async function smallScript(entry: string, define: Record<string, string>): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'import.meta.env.CHARLOOM_VERSION': JSON.stringify(version), ...define },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      lib: { entry: fileURLToPath(new URL(`src/${entry}`, import.meta.url)), formats: ['es'] },
      minify: 'oxc',
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (!output || !('output' in output) || output.output.length !== 1) throw new Error(`${entry} is more than one file`);
  return output.output[0].code;
}

/** The tag `<char-loom>`: what it fetches once it is seen is one more entry of the page's build, and shares its files. */
const tag: Plugin = {
  name: 'tag',
  apply: 'build',
  buildStart() {
    ui = this.emitFile({ type: 'chunk', id: fileURLToPath(new URL('src/element/loom.ts', import.meta.url)), name: 'charloom-ui', preserveSignature: 'strict' });
  },
  async generateBundle(_, bundle) {
    const built = Object.values(bundle).map((file) => [file.fileName, file.type === 'asset' ? file.source : file.code] as const);
    const source = await smallScript('element/charloom.ts', {
      'import.meta.env.CHARLOOM_UI': JSON.stringify(`./${this.getFileName(ui)}`),
      'import.meta.env.CHARLOOM_INTEGRITY': JSON.stringify(engineIntegrity(built)),
    });
    this.emitFile({ type: 'asset', fileName: 'charloom.js', source });
    this.emitFile({ type: 'asset', fileName: 'frame.js', source: await smallScript('frame/client.ts', {}) });
  },
};
let ui = '';

/** What the page begins with, and more than one part of it uses. */
const FIRST = /\/node_modules\/(lit|lit-html|lit-element|@lit)\/|oxc.*\/decorate|\/src\/(parts|components\/(base|styles|term|sight|download|runname)|state\/(config|series)|i18n\/(i18n|format|failures)|client\/(client|start|life))\.ts/;

// Isolated from other origins, as a page must be to have threads. It needs nothing of theirs, and works without.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

// `base: './'`: the built page works from any folder, for example a project page on a static host.
export default defineConfig({
  base: './',
  plugins: [workers(version), missing, scalable, smallTemplates, plainScripts, docs, tag],
  define: { 'import.meta.env.CHARLOOM_VERSION': JSON.stringify(version) },
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    minify: 'terser',
    terserOptions: SMALL,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: { index: 'index.html', embed: 'embed.html' },
      // What a visit fetches together is one file, which compresses better than several. (Not what defines elements: a file is
      // run whole, and theirs would be drawn before their messages are there.)
      output: { codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: 'app', test: FIRST }] } },
    },
  },
  // The wasm packages live beside www, in ../pkg.
  server: { fs: { allow: ['..'] }, headers },
  preview: { headers },
});
