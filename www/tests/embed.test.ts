/** The tag in other people's pages: what it fetches, what it leaves alone, how it comes and goes. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import axe from 'axe-core';
import { brotliCompressSync } from 'node:zlib';
import { openSite, until, WITHOUT_WEBGPU, WWW, type Site } from './browser.ts';
import { ATTRIBUTES, EVENTS, fragmentOf, propertyOf } from '../src/element/names.ts';
import { becomes, call, html, openHost, positionOf, script, SMALL_CONFIG, statusOf, stepOf, tag, visit, type HostServer } from './hosts.ts';
import type { CharLoom as Published, CharLoomProperties } from '../../packages/npm/element.d.ts';
import type { CharLoom, LoomTag } from '../src/element/tag.ts';

/** These compile only while the package's types, which are written by hand, are the class's. */
export const published = (tag: CharLoom): Published => tag;
export const EVERY_PROPERTY_IS_PUBLISHED: [Exclude<keyof LoomTag, keyof CharLoomProperties>] extends [never] ? true : never = true;

let site: Site;
let host: HostServer;

before(async () => {
  site = await openSite({}, WITHOUT_WEBGPU);
  host = await openHost();
});

after(async () => {
  await site?.close();
  host?.close();
});

async function open(body: string, head = script('/c/'), attributes = 'lang="en"') {
  host.pages.set('/', { body: html(body, head, attributes) });
  return visit(site, `${host.origin}/`);
}

test('the entry costs at most 6 KB', () => {
  const size = brotliCompressSync(readFileSync(join(WWW, 'dist', 'charloom.js'))).length;
  assert.ok(size <= 6000, `${size} bytes`);
});

