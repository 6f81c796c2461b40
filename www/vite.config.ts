import { defineConfig } from 'vite';

// Isolated from other origins, as a page must be to have threads. It needs nothing of theirs, and works without.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

// `base: './'`: the built page works from any folder, for example a project page on a static host.
export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // A module worker, so that each wasm build stays a chunk of its own and only one is fetched.
  worker: { format: 'es' },
  // The wasm packages live beside www, in ../pkg.
  server: { fs: { allow: ['..'] }, headers },
  preview: { headers },
});
