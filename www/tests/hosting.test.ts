/** Where the page may be put: under any path, beside another copy, and where it cannot run it says so. */
import assert from 'node:assert/strict';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openSite, until, WWW, type Site } from './browser.ts';
import { TYPES } from './server.ts';

const DIST = join(WWW, 'dist');
const NESTED = '/course/assets/charloom/';
const BESIDE = '/beside/';

let site: Site;
let server: Server;
let origin: string;
/** What the server's pages say of themselves. */
let version = 'first';

before(async () => {
  site = await openSite();
  // Two copies on one origin.
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const copy = [NESTED, BESIDE].find((path) => pathname.startsWith(path));
    const file = join(DIST, pathname.slice(copy?.length ?? 0) || 'index.html');
    if (!copy || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404).end('not found');
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'cache-control': 'no-cache' });
    if (extname(file) === '.html') response.end(readFileSync(file, 'utf8').replace('<body>', `<body data-version="${version}">`));
    else createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(async () => {
  await site?.close();
  server?.close();
});

const ready = (page: Page) => page.locator('#train:enabled').waitFor();
const kept = (page: Page) =>
  until(page, 'the files to be kept', () =>
    page.evaluate(async () => {
      const names = (await (await caches.open(`charloom ${new URL('./', location.href).href}`)).keys()).map(({ url }) => url);
      return names.some((url) => url.endsWith('.wasm')) && names.some((url) => url === location.href.split('#')[0]);
    }),
    60_000,
  );

test('under a path with /assets/ in it, a new version is seen at the next visit', async () => {
  const page = await site.open();
  await page.goto(origin + NESTED);
  await ready(page);
  await kept(page);
  version = 'second';
  await page.reload();
  await ready(page);
  assert.equal(await page.locator('body').getAttribute('data-version'), 'second');
  await page.context().close();
});

test('two copies on one origin leave each other their files: both open without a network', async () => {
  const page = await site.open();
  for (const copy of [NESTED, BESIDE]) {
    await page.goto(origin + copy);
    await ready(page);
    await kept(page);
  }
  await page.context().setOffline(true);
  for (const copy of [NESTED, BESIDE]) {
    await page.goto(origin + copy);
    await ready(page);
  }
  await page.context().close();
});

// Where they may be read from any origin, it starts: starting.test.ts.
test('in a frame without an origin that may not read its files, the page says what is the matter and what to do', async () => {
  const page = await site.open();
  await page.goto(`${site.url}nothing-here`);
  await page.evaluate((url) => {
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', 'allow-scripts');
    frame.src = url;
    frame.width = '800';
    frame.height = '600';
    document.body.append(frame);
  }, site.url);
  await page.frameLocator('iframe').getByText('allow-same-origin').first().waitFor();
  await page.context().close();
});

test('opened as a file, the page says how to open it', async () => {
  const page = await site.open({ locale: 'zh-CN' });
  await page.goto(`file://${join(DIST, 'index.html')}`);
  await page.getByText('http.server').waitFor();
  await page.context().close();
});

test('where workers are refused, the page says so', async () => {
  const page = await site.open();
  await page.addInitScript(() => {
    Object.assign(window, {
      Worker: class {
        constructor() {
          throw new DOMException('no', 'SecurityError');
        }
      },
    });
  });
  await page.goto('about:blank');
  await page.goto(site.url);
  const notice = page.locator('cl-notices .problem');
  await notice.waitFor();
  assert.match((await notice.textContent()) ?? '', /worker/);
  await page.context().close();
});