test('only a host touches the page around, and only what the browser puts on top is about the window', () => {
  const folder = join(WWW, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(ts|css)$/.test(file) && !/^(worker|hosting)\//.test(file));
  const found = (words: RegExp, allowed: readonly string[]) =>
    files.filter((file) => !allowed.some((each) => file.startsWith(each)) && words.test(readFileSync(join(folder, file), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')));
  // copyText needs a place to select in, where there is no clipboard.
  const page = ['hosts/', 'main.ts', 'frame/', 'client/offline.ts', 'components/clipboard.ts'];
  assert.deepEqual(found(/\b(localStorage|sessionStorage|history)\s*[.)]|\blocation\.(hash|href|pathname|reload)|document\.(documentElement|title|body)/, [...page, 'element/host.ts']), []);
  const onTop = ['components/sheet.ts', 'glossary/glossary.ts', 'songs/song.ts', 'owntext/sheet.ts', 'components/clipboard.ts'];
  assert.deepEqual(found(/position: ?'?fixed|\d(d|s|l)?v[hw]\b|@media \((min|max)-width/, ['theme/page.css', ...onTop]), []);
});

test('no name is one of HTML’s own', async () => {
  const { page } = await open('');
  const names = Object.keys(ATTRIBUTES);
  const own = ['hidden', 'title', 'lang', 'dir', 'translate', 'inert', 'tabindex', 'accesskey', 'draggable', 'spellcheck', 'autocapitalize', 'contenteditable', 'enterkeyhint', 'inputmode', 'is', 'itemid', 'itemprop', 'itemref', 'itemscope', 'itemtype', 'nonce', 'part', 'exportparts', 'popover', 'slot', 'style', 'class', 'id', 'role', 'autofocus', 'src', 'href'];
  assert.deepEqual(names.filter((name) => own.includes(name)), []);
  const clashes = await page.evaluate((properties) => properties.filter((name) => name in HTMLElement.prototype), [
    ...names.map(propertyOf), 'status', 'ready', 'position', 'engine', 'load', 'train', 'pause', 'step', 'reset', 'write', 'setCorpus', 'set', 'getState', 'setState', 'saveModel', 'openModel', 'link', 'dispose',
  ]);
  assert.deepEqual(clashes, []);
  assert.ok(EVENTS.every((name) => /^[a-z]+$/.test(name)));
  await page.context().close();
});

test('one grammar: attributes are a link', () => {
  const attributes: Record<string, string> = { config: '#preset=quick-en&model.cell=rnn', cell: 'gru', units: '64', hide: 'clip, optimizer', view: 'full', 'start-with': '' };
  const link = new URLSearchParams(fragmentOf((name) => attributes[name] ?? null).slice(1));
  assert.equal(link.get('model.cell'), 'gru');
  assert.equal(link.get('model.hidden_size'), '64');
  assert.equal(link.get('write.prefix'), '');
  assert.equal(link.get('view'), null);
});

test('before it is seen only the entry comes; then it trains, tells, and writes; no request leaves its base; the page is left alone', async () => {
  const spy = `<script>
    window.touched = [];
    for (const name of ['pushState', 'replaceState']) { const plain = history[name]; history[name] = function (...a) { touched.push(name); return plain.apply(this, a); }; }
    for (const name of ['getItem', 'setItem', 'removeItem']) { const plain = Storage.prototype[name]; Storage.prototype[name] = function (...a) { touched.push('storage ' + a[0]); return plain.apply(this, a); }; }
    const listen = window.addEventListener; window.listened = [];
    window.addEventListener = function (name, ...rest) { if (/paste|drop|drag|hashchange|storage/.test(name)) touched.push('window ' + name); return listen.call(this, name, ...rest); };
    if (navigator.serviceWorker) navigator.serviceWorker.register = () => { touched.push('service worker'); return Promise.reject(); };
    const opened = indexedDB.open; IDBFactory.prototype.open = function (...a) { touched.push('database'); return opened.apply(this, a); };
    new MutationObserver((all) => { for (const each of all) touched.push('html ' + each.attributeName); }).observe(document.documentElement, { attributes: true });
    window.events = []; for (const name of ${JSON.stringify(EVENTS)}) addEventListener('loom-' + name, (event) => events.push([name, event.detail, event.composed]));
  </script>`;
  const { page, requests, complaints } = await open(`<div style="height:3000px">Above</div>${tag('cell="gru" units="24" hide="optimizer,clip" lock="cell"')}<p id="after">After</p>`, spy + script('/c/'));
  await page.evaluate(() => customElements.whenDefined('char-loom'));
  assert.equal(await statusOf(page), 'idle');
  assert.deepEqual(requests.filter((url) => url.includes('/c/')), [`${host.origin}/c/charloom.js`]);
  assert.ok(await page.locator('#fallback').isVisible());
  assert.equal(page.workers().length, 0);
  await page.locator('char-loom').scrollIntoViewIfNeeded();
  await becomes(page, 'ready');
  assert.ok(!(await page.locator('#fallback').isVisible()));
  assert.equal(await statusOf(page), 'ready', 'it does not train unasked');
  assert.equal(await page.locator('char-loom').evaluate((element) => element.matches(':state(ready)')), true);
  assert.equal(await page.locator('cl-option[data-path="model.cell"] button[data-value]:enabled').count(), 0, 'locked');
  assert.equal(await page.locator('cl-option[data-path="train.optimizer"]').count(), 0, 'hidden');
  assert.equal(await page.locator('cl-header').count(), 0);
  await call(page, 'train');
  await until(page, 'three epochs', async () => ((await positionOf(page))?.epoch ?? 0) >= 3);
  await call(page, 'pause');
  await becomes(page, 'paused');
  const written = await page.locator('char-loom').evaluate(async (element) => {
    let text = '';
    for await (const { character } of (element as unknown as { write(options: object): AsyncIterable<{ character: string }> }).write({ prefix: 'The ', length: 20 })) text += character;
    return text;
  });
  assert.equal([...written].length, 20);
  const state = (await call(page, 'getState')) as { version: number; config: string };
  assert.equal(new URLSearchParams(state.config).get('model.hidden_size'), '24');
  await call(page, 'setState', state);
  assert.deepEqual(await call(page, 'getState'), state);
  const events = await page.evaluate(() => (window as unknown as { events: [string, object, boolean][] }).events);
  for (const name of ['ready', 'status', 'progress', 'epoch', 'finish']) assert.ok(events.some(([each]) => each === name), `loom-${name}`);
  assert.ok(events.every(([, detail, composed]) => composed && JSON.stringify(detail)), 'plain');
  assert.deepEqual(await page.evaluate(() => (window as unknown as { touched: string[] }).touched), []);
  assert.equal(page.url(), `${host.origin}/`);
  assert.equal(await page.title(), 'Course');
  assert.deepEqual(requests.filter((url) => !url.startsWith(`${host.origin}/c/`) && url !== `${host.origin}/` && !/^(data|blob):/.test(url)), []);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('properties set before and after the tag is defined, in words or typed; an own undefined was never meant', async () => {
  const { page } = await open(`${tag('units="24" hide="clip" loading="click"')}
    <script>const early = document.querySelector('char-loom'); early.units = undefined; early.lock = ['cell', 'optimizer']; early.layers = 2;</script>`);
  const read = await page.locator('char-loom').evaluate(async (element) => {
    await customElements.whenDefined('char-loom');
    const loom = element as unknown as Record<string, unknown>;
    const early = [loom['units'], loom['lock'], loom['layers'], loom['hide']];
    const now: unknown[] = [];
    for (const [name, value] of [['units', '128'], ['units', 128], ['hide', 'a,b'], ['hide', ['a', 'b']], ['autostart', ''], ['autostart', true], ['autostart', false], ['units', null]] as const) {
      loom[name] = value;
      now.push(loom[name]);
    }
    return { early, now };
  });
  assert.deepEqual(read.early, [24, ['cell', 'optimizer'], 2, ['clip']]);
  assert.deepEqual(read.now, [128, 128, ['a', 'b'], ['a', 'b'], true, true, false, null]);
  await page.context().close();
});

test('defined twice: the first stays, a later one warns once', async () => {
  host.pages.set('/other/charloom.js', { body: readFileSync(join(WWW, 'dist', 'charloom.js'), 'utf8'), type: 'text/javascript' });
  host.pages.set('/', { body: html(tag(), `${script('/c/')}${script('/c/')}${script('/other/')}`) });
  const context = await site.browser.newContext();
  const page = await context.newPage();
  const warnings: string[] = [];
  page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
  await page.goto(`${host.origin}/`);
  await becomes(page, 'ready');
  assert.equal(warnings.filter((text) => text.includes('stays in use')).length, 1);
  await context.close();
});

test('hostile styles of the page change no box inside, and nothing outside changes', async () => {
  const boxes = (page: Awaited<ReturnType<typeof open>>['page']) =>
    page.evaluate(() => {
      const found: string[] = [];
      const left = document.querySelector('char-loom')!.shadowRoot!.querySelector('.frame')!.getBoundingClientRect();
      const look = (element: Element) => {
        const { x, width, height } = element.getBoundingClientRect();
        if (element.checkVisibility() && width + height > 0) found.push(`${element.localName}#${element.id} ${Math.round(x - left.x)} ${Math.round(width)} ${Math.round(height)}`);
        for (const child of [...(element.shadowRoot?.children ?? []), ...element.children]) look(child);
      };
      for (const name of ['cl-text', 'cl-network', 'cl-runbar']) look(document.querySelector('char-loom')!.shadowRoot!.querySelector('cl-page')!.shadowRoot!.querySelector(name)!);
      return found;
    });
  const place = `<div style="width:1000px">${tag('theme="light"')}</div><h1>Heading</h1>`;
  const plain = await open(place);
  await becomes(plain.page, 'ready');
  await plain.page.locator('#train:enabled').waitFor();
  const hostile = await open(place, `<style>
    html { font-size: 40px; } * { letter-spacing: 4px; line-height: 3; word-spacing: 9px; } body { margin: 0; text-align: center; text-transform: uppercase; font: italic 30px cursive; text-indent: 40px; white-space: nowrap; }
    button, input, select, label { padding: 30px !important; font-size: 40px !important; border: 9px solid red !important; } p, div, section { margin: 40px; }
    :root { --rem: 50px; --accent: red; --over: fixed; --least: 60px; --beside: sticky; }
  </style>${script('/c/')}`);
  const heading = await hostile.page.locator('h1').evaluate((element) => JSON.stringify(getComputedStyle(element)));
  await becomes(hostile.page, 'ready');
  await hostile.page.locator('#train:enabled').waitFor();
  assert.equal(await hostile.page.locator('h1').evaluate((element) => JSON.stringify(getComputedStyle(element))), heading);
  assert.deepEqual(await boxes(hostile.page), await boxes(plain.page));
  await plain.page.context().close();
  await hostile.page.context().close();
});

test('theme and language follow the page, by scheme, by what lies behind, across shadow roots', async () => {
  const { page } = await open(`<main lang="zh" style="background:#fff">${tag()}</main>`);
  await becomes(page, 'ready');
  const frame = page.locator('char-loom .frame');
  const theme = (expected: string) => until(page, expected, async () => (await frame.getAttribute('data-theme')) === expected);
  await theme('light');
  await page.locator('#train', { hasText: '训练' }).waitFor();
  await page.evaluate(() => document.querySelector('main')!.style.setProperty('background', 'oklch(0.2 0 0)'));
  await theme('dark');
  // A page may be able to do both, and do one.
  await page.evaluate(() => document.head.append(Object.assign(document.createElement('meta'), { name: 'color-scheme', content: 'light dark' })));
  await page.evaluate(() => document.querySelector('main')!.style.setProperty('background', '#eee'));
  await theme('light');
  await page.evaluate(() => document.querySelector('main')!.style.setProperty('background', 'rgb(10 10 10)'));
  await theme('dark');
  await page.evaluate(() => document.documentElement.style.setProperty('color-scheme', 'light'));
  await theme('light');
  await page.evaluate(() => document.documentElement.style.setProperty('color-scheme', 'dark'));
  await theme('dark');
  await page.evaluate(() => document.querySelector('char-loom')!.setAttribute('theme', 'light'));
  await theme('light');
  await page.evaluate(() => (document.querySelector('main')!.lang = 'en'));
  await page.locator('#train', { hasText: 'Train' }).waitFor();
  assert.equal(await frame.getAttribute('lang'), 'en');
  await page.context().close();
});

test('a text inside the tag is read whenever it arrives, whole', async () => {
  const song = 'Row, row, row your boat, gently down the stream.\n'.repeat(40);
  const [first, second] = [song.slice(0, 900), song.slice(900)];
  const whole = html(tag('loading="eager"', `<script type="text/plain">\n|`) .replace('|', `${first}|${second}</script>`) + '<p>After</p>', script('/c/'));
  host.pages.set('/', { body: whole.split('|') });
  const { page } = await visit(site, `${host.origin}/`);
  await becomes(page, 'ready');
  const length = () => page.locator('cl-text').evaluate((element) => (element as unknown as { app: { state: { text: { name: string; statistics: { characters: number } } } } }).app.state.text.statistics.characters);
  await until(page, 'all of it', async () => (await length()) >= song.length);
  await page.evaluate(() => {
    const later = document.createElement('script');
    later.type = 'text/plain';
    later.textContent = 'A second text, put in by a script, sings another song.\n'.repeat(30);
    document.querySelector('char-loom script')!.replaceWith(later);
  });
  await until(page, 'the later text', async () => (await length()) < song.length);
  await page.context().close();
});

test('a corpus by address: http only, and what is wrong with it is said', async () => {
  host.pages.set('/song.txt', { body: '<img src=x onerror="window.ran = 1"> A song of markup <b>sings</b>.\n'.repeat(40), type: 'text/plain' });
  const foreign = await openHost();
  foreign.pages.set('/song.txt', { body: 'A song.', type: 'text/plain' });
  const { page } = await open(tag('corpus-url="song.txt"'));
  await becomes(page, 'ready');
  await page.locator('#corpus option:checked', { hasText: 'song.txt' }).waitFor({ state: 'attached' });
  assert.equal(await page.evaluate(() => (window as { ran?: number }).ran), undefined);
  for (const [url, code] of [['javascript:alert(1)', 'url'], [`${foreign.origin}/song.txt`, 'cors'], ['gone.txt', 'not-found']] as const) {
    const answered = await page.locator('char-loom').evaluate((element, url) => (element as unknown as { setCorpus(corpus: object): Promise<void> }).setCorpus({ url }).catch((error: { failure: { code: string } }) => error.failure.code), url);
    assert.equal(answered, code);
  }
  foreign.close();
  await page.context().close();
});

test('where its files are not, one sentence with Retry and one event; then it works', async () => {
  const { page } = await open('<script>window.errors = []; addEventListener("loom-error", ({ detail }) => errors.push(detail.code));</script>' + tag('base="/nowhere/" loading="eager"'));
  await becomes(page, 'failed');
  const notice = page.locator('char-loom .trouble');
  assert.match((await notice.textContent())!, /files are not at/);
  assert.ok(await page.locator('#fallback').isVisible());
  await until(page, 'the event', async () => (await page.evaluate(() => (window as unknown as { errors: string[] }).errors.join())) === 'not-found');
  await page.evaluate(() => document.querySelector('char-loom')!.setAttribute('base', '/c/'));
  await notice.getByRole('button').click();
  await becomes(page, 'ready');
  await page.context().close();
});

test('opened by a click, without a network: it is said, and a second try works', async () => {
  const { page } = await open('<script>window.errors = []; addEventListener("loom-error", ({ detail }) => errors.push(detail.code));</script>' + tag('loading="click"'));
  const button = page.locator('char-loom button').first();
  await button.waitFor();
  assert.equal(await statusOf(page), 'idle');
  await page.context().setOffline(true);
  await button.click();
  await becomes(page, 'failed');
  await until(page, 'the event', async () => (await page.evaluate(() => (window as unknown as { errors: string[] }).errors.join())) === 'offline');
  await page.context().setOffline(false);
  await page.locator('char-loom .trouble button').click();
  await becomes(page, 'ready');
  await page.context().close();
});

test('readers of screens find nothing amiss in it, in light and dark', async () => {
  const { page } = await open(`<main><h1>Course</h1>${tag('loading="eager"')}</main>`);
  await becomes(page, 'ready');
  await page.locator('cl-charts section').first().waitFor();
  for (const theme of ['light', 'dark']) {
    await page.locator('char-loom').evaluate((element, theme) => element.setAttribute('theme', theme), theme);
    await until(page, theme, async () => (await page.locator('char-loom .frame').getAttribute('data-theme')) === theme);
    await page.evaluate(axe.source);
    const found = await page.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: typeof axe }).axe.run('char-loom', { resultTypes: ['violations'] });
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => String(target)).join(' | ')}`);
    });
    assert.deepEqual(found, []);
  }
  await page.context().close();
});

test('a policy that allows only its own files is kept', async () => {
  const meta = (policy: string) => `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  const { page, complaints } = await open(tag('loading="eager"').replace(/ style="[^"]*"/, ''), meta("default-src 'self'; img-src 'self' data:") + script('/c/'));
  await becomes(page, 'ready');
  await call(page, 'train');
  await until(page, 'training', async () => (await stepOf(page)) > 0);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('moved in one task it goes on; taken out it pauses, and put back it goes on from there', async () => {
  const { page } = await open(`<div id="a">${tag()}</div><div id="b"></div>`);
  await becomes(page, 'ready');
  await call(page, 'train');
  await until(page, 'training', async () => (await stepOf(page)) > 3);
  const statuses = await page.evaluate(async () => {
    const seen: string[] = [];
    addEventListener('loom-status', (event) => seen.push((event as CustomEvent<{ status: string }>).detail.status));
    document.querySelector('#b')!.append(document.querySelector('char-loom')!);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return seen;
  });
  assert.deepEqual(statuses, []);
  const before = await stepOf(page);
  await until(page, 'more steps', async () => (await stepOf(page)) > before);
  assert.equal(page.workers().length, 1);
  await page.evaluate(() => {
    const element = document.querySelector('char-loom')!;
    Object.assign(window, { kept: element });
    element.remove();
  });
  await until(page, 'no worker', async () => page.workers().length === 0);
  const left = await page.evaluate(() => (window as unknown as { kept: { position: { step: number } } }).kept.position.step);
  await page.evaluate(() => document.querySelector('#a')!.append((window as unknown as { kept: Element }).kept));
  await until(page, 'training on', async () => (await stepOf(page)) > left);
  assert.equal(page.workers().length, 1);
  await page.context().close();
});

test('instant navigation, there and back: one worker at most, and it works each time', async () => {
  const content = tag('loading="eager"');
  const { page, complaints } = await open(`<nav><a id="go">go</a></nav><main>${content}</main>
    <script>window.swap = (body) => { const main = document.createElement('main'); main.innerHTML = body; document.querySelector('main').replaceWith(main); };</script>`);
  for (let turn = 0; turn < (process.env['CHARLOOM_ALL'] ? 10 : 2); turn++) {
    await becomes(page, 'ready');
    await page.evaluate(() => (window as unknown as { swap(body: string): void }).swap('<p>Another page</p>'));
    await until(page, 'no worker', async () => page.workers().length === 0);
    await page.evaluate((body) => (window as unknown as { swap(body: string): void }).swap(body), content);
  }
  await becomes(page, 'ready');
  assert.equal(page.workers().length, 1);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('several share the cores: others say that they wait, and begin when one ends', async () => {
  const { page, requests } = await open(`${tag('id="one"')}${tag('id="two"')}`, `<script>Object.defineProperty(navigator, 'hardwareConcurrency', { value: 2 });</script>${script('/c/')}`);
  await page.evaluate(() => Promise.all([...document.querySelectorAll('char-loom')].map((each) => (each as unknown as { load(): Promise<void> }).load())));
  await becomes(page, 'ready', '#one');
  await becomes(page, 'ready', '#two');
  const names = requests.filter((url) => url.endsWith('.js'));
  assert.equal(names.filter((url) => /charloom-ui/.test(url)).length, 1);
  await page.evaluate(() => (document.querySelector('#one') as unknown as { train(): Promise<void> }).train());
  await becomes(page, 'training', '#one');
  await page.evaluate(() => void (document.querySelector('#two') as unknown as { train(): Promise<void> }).train());
  await becomes(page, 'waiting', '#two');
  await page.locator('#two cl-runbar p.pending').waitFor();
  await page.evaluate(() => (document.querySelector('#one') as unknown as { pause(): Promise<void> }).pause());
  await becomes(page, 'training', '#two');
  await page.context().close();
});

test('nothing is left of those that were taken out: no worker, no listener, no detached element', async () => {
  const rounds = process.env['CHARLOOM_ALL'] ? 50 : 3;
  const { page } = await open('<main></main>');
  const cdp = await page.context().newCDPSession(page);
  const counts = async () => {
    await cdp.send('HeapProfiler.collectGarbage');
    await cdp.send('HeapProfiler.collectGarbage');
    return cdp.send('Memory.getDOMCounters');
  };
  const round = async () => {
    await page.evaluate((body) => {
      document.querySelector('main')!.innerHTML = body;
      const element = document.querySelector('char-loom')!;
      ((window as unknown as { refs?: WeakRef<Element>[] }).refs ??= []).push(new WeakRef(element));
    }, tag('loading="eager"'));
    await becomes(page, 'ready');
    await call(page, 'train');
    await until(page, 'a step', async () => (await stepOf(page)) > 0);
    await page.evaluate(() => document.querySelector('main')!.replaceChildren());
    await until(page, 'no worker', async () => page.workers().length === 0);
  };
  await round();
  await round();
  const first = await counts();
  for (let i = 0; i < rounds; i++) await round();
  let alive = 0;
  await until(page, 'elements being collected', async () => {
    await cdp.send('HeapProfiler.collectGarbage');
    alive = await page.evaluate(() => (window as unknown as { refs: WeakRef<Element>[] }).refs.filter((ref) => ref.deref()).length);
    return alive <= 1;
  }, 30_000).catch(() => undefined);
  assert.ok(alive <= 1, `${alive} elements are still there`);
  const last = await counts();
  assert.ok(last.jsEventListeners <= first.jsEventListeners + 5, `${first.jsEventListeners} → ${last.jsEventListeners} listeners`);
  assert.ok(last.nodes <= first.nodes * 1.5 + 500, `${first.nodes} → ${last.nodes} nodes`);
  await page.context().close();
});

test('beside a loader of AMD modules', async () => {
  const { page, complaints } = await open(tag('loading="eager"'), `<script>window.define = Object.assign(() => { throw new Error('define was called'); }, { amd: {} }); window.require = () => undefined;</script>${script('/c/')}`);
  await becomes(page, 'ready');
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('from 320 px, in a closed part of the page that is opened, with nothing that is cut off', async () => {
  const { page } = await open(`<details><summary>Open</summary>${tag()}</details>`);
  await page.setViewportSize({ width: 320, height: 700 });
  assert.equal(await statusOf(page), 'idle');
  await page.locator('summary').first().click();
  await becomes(page, 'ready');
  await page.locator('#train:enabled').waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no scrolling sideways');
  // Numbers of a long run, in what a page with margins leaves.
  await page.locator('#step').click();
  await until(page, 'a step', async () => (await stepOf(page)) === 1);
  const crowded = await page.locator('cl-runbar .stats').evaluate((stats) => [...stats.querySelectorAll('dd')].filter((each) => each.checkVisibility()).map((each) => ({ left: each.getBoundingClientRect().left, right: each.getBoundingClientRect().left + each.scrollWidth })));
  assert.ok(crowded.length >= 2);
  for (const [index, { left }] of crowded.slice(1).entries()) assert.ok(left >= crowded[index]!.right, JSON.stringify(crowded));
  await page.context().close();
});


test('the builder’s tag and frame open as what its link says', async () => {
  const context = await site.browser.newContext({ locale: 'en-US' });
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  await page.goto(`${host.origin}/c/index.html#${SMALL_CONFIG}&model.cell=lstm&train.seed=7&hide=clip,slow&lock=cell&write.prefix=A "<river>&build=simd`);
  await page.locator('#build-link').click();
  const dialog = page.locator('cl-link dialog[open]');
  const value = (id: string) => dialog.locator(id).inputValue();
  const [link, tagLine, frameLine] = [await value('#link'), await value('#link-tag'), await value('#link-frame')];
  await dialog.getByText('See it as a frame').click();
  await dialog.frameLocator('iframe').locator('#train:enabled').waitFor();
  const meant = [...new URLSearchParams(new URL(link).hash.slice(1))].filter(([name]) => name !== 'lang');
  assert.ok(meant.length > 6);
  const stateOf = async (place: { locator: typeof page.locator }) => {
    const state = await place.locator('char-loom').evaluate((element) => (element as unknown as { getState(): Promise<{ config: string }> }).getState());
    return [...new URLSearchParams(state.config)].filter(([name]) => name !== 'lang');
  };
  for (const line of [tagLine, frameLine]) {
    host.pages.set('/', { body: html(line) });
    await page.goto(`${host.origin}/`);
    const frame = page.frames()[1];
    const place = (frame ?? page) as typeof page;
    await place.locator('char-loom').waitFor({ state: 'attached' });
    assert.deepEqual((await stateOf(place)).sort(), [...meant].sort());
  }
  await context.close();
});
