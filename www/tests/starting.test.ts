/** How the worker starts, on pages of every kind, and what is said where it cannot. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Script } from 'node:vm';
import type { Page } from 'playwright-core';
import { ISOLATED, openSite, WWW, type Site } from './browser.ts';
import { serve, TYPES, type Altered } from './server.ts';

const DIST = join(WWW, 'dist');
const SCRIPTS = join(WWW, '../pkg/scripts');
const WORKER = /charloom-worker-[^/]*\.js$/;
const CORS = { 'access-control-allow-origin': '*' };
const SMALL = '#preset=quick-en&model.hidden_size=16&train.steps=8&backend=cpu';

test('the worker and its parts are self-contained classic scripts', () => {
  const names = readdirSync(SCRIPTS).filter((name) => name.endsWith('.js'));
  assert.ok(names.includes('charloom-worker.js') && names.includes('charloom-thread.js'));
  for (const name of names) {
    const code = readFileSync(join(SCRIPTS, name), 'utf8');
    // A script with import, export, import.meta or a top-level await does not parse as one.
    new Script(code);
    assert.ok(!/\bimport\(/.test(code), `${name} imports`);
    assert.ok(!/\w\.(wasm|txt)["'`]/.test(code), `${name} names a file`);
  }
});

let site: Site;
before(async () => {
  site = await openSite();
});
after(async () => {
  await site?.close();
});

/** Another origin: one page, and beside it the built files where `files` says so. */
async function host(html: string, headers: Record<string, string> = {}): Promise<{ url: string; close(): void }> {
  const server = createServer((_, response) => response.writeHead(200, { ...headers, 'content-type': TYPES['.html']! }).end(html));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

/** The page's scripts and styles, named in another page. */
const tags = (base: string) =>
  [...readFileSync(join(DIST, 'index.html'), 'utf8').matchAll(/<(script type="module"|link rel="stylesheet")[^>]*>(<\/script>)?/g)].map(([tag]) => tag.replace('./', base)).join('\n');
const pageOf = (base: string) => `<!doctype html><html lang="en"><head><meta charset="utf-8">${tags(base)}</head><body></body></html>`;

async function open(url: string, options: { prepare?: (page: Page) => Promise<unknown> } = {}): Promise<{ page: Page; violations: string[] }> {
  const context = await site.browser.newContext({ locale: 'en-US', serviceWorkers: 'block' });
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  const violations: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) violations.push(message.text());
  });
  await options.prepare?.(page);
  await page.goto(url + SMALL);
  return { page, violations };
}

/** It trains, and that is all that matters. */
async function trains(page: Page): Promise<void> {
  await page.locator('#train:enabled').click();
  await page.locator('#pause').waitFor();
}

const workerUrl = (page: Page) => page.workers()[0]!.url();

test('from its own origin the file itself is started', async () => {
  const { page } = await open(site.url);
  await trains(page);
  assert.match(workerUrl(page), /\/assets\/charloom-worker-/);
  await page.context().close();
});

/** Files on another server than the page. */
async function fromElsewhere(headers: (base: string) => Record<string, string>, check: (page: Page, violations: string[]) => Promise<void>): Promise<void> {
  const elsewhere = await openFiles(CORS, null);
  const own = await host(pageOf(elsewhere.url), headers(elsewhere.url));
  try {
    const { page, violations } = await open(own.url);
    await check(page, violations);
    await page.context().close();
  } finally {
    own.close();
    elsewhere.close();
  }
}

const openFiles = (headers: Parameters<typeof serve>[1], altered: Altered | null) => serve(DIST, headers, altered);

test('from another origin its text is started, as a Blob', async () => {
  await fromElsewhere(() => ({}), async (page) => {
    await trains(page);
    assert.match(workerUrl(page), /^blob:/);
  });
});

test('where the worker’s text may not be read, it is imported', async () => {
  const elsewhere = await openFiles((path) => (WORKER.test(path) ? {} : CORS), null);
  const own = await host(pageOf(elsewhere.url));
  try {
    const { page } = await open(own.url);
    await trains(page);
    assert.match(workerUrl(page), /^blob:/);
    await page.context().close();
  } finally {
    own.close();
    elsewhere.close();
  }
});

test('under a policy for files elsewhere it starts, and nothing is reported', async () => {
  const policy = (base: string) => {
    const { origin } = new URL(base);
    return { 'content-security-policy': `default-src 'none'; script-src ${origin} 'wasm-unsafe-eval'; worker-src blob:; connect-src ${origin}; style-src ${origin} 'unsafe-inline'; img-src data:` };
  };
  await fromElsewhere(policy, async (page, violations) => {
    await trains(page);
    assert.match(workerUrl(page), /^blob:/);
    assert.deepEqual(violations, []);
  });
});

