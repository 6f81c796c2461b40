/**
 * `cargo xtask serve` shows the page before all builds of the engine are compiled. What one of them is asked for
 * meanwhile fails as it would without a network, and the page goes on with another, or says what it cannot do.
 */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Plugin } from 'vite';

const PREFIX = '\0missing-build:';

export const missing: Plugin = {
  name: 'missing-build',
  enforce: 'pre',
  resolveId(source, importer) {
    const build = /\/pkg\/(\w+)\/charloom/.exec(source)?.[1];
    if (!build || !importer) return null;
    const file = resolve(dirname(importer), source.replace(/\?.*$/, ''));
    return existsSync(file) ? null : PREFIX + build;
  },
  load(id) {
    if (!id.startsWith(PREFIX)) return null;
    const build = id.slice(PREFIX.length);
    this.warn(`the build ${build} is not there yet: the page does without it`);
    // A file that is not there, as on a server that lacks it.
    return `export default './not-compiled-yet-${build}.wasm';`;
  },
};
