/**
 * The first visit of the built page: how long from the navigation to the first training step, and what it
 * downloads. Each visit is a fresh browser context: nothing is cached.
 *
 * Of the page it knows three things: the button with the id `train` starts the training; it can be pressed as
 * soon as it is enabled; and the metrics of a step reach the page in a message, in a Float32Array named `metrics`.
 */
import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { serve } from './server.mjs';

const FIRST_STEP = 'first-step';
const READY = 'ready';
const LIMIT_MS = 60_000;
const COUNTED = { '.html': 'html', '.js': 'js', '.css': 'css', '.wasm': 'wasm', '.txt': 'text' };
/** With it the page turns to visits without a network: what is fetched from then on, this one does not use. */
const SERVICE_WORKER = 'sw.js';

/** Runs in the page before its own scripts. */
function watch([ready, firstStep]) {
  const find = (root) => {
    const button = root.querySelector('button#train');
    if (button) return button;
    for (const element of root.querySelectorAll('*')) {
      const found = element.shadowRoot && find(element.shadowRoot);
      if (found) return found;
    }
    return null;
  };
  const press = () => {
    const button = find(document);
    if (!button || button.disabled) return requestAnimationFrame(press);
    performance.mark(ready);
    button.click();
  };
  requestAnimationFrame(press);

  const hasMetrics = (value, depth) => {
    if (!value || typeof value !== 'object' || ArrayBuffer.isView(value) || depth > 8) return false;
    if (value.metrics instanceof Float32Array && value.metrics.length > 0) return true;
    return Object.values(value).some((inner) => hasMetrics(inner, depth + 1));
  };
  let seen = false;
  const { get, ...rest } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data');
  Object.defineProperty(MessageEvent.prototype, 'data', {
    ...rest,
    get() {
      const data = get.call(this);
      if (!seen && hasMetrics(data, 0)) {
        seen = true;
        performance.mark(firstStep);
      }
      return data;
    },
  });
}

export async function visit(browser, { dist, options, report, log }) {
  let files = new Set();
  let needed = new Set();
  const server = await serve({ '/': dist }, { onFile: (file) => files.add(file) });
  const milliseconds = { ready: [], firstStep: [] };
  for (let i = 0; i < options.reps; i++) {
    files = new Set();
    const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.addInitScript(watch, [READY, FIRST_STEP]);
    await page.goto(server.url);
    try {
      await page.waitForFunction((name) => performance.getEntriesByName(name).length > 0, FIRST_STEP, { timeout: LIMIT_MS });
      needed = new Set(files);
      const [ready, firstStep] = await page.evaluate(
        (names) => names.map((name) => performance.getEntriesByName(name)[0].startTime),
        [READY, FIRST_STEP],
      );
      milliseconds.ready.push(ready);
      milliseconds.firstStep.push(firstStep);
      await page.waitForLoadState('networkidle');
    } catch (error) {
      log(`page: ${error.message.split('\n')[0]}`);
    }
    await context.close();
    log(`page: visit ${i + 1} of ${options.reps}`);
  }
  server.close();
  report({ kind: 'page', milliseconds, bytes: sizes(files, needed) });
}

/**
 * Brotli bytes of each file, at the level a static host compresses with ahead of time, and when it came: `first`,
 * before the first step, `after` it, or for an `offline` visit.
 */
function sizes(files, needed) {
  const all = [...files];
  const last = all.findIndex((file) => basename(file) === SERVICE_WORKER);
  const when = (file) => (last >= 0 && all.indexOf(file) >= last ? 'offline' : needed.has(file) ? 'first' : 'after');
  return all
    .filter((file) => extname(file) in COUNTED)
    .map((file) => {
      const bytes = readFileSync(file);
      const parameters = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
      return {
        file: basename(file),
        kind: COUNTED[extname(file)],
        when: when(file),
        raw: bytes.length,
        brotli: brotliCompressSync(bytes, { params: parameters }).length,
      };
    });
}
