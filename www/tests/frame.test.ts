/** The frame page and its client: who may talk, how tall it is, what hostile pages achieve. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { openSite, until, WITHOUT_WEBGPU, WWW, type Site } from './browser.ts';
import { html, openHost, SMALL_CONFIG, visit, type HostServer } from './hosts.ts';

let site: Site;
let host: HostServer;
let files: HostServer;

before(async () => {
  site = await openSite({}, WITHOUT_WEBGPU);
  host = await openHost();
  // As static hosts send it: a frame without an origin may then load its own modules.
  files = await openHost({ 'access-control-allow-origin': '*' });
});

after(async () => {
  await site?.close();
  host?.close();
  files?.close();
});

/** A page of another origin around the frame, that writes down what it hears. */
async function around(hash: string, { client = true, sandbox = '', style = 'width:900px;height:600px' } = {}): Promise<Page> {
  host.pages.set('/frame.js', { body: readFileSync(join(WWW, 'dist', 'frame.js'), 'utf8'), type: 'text/javascript' });
  const src = `${files.origin}/c/embed.html#${SMALL_CONFIG}&${hash}`;
  host.pages.set(
    '/',
    {
      body: html(`<iframe src="${src.replaceAll('&', '&amp;')}" style="${style};border:0" ${sandbox}></iframe>
      <script>window.heard = []; window.told = []; addEventListener('message', ({ data }) => heard.push(data));</script>
      ${client ? `<script type="module">
        import { connectFrame } from './frame.js';
        const loom = window.loom = await connectFrame(document.querySelector('iframe'));
        for (const name of ['ready', 'status', 'progress', 'epoch', 'config', 'error']) loom.addEventListener(name, (event) => told.push([name, event.detail]));
        window.connected = true;
      </script>` : ''}`),
    },
  );
  const { page } = await visit(site, `${host.origin}/`);
  return page;
}

interface Around {
  loom: Record<string, (...params: unknown[]) => Promise<unknown>> & { methods: string[] };
  heard: { type?: string; height?: number; subject?: string }[];
  told: [string, { status?: string }][];
  connected?: boolean;
}
const ask = (page: Page, method: string, ...params: unknown[]) => page.evaluate(([method, params]) => (window as unknown as Around).loom[method]!(...params), [method, params] as const);
const heard = (page: Page) => page.evaluate(() => (window as unknown as Around).heard);
const connected = (page: Page) => until(page, 'the frame', async () => (await page.evaluate(() => (window as unknown as Around).connected)) === true);
const inner = (page: Page) => page.frames()[1]!;
const ready = (page: Page) => inner(page).locator('#train:enabled').waitFor();

test('its client costs at most 2 KB', () => {
  const size = brotliCompressSync(readFileSync(join(WWW, 'dist', 'frame.js'))).length;
  assert.ok(size <= 2000, `${size} bytes`);
});

test('a listed page trains it, hears it, and takes its model; the frame is as tall as what it shows', async () => {
  const page = await around(`parent=${encodeURIComponent(host.origin)}&resize=1&model.cell=lstm`);
  await connected(page);
  await ask(page, 'load');
  await ready(page);
  await ask(page, 'train');
  await until(page, 'progress', async () => page.evaluate(() => (window as unknown as Around).told.some(([name]) => name === 'progress')));
  await ask(page, 'pause');
  const state = (await ask(page, 'getState')) as { config: string };
  assert.equal(new URLSearchParams(state.config).get('model.cell'), 'lstm');
  assert.ok((await page.evaluate(async () => ((await (window as unknown as Around).loom['saveModel']!()) as Blob).size)) > 1000);
  assert.equal(await page.evaluate(() => (window as unknown as Around).loom['step']!('x', {}).then(() => 'done', (error: { code: string }) => error.code)), 'done');
  assert.equal(await page.evaluate(async () => String(await (window as unknown as Around).loom['write']!({ prefix: 'The ', length: 12 })).length >= 12), true);
  const fits = () => page.evaluate(() => document.querySelector('iframe')!.offsetHeight);
  const content = () => inner(page).evaluate(() => document.documentElement.scrollHeight);
  await until(page, 'its height', async () => Math.abs((await fits()) - (await content())) <= 1);
  assert.ok((await fits()) > 1000);
  await page.context().close();
});

