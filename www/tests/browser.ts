/** Chromium and the built page, as every browser test needs them. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { serve, type Altered } from './server.ts';

/** No test measures time: a machine that has much else to do is waited for. */
const PATIENCE_MS = 90_000;

/** The www folder, from where the compiled tests lie. */
export const WWW = findUp(dirname(fileURLToPath(import.meta.url)), 'vite.config.ts');

/** A software adapter: slow, but everywhere the same. */
const WITH_WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
export const WITHOUT_WEBGPU = ['--disable-features=WebGPU,WebGPUService', '--disable-gpu', '--use-webgpu-adapter=none'];

/** With these a page may have threads. */
export const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function findUp(from: string, name: string): string {
  return existsSync(join(from, name)) ? from : findUp(dirname(from), name);
}

function findChromium(): string {
  const named = process.env['CHARLOOM_CHROMIUM'];
  if (named) return named;
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error('Chromium was not found: install it, or name it in CHARLOOM_CHROMIUM.');
}

export interface Site {
  url: string;
  browser: Browser;
  open(options?: BrowserContextOptions, hash?: string): Promise<Page>;
  close(): Promise<void>;
}

/** Serves www/dist and starts a browser. */
export async function openSite(
  headers: Record<string, string> = {},
  gpu: string[] = WITH_WEBGPU,
  altered: Altered | null = null,
): Promise<Site> {
  const dist = join(WWW, 'dist');
  if (!existsSync(join(dist, 'index.html'))) throw new Error('www/dist is missing: run `npm run build` first.');
  const server = await serve(dist, headers, altered);
  const browser = await chromium.launch({ executablePath: findChromium(), args: [...FLAGS, ...gpu] });
  return {
    url: server.url,
    browser,
    async open(options = {}, hash = '') {
      const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 900 }, ...options });
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      await page.goto(server.url + hash);
      return page;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

/** Waits until a page function answers true; the reason is for whoever reads the failure. */
export async function until(page: Page, reason: string, check: () => Promise<boolean>, timeout = PATIENCE_MS): Promise<void> {
  const end = Date.now() + timeout;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`Waited ${timeout} ms in vain: ${reason}`);
    await page.waitForTimeout(50);
  }
}

/** A written character that can be pointed at, from the `from`-th on: the end of a line has no width. */
export async function visibleCharacter(page: Page, from: number): Promise<Locator> {
  const written = page.locator('cl-continuation span[data-index]');
  const index = await written.evaluateAll(
    (spans, from) => spans.findIndex((span, i) => i >= from && span.textContent.trim() !== ''),
    from,
  );
  if (index < 0) throw new Error('nothing but spaces was written');
  return page.locator(`cl-continuation span[data-index="${index}"]`);
}

/** Says yes to the one question that the page asks before a run with work in it ends. */
export async function startNew(page: Page): Promise<void> {
  const question = page.locator('cl-runbar .pending');
  await question.locator('button.primary').dispatchEvent('click');
  await question.waitFor({ state: 'detached' });
}