test('on an isolated page whose files know nothing of that it starts', async () => {
  await fromElsewhere(() => ISOLATED, async (page) => {
    await trains(page);
    assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  });
});

test('in a frame without an origin it trains, where the files have CORS', async () => {
  const elsewhere = await openFiles(CORS, null);
  const own = await host(`<!doctype html><iframe sandbox="allow-scripts" width="1000" height="700" src="${elsewhere.url}${SMALL}"></iframe>`);
  try {
    const { page } = await open(own.url);
    const frame = page.frameLocator('iframe');
    await frame.locator('#train:enabled').click();
    await frame.locator('#pause').waitFor();
    await page.context().close();
  } finally {
    own.close();
    elsewhere.close();
  }
});

test('a page on the disk starts files from elsewhere', async () => {
  const elsewhere = await openFiles(CORS, null);
  const file = join(mkdtempSync(join(tmpdir(), 'charloom-')), 'page.html');
  writeFileSync(file, pageOf(elsewhere.url));
  try {
    const { page } = await open(`file://${file}`);
    await trains(page);
    await page.context().close();
  } finally {
    elsewhere.close();
  }
});

// What is said where it cannot start

const WASM = /\.wasm$/;

async function says(page: Page, code: string, words: RegExp): Promise<void> {
  const notice = page.locator(`cl-notices [data-code="${code}"]`);
  await notice.waitFor();
  assert.match((await notice.textContent()) ?? '', words);
  assert.equal(await notice.locator('#retry').count(), 1);
}

for (const [name, altered, code, words] of [
  ['a worker file that is missing', { path: WORKER, change: null }, 'not-found', /charloom-worker.*404/],
  ['a wasm file that is missing', { path: WASM, change: null }, 'not-found', /\.wasm.*404/],
  ['a wasm file that was cut', { path: WASM, change: (text: string) => text.slice(0, 1000) }, 'integrity', /\.wasm/],
  ['a worker that says nothing', { path: WORKER, change: () => '' }, 'worker-silent', /does not answer/],
  ['a worker of another version', { path: WORKER, change: (text: string) => text.replace(/hello:[^}]*\}/, 'hello:"other"}') }, 'other-build', /another version/],
  ['a word that the browser does not know', { path: WORKER, change: (text: string) => `${text}\nlet let = 1;` }, 'old-browser', /too old/],
  ['WebAssembly switched off', { path: WORKER, change: (text: string) => `delete self.WebAssembly;${text}` }, 'no-wasm', /WebAssembly/],
] as [string, Altered, string, RegExp][]) {
  test(`${name}: ${code}`, async () => {
    const own = await openFiles({}, altered);
    try {
      const { page } = await open(own.url);
      await says(page, code, words);
      await page.context().close();
    } finally {
      own.close();
    }
  });
}

test('a page in place of the wasm file is recognised: not-found', async () => {
  const { page } = await open(site.url, {
    prepare: (page) => page.context().route(WASM, (route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<!doctype html><title>Home</title>' })),
  });
  await says(page, 'not-found', /a page/);
  await page.context().close();
});

test('no network: offline; and once it is back, another try starts it', async () => {
  const { page } = await open(site.url, { prepare: (page) => page.context().route(WASM, (route) => route.abort('internetdisconnected')) });
  await says(page, 'offline', /network/);
  await page.context().unroute(WASM);
  await page.locator('#retry').click();
  await trains(page);
  assert.equal(await page.locator('cl-notices .problem').count(), 0);
  await page.context().close();
});

test('a server that lets scripts be read, but not the wasm: cors', async () => {
  const elsewhere = await openFiles((path) => (WASM.test(path) ? {} : CORS), null);
  const own = await host(pageOf(elsewhere.url));
  try {
    const { page } = await open(own.url);
    await says(page, 'cors', /Access-Control-Allow-Origin/);
    await page.context().close();
  } finally {
    own.close();
    elsewhere.close();
  }
});

for (const [name, policy, directive] of [
  ['workers', "worker-src 'none'", 'worker-src'],
  ['wasm', "script-src ORIGIN; worker-src blob:", 'script-src'],
] as const) {
  test(`a policy that refuses ${name} is named: csp`, async () => {
    const headers = (base: string) => ({ 'content-security-policy': policy.replace('ORIGIN', new URL(base).origin) });
    await fromElsewhere(headers, async (page) => {
      await says(page, 'csp', new RegExp(directive));
    });
  });
}
