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

// Isolated from other origins, as a page must be to have threads. It needs nothing of theirs, and works without.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

// `base: './'`: the built page works from any folder, for example a project page on a static host.
export default defineConfig({
  base: './',
  plugins: [smallTemplates],
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
