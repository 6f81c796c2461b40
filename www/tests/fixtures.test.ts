/** The tag on the kinds of pages there are: foreign servers, policies, frames without an origin, isolation, print, several texts. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { ISOLATED, openSite, until, WITHOUT_WEBGPU, WWW, type Site } from './browser.ts';
import { becomes, call, html, openHost, script, SMALL_CONFIG, stepOf, tag, visit, type Answer, type HostServer } from './hosts.ts';

let site: Site;
/** The page's own server, and one with the files only, as a CDN sends them. */
let host: HostServer;
let cdn: HostServer;
/** One that isolates its pages, and its files with them. */
let isolated: HostServer;

before(async () => {
  site = await openSite({}, WITHOUT_WEBGPU);
  host = await openHost();
  isolated = await openHost(ISOLATED);
  cdn = await openHost({ 'access-control-allow-origin': '*' });
});

after(async () => {
  await site?.close();
  for (const each of [host, cdn, isolated]) each?.close();
});

const EAGER = tag('loading="eager"').replace('style="display:block;min-height:560px" ', '');
const REPORTS = '<script src="/reports.js"></script>';
const REPORTS_JS = 'window.violations = []; document.addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective + " " + event.blockedURI)); window.codes = []; addEventListener("loom-error", ({ detail }) => codes.push(detail.code));';

/** Opens it, trains a step, and sees that nothing was asked elsewhere. */
async function works(page: Answer, bases: string[], options: BrowserContextOptions = {}): Promise<Page> {
  host.pages.set('/reports.js', { body: REPORTS_JS, type: 'text/javascript' });
  host.pages.set('/course/page', page);
  const visited = await visit(site, `${host.origin}/course/page`, options);
  await becomes(visited.page, 'ready');
  await call(visited.page, 'step');
  await until(visited.page, 'a step', async () => (await stepOf(visited.page)) === 1);
  const own = [`${host.origin}/course/`, `${host.origin}/reports.js`, 'blob:', 'data:', ...bases];
  assert.deepEqual(visited.requests.filter((url) => !own.some((base) => url.startsWith(base))), []);
  assert.deepEqual(await visited.page.evaluate(() => (window as { violations?: string[] }).violations ?? []), []);
  assert.deepEqual(visited.complaints, []);
  return visited.page;
}

test('plain page, files on another server', async () => {
  const page = await works({ body: html(EAGER, REPORTS + script(`${cdn.origin}/c/`)) }, [`${cdn.origin}/c/`]);
  await page.context().close();
});

test('the policy default-src self, files beside the page', async () => {
  const policy = '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'; img-src data:">';
  const page = await works({ body: html(EAGER, policy + REPORTS + script('/c/')) }, [`${host.origin}/c/`]);
  await page.context().close();
});

test('the policy for files elsewhere, as it is documented', async () => {
  const policy = `default-src 'none'; script-src 'self' ${cdn.origin} 'wasm-unsafe-eval'; worker-src blob:; connect-src ${cdn.origin}; img-src data:`;
  const page = await works({ body: html(EAGER, REPORTS + script(`${cdn.origin}/c/`)), headers: { 'content-security-policy': policy } }, [`${cdn.origin}/c/`]);
  await page.context().close();
});

test('a policy that refuses it is named', async () => {
  const policy = `default-src 'none'; script-src 'self' ${cdn.origin}; connect-src ${cdn.origin}; img-src data:`;
  host.pages.set('/reports.js', { body: REPORTS_JS, type: 'text/javascript' });
  host.pages.set('/refused', { body: html(EAGER, REPORTS + script(`${cdn.origin}/c/`)), headers: { 'content-security-policy': policy } });
  const { page } = await visit(site, `${host.origin}/refused`);
  await becomes(page, 'failed');
  assert.match((await page.locator('char-loom .trouble').textContent())!, /policy/);
  await until(page, 'the code', async () => (await page.evaluate(() => (window as unknown as { codes: string[] }).codes.join())) === 'csp');
  await page.context().close();
});

test('an isolated page, files with CORS only', async () => {
  const page = await works({ body: html(EAGER, REPORTS + script(`${cdn.origin}/c/`)), headers: ISOLATED }, [`${cdn.origin}/c/`]);
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  await page.context().close();
});

