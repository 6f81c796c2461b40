import { defineConfig, type Plugin } from 'vite';

/** Styles and templates are strings, which no minifier touches: here they lose their indentation. */
const unindent: Plugin = {
  name: 'unindent',
  apply: 'build',
  enforce: 'pre',
  transform: (code, id) => (/\/www\/src\/.*\.ts$/.test(id) ? { code: code.replace(/\n\s+/g, '\n'), map: null } : null),
};

// Isolated from other origins, as a page must be to have threads. It needs nothing of theirs, and works without.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

// `base: './'`: the built page works from any folder, for example a project page on a static host.
export default defineConfig({
  base: './',
  plugins: [unindent],
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // A module worker, so that each wasm build stays a chunk of its own and only one is fetched.
  worker: { format: 'es', plugins: () => [unindent] },
  // The wasm packages live beside www, in ../pkg.
  server: { fs: { allow: ['..'] }, headers },
  preview: { headers },
});
