/**
 * Why the tag does not start: each reason is provoked on two tags of one page, an English and a Chinese one. Each says one
 * sentence with a button, and tells one event; where the cause can be mended, the button starts it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { GRACE_MS, HELLO_MS } from '../src/client/start.ts';
import { openSite, until, WITHOUT_WEBGPU, WWW, type Site } from './browser.ts';
import { becomes, html, openHost, script, statusOf, tag, type Answer, type HostServer } from './hosts.ts';

let site: Site;
let host: HostServer;
/** Another server, with files that any page may read. */
let cdn: HostServer;
/** And one whose files none may. */
let closed: HostServer;

before(async () => {
  site = await openSite({}, WITHOUT_WEBGPU);
  host = await openHost();
  cdn = await openHost({ 'access-control-allow-origin': '*' });
  closed = await openHost();
});

after(async () => {
  await site?.close();
  for (const each of [host, cdn, closed]) each?.close();
});

const CJK = /[\u4e00-\u9fff]/;
const TOLD = '<script>window.told = []; addEventListener("loom-error", ({ target, detail }) => told.push([target.id, detail.code, detail.message]));</script>';

interface Case {
  attributes?: string;
  /** What loads the tag. */
  head?: string;
  headers?: Record<string, string>;
  prepare?(page: Page): Promise<unknown>;
  mend?(page: Page): Promise<unknown>;
  browser?: Site;
}

async function fails(code: string, words: RegExp, { attributes = '', head = script('/c/'), headers = {}, prepare, mend, browser = site }: Case): Promise<void> {
  const both = ['en', 'zh'].map((lang) => tag(`id="${lang}" lang="${lang}" loading="click" ${attributes}`));
  host.pages.set('/', { body: html(both.join(''), TOLD + head), headers });
  const context = await browser.browser.newContext({ locale: 'en-US' });
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  await page.goto(`${host.origin}/`);
  await page.locator('#en button').first().waitFor();
  await prepare?.(page);
  const told = () => page.evaluate(() => (window as unknown as { told: [string, string, string][] }).told);
  for (const id of ['en', 'zh']) await page.locator(`#${id}`).evaluate((element) => (element as unknown as { load(): Promise<void> }).load().catch((error: { code: string }) => error.code)).then((thrown) => assert.equal(thrown, code));
  await until(page, 'both events', async () => (await told()).length >= 2);
  // What comes late would be here by now.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
  assert.deepEqual((await told()).map(([id, code]) => [id, code]), [['en', code], ['zh', code]]);
  for (const [id, , message] of await told()) {
    const notice = page.locator(`#${id} [role=alert]`);
    const button = notice.getByRole('button');
    assert.equal(await page.locator(`#${id}`).evaluate((element) => element.shadowRoot!.querySelectorAll('[role=alert]').length), 1);
    assert.ok(await notice.isVisible());
    assert.ok(await page.locator(`#${id} #fallback`).isVisible(), 'what stands in the tag is seen again');
    const said = ((await notice.textContent()) ?? '').replace((await button.textContent()) ?? '', '');
    assert.equal(said, message);
    assert.equal(CJK.test(said), id === 'zh', said);
    assert.doesNotMatch(said, /undefined|\{\w+\}|Error\b/);
    assert.match(said, id === 'en' ? words : CJK);
    assert.equal(await button.textContent(), id === 'en' ? 'Try again' : '重试');
  }
  assert.equal(page.workers().length, 0);
  if (mend) {
    await mend(page);
    await page.locator('#en [role=alert]').getByRole('button').click();
    await becomes(page, 'ready', '#en');
    assert.equal(await statusOf(page, '#zh'), 'failed');
  }
  await context.close();
}

const built = (name: RegExp) => readdirSync(join(WWW, 'dist/assets')).find((file) => name.test(file))!;

/** A file as it is, but for one byte. */
function changed(name: RegExp): [path: string, answer: Answer] {
  const file = built(name);
  const body = readFileSync(join(WWW, 'dist/assets', file));
  const type = file.endsWith('.wasm') ? 'application/wasm' : file.endsWith('.js') ? 'text/javascript' : 'text/plain';
  body[body.length - 10]! ^= 1;
  return [`/c/assets/${file}`, { body, type, headers: { 'access-control-allow-origin': '*' } }];
}

