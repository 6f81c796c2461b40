import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

const smallCss = (css: string) =>
  css
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/(\$\{[^}]*\})| ?([{};,]) ?/g, (_, inserted?: string, mark?: string) => inserted ?? mark!)
    .replace(/: /g, ':')
    .replace(/;}/g, '}');

/** Styles and templates are strings, which no minifier touches: here they lose comments and indentation. */
const smallTemplates: Plugin = {
  name: 'small-templates',
  apply: 'build',
  enforce: 'pre',
  transform: (code, id) =>
    /\/www\/src\/.*\.ts$/.test(id)
      ? { code: code.replace(/(?<=\bcss`)[^`]*(?=`)/g, smallCss).replace(/\n\s+/g, '\n'), map: null }
      : null,
};

/** Charloom's version has one place: Cargo.toml. */
const version = /^version = "(.+)"$/m.exec(readFileSync(new URL('../Cargo.toml', import.meta.url), 'utf8'))![1];

const hosting = (name: string) => readFileSync(new URL(`src/hosting/${name}`, import.meta.url), 'utf8');

/** Two plain scripts beside the page; the service worker is told which files were built. */
const plainScripts: Plugin = {
  name: 'plain-scripts',
  configureServer: (server) => {
    server.middlewares.use('/start.js', (_, response) => response.setHeader('content-type', 'text/javascript').end(hosting('start.js')));
  },
  generateBundle(_, bundle) {
    const built = Object.keys(bundle).filter((file) => file.startsWith('assets/')).sort();
    this.emitFile({ type: 'asset', fileName: 'sw.js', source: hosting('sw.js').replace('__BUILT_FILES__', JSON.stringify(built)) });
    this.emitFile({ type: 'asset', fileName: 'start.js', source: hosting('start.js') });
  },
  transformIndexHtml: () => [{ tag: 'script', attrs: { src: './start.js' }, injectTo: 'head-prepend' }],
};

// Isolated from other origins, as a page must be to have threads. It needs nothing of theirs, and works without.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

// `base: './'`: the built page works from any folder, for example a project page on a static host.
export default defineConfig({
  base: './',
  plugins: [smallTemplates, plainScripts],
  define: { 'import.meta.env.CHARLOOM_VERSION': JSON.stringify(version) },
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // A module worker, so that each wasm build stays a chunk of its own and only one is fetched.
  worker: { format: 'es', plugins: () => [smallTemplates] },
  // The wasm packages live beside www, in ../pkg.
  server: { fs: { allow: ['..'] }, headers },
  preview: { headers },
});