test('where threads could be had they come only for those who ask; device and build can be changed while it trains', async () => {
  isolated.pages.set('/', { body: html(tag('loading="eager"'), script('/c/')), headers: ISOLATED });
  const { page, requests, complaints } = await visit(site, `${isolated.origin}/`);
  await becomes(page, 'ready');
  const engine = () => page.locator('char-loom').evaluate((element) => (element as unknown as { engine: { backend: string; build: string } }).engine);
  const config = async () => new URLSearchParams(((await call(page, 'getState')) as { config: string }).config);
  const change = (name: string, value: string | null) => page.locator('char-loom').evaluate((element, [name, value]) => (value === null ? element.removeAttribute(name!) : element.setAttribute(name!, value)), [name, value] as const);
  await call(page, 'train');
  await until(page, 'some epochs', async () => (await stepOf(page)) > 60);
  assert.equal((await engine()).build, 'relaxed');
  assert.deepEqual(requests.filter((url) => /charloom-thread/.test(url)), []);
  let before = await stepOf(page);
  for (const build of ['simd', 'threads', null]) {
    await change('build', build);
    await until(page, `the build ${build}`, async () => (await engine()).build === (build ?? 'relaxed') && (await stepOf(page)) > before);
    assert.equal((await config()).get('build'), build);
    before = await stepOf(page);
  }
  assert.equal(requests.some((url) => /charloom-thread/.test(url)), true);
  await until(page, 'the end of the others', async () => page.workers().length === 1);
  await change('backend', 'cpu');
  await until(page, 'the device', async () => (await config()).get('backend') === 'cpu');
  await page.locator('#device[data-backend=cpu]').waitFor({ state: 'attached' });
  // A state brings its engine along, too.
  await call(page, 'pause');
  await call(page, 'setState', { version: 1, config: `${SMALL_CONFIG}&build=scalar` });
  await until(page, 'the build of the state', async () => (await engine()).build === 'scalar');
  assert.equal(await stepOf(page), 0);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('a page may style buttons and fields, however deep they are', async () => {
  host.pages.set('/', { body: html(tag('loading="eager"'), `<style>char-loom::part(button) { border-color: rgb(1, 2, 3); } char-loom::part(field) { border-color: rgb(4, 5, 6); }</style>${script('/c/')}`) });
  const { page } = await visit(site, `${host.origin}/`);
  await becomes(page, 'ready');
  const colour = (selector: string) => page.locator(selector).first().evaluate((element) => getComputedStyle(element).borderTopColor);
  await page.locator('#write:enabled').waitFor();
  for (const selector of ['#train', '#write']) assert.equal(await colour(selector), 'rgb(1, 2, 3)', selector);
  for (const selector of ['#corpus', 'cl-network cl-option input[type=number], cl-network cl-option input:not([type])', 'cl-writer input:not([type=range], [type=checkbox])']) assert.equal(await colour(selector), 'rgb(4, 5, 6)', selector);
  await page.context().close();
});

test('a frame without an origin: it trains, and scrolls inside at 320 × 480', async () => {
  const src = `${cdn.origin}/c/embed.html#${SMALL_CONFIG}`.replaceAll('&', '&amp;');
  host.pages.set('/frame', { body: html(`<iframe sandbox="allow-scripts" src="${src}" style="width:320px;height:480px;border:0"></iframe>`) });
  const { page, requests, complaints } = await visit(site, `${host.origin}/frame`);
  const frame = page.frames()[1]!;
  await frame.locator('#step:enabled').click();
  await until(page, 'a step', async () => (await frame.locator('char-loom').evaluate((element) => (element as unknown as { position: { step: number } }).position.step)) === 1);
  assert.deepEqual(await frame.evaluate(() => [origin, document.documentElement.scrollWidth <= 320, document.documentElement.scrollHeight > 480]), ['null', true, true]);
  assert.deepEqual(requests.filter((url) => ![`${cdn.origin}/c/`, `${host.origin}/frame`, 'blob:', 'data:'].some((base) => url.startsWith(base))), []);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('nothing moves: what stands below stays where it is while it loads', async () => {
  host.pages.set('/', { body: html(`<h1>Course</h1>${tag('view="write"').replace('560px', '640px')}<p id="after">After</p>`, `<script>window.shift = 0; new PerformanceObserver((list) => { for (const each of list.getEntries()) shift += each.value; }).observe({ type: 'layout-shift', buffered: true });</script>${script('/c/')}`) });
  const { page } = await visit(site, `${host.origin}/`);
  const place = () => page.locator('#after').evaluate((element) => element.getBoundingClientRect().top);
  const before = await place();
  await becomes(page, 'ready');
  await page.locator('#write:enabled').waitFor();
  assert.equal(await place(), before);
  assert.equal(await page.evaluate(() => (window as unknown as { shift: number }).shift), 0);
  await page.context().close();
});

test('views show one part; right to left nothing is cut off; what is printed can be read', async () => {
  host.pages.set('/', { body: html(tag('view="train"'), script('/c/'), 'lang="en" dir="rtl"') });
  const { page } = await visit(site, `${host.origin}/`);
  await becomes(page, 'ready');
  await page.locator('cl-charts section').first().waitFor();
  for (const name of ['cl-writer', 'cl-text', 'cl-models', 'cl-inside']) assert.equal(await page.locator(name).count(), 0, name);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await page.locator('char-loom').evaluate((element) => element.setAttribute('view', 'write'));
  await page.locator('#write:enabled').waitFor();
  assert.equal(await page.locator('cl-charts').count(), 0);
  assert.equal(await page.locator('char-loom').evaluate((element) => (element as unknown as { status: string }).status), 'ready');
  await page.locator('char-loom').evaluate((element) => element.setAttribute('theme', 'dark'));
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.equal(await page.locator('char-loom .frame').getAttribute('data-theme'), 'light');
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  assert.equal(await page.locator('char-loom .frame').getAttribute('data-theme'), 'dark');
  await page.context().close();
});

test('with a storage key models are kept under it, and offered to nobody else', async () => {
  const keyed = (key: string) => html(tag(`loading="eager" ${key && `storage-key="${key}"`}`), script('/c/'));
  for (const [path, key] of [['/one', 'one'], ['/two', 'two'], ['/none', '']] as const) host.pages.set(path, { body: keyed(key) });
  const { page } = await visit(site, `${host.origin}/one`);
  await becomes(page, 'ready');
  await call(page, 'train');
  await until(page, 'some steps', async () => (await stepOf(page)) > 5);
  await call(page, 'pause');
  const kept = () => page.evaluate(async () => (await indexedDB.databases()).length);
  await until(page, 'it is kept', async () => (await page.locator('#autosaved').count()) === 1);
  assert.equal(await kept(), 1);
  await page.goto(`${host.origin}/two`);
  await becomes(page, 'ready');
  assert.equal(await page.locator('#resume-offer').count(), 0);
  await page.goto(`${host.origin}/one`);
  await page.locator('#resume-offer').waitFor();
  await page.goto(`${host.origin}/none`);
  await becomes(page, 'ready');
  await page.locator('cl-models button').first().waitFor();
  assert.equal(await page.locator('#keep').count(), 0);
  await page.context().close();
});

test('a corpus without end is not read to its end', async () => {
  const endless = 'All day the river sings and sings.\n'.repeat(650_000);
  host.pages.set('/endless.txt', { body: endless, type: 'text/plain' });
  host.pages.set('/', { body: html(tag('loading="eager"'), script('/c/')) });
  const { page } = await visit(site, `${host.origin}/`);
  await becomes(page, 'ready');
  const code = await page.locator('char-loom').evaluate((element) => (element as unknown as { setCorpus(corpus: object): Promise<void> }).setCorpus({ url: 'endless.txt' }).then(() => 'read', (error: { failure: { code: string } }) => error.failure.code));
  assert.equal(code, 'too-large');
  await page.context().close();
});

test('the documents’ own lines work as they are copied', async () => {
  // In both languages they are the same.
  for (const folder of ['en']) {
    const document = readFileSync(join(WWW, '..', 'docs', folder, 'embed.md'), 'utf8');
    const lines = [...document.matchAll(/```html\n([^]*?)```/g)].map(([, line]) => line!);
    assert.ok(lines.length >= 4, `${lines.length} lines`);
    for (const line of lines) {
      const here = line.replaceAll('https://charloom.example/', `${host.origin}/c/`).replaceAll('src="charloom/', `src="${host.origin}/c/`).replaceAll('songs.txt', '/songs.txt');
      host.pages.set('/songs.txt', { body: 'The river sings all night long.\n'.repeat(30), type: 'text/plain' });
      const tagged = here.includes('<char-loom') && !here.includes('<script type="module"');
      host.pages.set('/', { body: html(here, tagged ? script('/c/') : '') });
      const { page } = await visit(site, `${host.origin}/`);
      const places = [page, ...page.frames().slice(1)] as Page[];
      const place = here.includes('<iframe') ? places[1]! : page;
      for (const [index] of (await place.locator('char-loom').all()).entries()) {
        const one = place.locator('char-loom').nth(index);
        await one.scrollIntoViewIfNeeded();
        await until(page, 'it can train', async () => (await one.evaluate((element) => (element as unknown as { status: string }).status)) === 'ready');
      }
      await page.context().close();
    }
  }
});