test('after a change at most three heights are told, then silence; made taller it does not grow', async () => {
  const page = await around('parent=*&resize=lti', { client: false });
  await ready(page);
  const sizes = async () => (await heard(page)).filter(({ type }) => type === 'size').length;
  const quiet = async () => {
    for (let last = -1, now = await sizes(); last !== now; now = await sizes()) {
      last = now;
      await page.waitForTimeout(700);
    }
    return sizes();
  };
  const before = await quiet();
  await page.evaluate(() => (document.querySelector('iframe')!.style.width = '500px'));
  await until(page, 'a new height', async () => (await sizes()) > before);
  assert.ok((await quiet()) - before <= 3);
  const settled = await quiet();
  await page.evaluate(() => (document.querySelector('iframe')!.style.height = '9000px'));
  assert.equal(await quiet(), settled);
  const all = await page.evaluate(() => (window as unknown as { heard: unknown[] }).heard.filter((each) => typeof each === 'string'));
  assert.ok(all.some((each) => (JSON.parse(each as string) as { subject: string }).subject === 'lti.frameResize'));
  await page.context().close();
});

test('whoever is not listed hears heights and nothing else; hostile messages have no effect and do not hang it', async () => {
  const page = await around('parent=https://course.example', { client: false });
  await ready(page);
  await page.evaluate(() => {
    const { contentWindow } = document.querySelector('iframe')!;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }: MessageEvent) => (window as unknown as Around).told.push(['port', data as object]);
    contentWindow!.postMessage({ charloom: 1, type: 'connect' }, '*', [port2]);
    port1.postMessage({ id: 1, method: 'train', params: [] });
    const strange = [null, 1, 'x', [], { charloom: 1 }, { charloom: 1, type: 'connect' }, { charloom: { toString: 1 } }, { type: 'connect', big: 'x'.repeat(1e6) }];
    for (let i = 0; i < 10_000; i++) contentWindow!.postMessage(strange[i % 7], '*');
    contentWindow!.postMessage(strange[7], '*');
  });
  await inner(page).locator('#step').click();
  await until(page, 'a step', async () => (await inner(page).locator('char-loom').evaluate((element) => (element as unknown as { position: { step: number } }).position.step)) === 1);
  assert.deepEqual(await page.evaluate(() => (window as unknown as Around).told), []);
  assert.ok((await heard(page)).every((each) => each.type === 'size' || each.type === 'waiting'));
  await page.context().close();
});

test('any page may hear how far it is where the link says so, and may do nothing', async () => {
  const page = await around('parent=*');
  await connected(page);
  assert.deepEqual(await page.evaluate(() => (window as unknown as Around).loom.methods), []);
  await ready(page);
  await inner(page).locator('#step').click();
  await until(page, 'progress', async () => page.evaluate(() => (window as unknown as Around).told.some(([name]) => name === 'progress')));
  assert.ok((await page.evaluate(() => (window as unknown as Around).told)).every(([name]) => name === 'progress' || name === 'status'));
  await page.context().close();
});

test('a listed page that calls wrongly is answered with a code', async () => {
  const page = await around(`parent=${encodeURIComponent(host.origin)}`, { client: false });
  await ready(page);
  const answers = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        const found: unknown[] = [];
        port1.onmessage = ({ data }: MessageEvent<{ id?: number; error?: { code: string } }>) => {
          if (data.id !== undefined) found.push([data.id, data.error?.code]);
          if (found.length === 4) resolve(found);
        };
        document.querySelector('iframe')!.contentWindow!.postMessage({ charloom: 1, type: 'connect' }, '*', [port2]);
        for (const call of [null, { id: 'x' }, { id: 1, method: 'remove', params: [] }, { id: 2, method: 'train' }, { id: 3, method: 'setAttribute', params: ['onclick', 'x'] }, { id: 4, method: 'setState', params: [{ version: 9 }] }]) port1.postMessage(call);
      }),
  );
  assert.deepEqual(answers, [[1, 'unknown-method'], [2, 'unknown-method'], [3, 'unknown-attribute'], [4, 'state']]);
  await page.context().close();
});
