/**
 * The browser's half of the benchmark. `cargo xtask bench` builds what it needs and runs it.
 *
 *   node run.mjs --pkg DIR --floor DIR [--dist DIR] [--parts train,sample,page,sweep]
 *                [--only W1,W4] [--contestants relaxed,floor] [--reps 7] [--seconds 1] [--budget 60] [--quick]
 *
 * Results go to stdout, one JSON object a line; progress to stderr.
 *
 *   | file | job |
 *   | --- | --- |
 *   | race.mjs | interleaved repetitions of training and of sampling |
 *   | contestants.mjs, contestants/ | who takes part; each in a worker of its own |
 *   | sweep.mjs | how the cost of a step grows with its sizes |
 *   | visit.mjs | the built page: time to the first step, bytes downloaded |
 *   | server.mjs, chromium.mjs | the web server and the browser |
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launch } from './chromium.mjs';
import { introduce, race } from './race.mjs';
import { serve } from './server.mjs';
import { sweep } from './sweep.mjs';
import { visit } from './visit.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const definition = JSON.parse(readFileSync(join(HERE, '../workloads.json'), 'utf8'));

const { values } = parseArgs({
  options: {
    pkg: { type: 'string' },
    floor: { type: 'string' },
    dist: { type: 'string', default: '' },
    parts: { type: 'string', default: 'train,sample,page' },
    only: { type: 'string', default: '' },
    contestants: { type: 'string', default: '' },
    reps: { type: 'string' },
    seconds: { type: 'string' },
    budget: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const { quick } = values;
const number = (text, full, short) => (text === undefined ? (quick ? short : full) : Number(text));
const options = {
  quick,
  reps: number(values.reps, 7, 2),
  seconds: number(values.seconds, 1, 0.2),
  budget: number(values.budget, 60, 5),
  // Parts of names.
  contestants: values.contestants.split(','),
};
const parts = values.parts.split(',');
const only = values.only ? values.only.split(',') : Object.keys(definition.workloads);

const report = (result) => console.log(JSON.stringify(result));
const log = (line) => console.error(line);

const browser = await launch({ gpu: options.contestants.some((part) => part && 'charloom-webgpu'.includes(part)) });
try {
  report({ kind: 'about', contestant: 'chromium', version: browser.version() });
  const places = {
    '/': join(HERE, 'contestants'),
    '/contestants/': join(HERE, 'contestants'),
    '/pkg/': values.pkg,
    '/floor/': values.floor,
    '/tfjs/': join(HERE, 'node_modules/@tensorflow'),
  };
  const server = await serve(places, { isolated: true });
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  page.on('console', (message) => message.type() === 'error' && log(`page: ${message.text()}`));
  await page.goto(`${server.url}/page.html`);

  const shared = { options, report, log };
  if (parts.includes('train') || parts.includes('sample')) await introduce(page, shared);
  for (const workload of only) {
    const shape = definition.workloads[workload];
    if (!shape) throw new Error(`there is no workload ${workload}: choose among ${Object.keys(definition.workloads)}`);
    if (parts.includes('train')) await race(page, { ...shared, workload, shape, call: 'train' });
    if (parts.includes('sample') && definition.sampled.includes(workload)) {
      await race(page, { ...shared, workload, shape, call: 'sample' });
    }
  }
  if (parts.includes('sweep')) await sweep(page, { ...shared, definition: definition.sweep });
  server.close();
  if (parts.includes('page')) {
    if (existsSync(join(values.dist, 'index.html'))) await visit(browser, { ...shared, dist: values.dist });
    else log('page: there is no built page');
  }
} finally {
  await browser.close();
}
