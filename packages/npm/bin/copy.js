#!/usr/bin/env node
// charloom copy DIR: the package's files into a folder of a site, for bundlers that carry none (esbuild, Bun, Rollup).
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [command, folder, ...rest] = process.argv.slice(2);
if (command !== 'copy' || !folder || rest.length) {
  console.error('Usage: charloom copy DIR\nCopies what charloom fetches while it runs into DIR. Then say in the page where that is: setBase("/DIR/").');
  process.exit(2);
}
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
try {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(dist).filter((name) => !name.endsWith('.d.ts') && name !== 'headless.node.js');
  for (const name of names) cpSync(join(dist, name), join(folder, name), { recursive: true });
  console.log(`${names.length} files copied to ${folder}`);
} catch (error) {
  console.error(`charloom copy: ${error.message}`);
  process.exit(1);
}
