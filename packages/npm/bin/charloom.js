#!/usr/bin/env node
// charloom copy DIR: the package's files into a folder of a site, for bundlers that carry none (esbuild, Bun, Rollup).
// charloom tag URL: the lines for a page that takes the files from URL, with the hash of the script.
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const USAGE = `Usage: charloom copy DIR
         Copies what charloom fetches while it runs into DIR. Then say in the page where that is: setBase("/DIR/").
       charloom tag URL
         Prints the lines for a page, with the script's hash; URL is the folder where the files of this version are,
         for example https://cdn.example/charloom@1.2.3/dist/.`;

const [command, place, ...rest] = process.argv.slice(2);
const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

function copy(folder) {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(at('dist')).filter((name) => !name.endsWith('.d.ts') && name !== 'headless.node.js');
  for (const name of names) cpSync(join(at('dist'), name), join(folder, name), { recursive: true });
  console.log(`${names.length} files copied to ${folder}`);
}

function tag(url) {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new Error(`${url} is no address that starts with http:// or https://`);
  const integrity = JSON.parse(readFileSync(at('integrity.json'), 'utf8'))['dist/charloom.js'];
  const source = new URL('charloom.js', url.endsWith('/') ? url : `${url}/`).href;
  console.log(`<script type="module" src="${source}" integrity="${integrity}" crossorigin></script>
<char-loom preset="quick-en" style="display:block;min-height:560px"></char-loom>`);
}

const run = { copy, tag }[command];
if (!run || !place || rest.length) {
  console.error(USAGE);
  process.exit(2);
}
try {
  run(place);
} catch (error) {
  console.error(`charloom ${command}: ${error.message}`);
  process.exit(1);
}