test('offline', () => fails('offline', /no network/, { prepare: (page) => page.context().setOffline(true), mend: (page) => page.context().setOffline(false) }));

test('offline, once the playground itself is there', () => {
  const wasm = /\.wasm$/;
  return fails('offline', /network/, {
    prepare: (page) => page.context().route(wasm, (route) => route.abort('internetdisconnected')),
    mend: (page) => page.context().unroute(wasm),
  });
});

test('not-found: no files there; or a start page in place of one', async () => {
  await fails('not-found', /files are not at .*\/nowhere\//, { attributes: 'base="/nowhere"', mend: (page) => page.locator('#en').evaluate((element) => element.setAttribute('base', '/c')) });
  const path = `/c/assets/${built(/^charloom-worker-/)}`;
  host.pages.set(path, { body: '<!doctype html><title>Home</title>' });
  await fails('not-found', /charloom-worker.*a page/, { mend: async () => host.pages.delete(path) });
});

test('cors', () => fails('cors', /Access-Control-Allow-Origin/, { attributes: `base="${closed.origin}/c/"` }));

test('csp, of the tag’s files and of WebAssembly', async () => {
  await fails('csp', /content security policy refuses/, { attributes: `base="${cdn.origin}/c/"`, headers: { 'content-security-policy': `script-src 'self' 'unsafe-inline'` } });
  await fails('csp', /content security policy.*script-src/, { head: script(`${cdn.origin}/c/`), headers: { 'content-security-policy': `script-src 'self' 'unsafe-inline' ${cdn.origin}; worker-src blob:` } });
});

for (const [what, name] of [['the worker', /^charloom-worker-/], ['the engine', /^charloom_bg-.*\.wasm$/], ['the text', /^lyrics-en-/]] as const) {
  test(`integrity: a byte of ${what} was changed, on its own server and on another, and nothing runs`, async () => {
    // Which module a browser takes is its business: all of them.
    const files = readdirSync(join(WWW, 'dist/assets')).filter((file) => name.test(file)).map((file) => changed(new RegExp(`^${file.replaceAll('.', '\\.')}$`)));
    for (const [server, head] of [[host, script('/c/')], [cdn, script(`${cdn.origin}/c/`)]] as const) {
      for (const [path, answer] of files) server.pages.set(path, answer);
      await fails('integrity', /not the one that was released/, { head, mend: async () => files.forEach(([path]) => server.pages.delete(path)) });
    }
  });
}

test('worker-silent: an extension gives the page another worker', async () => {
  assert.ok(HELLO_MS + GRACE_MS < 15_000, 'it is told within 15 s');
  const silent = `<script>const Real = Worker; window.Worker = class { constructor() { return new Real('data:text/javascript,'); } };</script>`;
  await fails('worker-silent', /does not answer/, { head: silent + script('/c/') });
});

test('no-wasm: WebAssembly is switched off', async () => {
  const without = await openSite({}, [...WITHOUT_WEBGPU, '--js-flags=--jitless']);
  try {
    await fails('no-wasm', /WebAssembly is switched off/, { browser: without });
  } finally {
    await without.close();
  }
});

test('old-browser: what it lacks does not keep it from saying so', () => {
  const old = `<script>
    delete window.ElementInternals; delete HTMLElement.prototype.attachInternals; delete URL.canParse; delete Object.hasOwn;
    delete Document.prototype.adoptedStyleSheets; delete ShadowRoot.prototype.adoptedStyleSheets; delete window.CSSStyleSheet;
  </script>`;
  return fails('old-browser', /too old/, { head: old + script('/c/') });
});

test('an entry that stands in the page itself asks for base', () => {
  const entry = `import(URL.createObjectURL(new Blob([await (await fetch('/c/charloom.js')).text()], { type: 'text/javascript' })));`;
  return fails('no-base', /base=/, { head: `<script type="module">${entry}</script>`, mend: (page) => page.locator('#en').evaluate((element) => element.setAttribute('base', '/c/')) });
});
