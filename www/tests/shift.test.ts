/** What is on the screen stays where it is: on loading, when a text is changed, and when training begins. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openSite, until, type Site } from './browser.ts';

/** A tenth is what search engines call good. */
const MOST = 0.05;
let site: Site;

before(async () => {
  site = await openSite();
});

after(async () => {
  await site?.close();
});

interface Shift extends PerformanceEntry {
  value: number;
  sources: { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[];
}

/** Counts every shift from now on, asked for or not. */
async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen = window as unknown as { shifts: { value: number; what: string[] }[] };
    seen.shifts = [];
    new PerformanceObserver((list) => {
      for (const { value, sources } of list.getEntries() as Shift[]) {
        const what = sources.map(({ node, previousRect, currentRect }) => {
          const element = node instanceof Element ? node : node?.parentElement;
          return `${element?.localName}.${element?.className} ${previousRect.y} → ${currentRect.y}`;
        });
        seen.shifts.push({ value, what });
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

async function shifted(page: Page, when: string): Promise<void> {
  const shifts = await page.evaluate(() => (window as unknown as { shifts: { value: number; what: string[] }[] }).shifts.splice(0));
  const total = shifts.reduce((sum, { value }) => sum + value, 0);
  assert.ok(total < MOST, `${when}: ${total.toFixed(3)} ${JSON.stringify(shifts)}`);
}

for (const [width, height] of [[1440, 900], [390, 844]] as const) {
  test(`nothing on the screen jumps, ${width} px wide`, async () => {
    const context = await site.browser.newContext({ locale: 'zh-CN', viewport: { width, height } });
    const page = await context.newPage();
    await watch(page);
    await page.goto(site.url);
    await page.locator('#train:enabled').waitFor();
    await page.locator('cl-charts cl-chart .plot').first().waitFor();
    await page.waitForLoadState('networkidle');
    await shifted(page, 'on loading');

    const chosen = page.locator('#corpus');
    await page.evaluate(() => {
      const { app } = document.querySelector('cl-page') as unknown as { app: { openText(source: object): Promise<boolean> } };
      return app.openText({ kind: 'corpus', id: 'lyrics-en' });
    });
    await until(page, 'the other text', async () => (await chosen.inputValue()) === 'lyrics-en');
    await until(page, 'its characters', async () => /60|33,864/.test((await page.locator('#statistics').textContent()) ?? ''));
    await shifted(page, 'with another text');

    await page.evaluate(() => (document.querySelector('cl-page') as unknown as { app: { train(): Promise<void> } }).app.train());
    await until(page, 'an epoch', async () => Number.parseInt((await page.locator('#epoch').textContent()) ?? '') >= 1, 60_000);
    await shifted(page, 'when training began');
    await context.close();
  });
}
