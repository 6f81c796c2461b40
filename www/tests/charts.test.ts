/** The charts: pointing at them, and what they say. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { answering, fedBack, watchFeedback } from './answers.ts';
import { openSite, until, type Site } from './browser.ts';

let site: Site;

before(async () => {
  site = await openSite();
});

after(async () => {
  await site?.close();
});

const epochOf = async (page: Page) => Number.parseInt((await page.locator('#epoch').textContent()) ?? '');
const SMALL = '#model.hidden_size=32';
const READING = /epoch [\d.]+ · loss [\d.]+ · perplexity [\d.]+/;

async function trainFor(page: Page, epochs: number): Promise<void> {
  await page.locator('#train:enabled').click();
  await until(page, `${epochs} epochs`, async () => (await epochOf(page)) >= epochs, 60_000);
}

/** A page whose drawing is watched, in training, with its charts in sight. */
async function inTraining(options: BrowserContextOptions = {}): Promise<{ page: Page; chart: Locator; reading: () => Promise<string> }> {
  const page = await site.open(options, SMALL);
  await trainFor(page, 1);
  await watchFeedback(page);
  await page.locator('cl-charts').scrollIntoViewIfNeeded();
  const chart = page.locator('cl-charts .hero cl-chart .u-over');
  await chart.waitFor();
  return { page, chart, reading: async () => (await page.locator('cl-charts #reading').textContent()) ?? '' };
}

test('pointing at a chart reads it out, in training and after it, and the page goes on answering', async () => {
  const { page, chart, reading } = await inTraining();
  const point = async (share: number) => {
    const box = (await chart.boundingBox())!;
    await answering(page, 'pointing at the loss chart', page.mouse.move(box.x + box.width * share, box.y + box.height / 2));
    await answering(page, 'a reading', until(page, 'a reading', async () => READING.test(await reading())));
    return reading();
  };
  await point(0.5);
  await answering(page, 'pausing', page.locator('#pause').click());
  await answering(page, 'the pause', page.locator('#train').waitFor());
  const [early, late] = [await point(0.1), await point(0.9)];
  const [first, last] = [early, late].map((each) => each.match(/[\d.]+/g)!.map(Number)) as [number[], number[]];
  assert.ok(first[0]! < last[0]! && first[1]! > last[1]!, `${early} | ${late}`);
  assert.ok(Math.abs(Math.exp(last[1]!) / last[2]! - 1) < 0.02, `perplexity is e to the loss: ${late}`);
  // The small charts are read at the same place.
  assert.match((await page.locator('cl-charts .pair cl-chart .plot').first().getAttribute('aria-valuetext')) ?? '', /^epoch [\d.]+ · [\d.]+/);
  await page.mouse.move(0, 0);
  await until(page, 'no reading', async () => (await reading()) === '');
  assert.deepEqual(await fedBack(page), []);
  await page.context().close();
});

test('a finger reads the chart, and the reading stays when it is lifted', async () => {
  const { page, chart, reading } = await inTraining({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await answering(page, 'tapping the loss chart', chart.tap());
  await answering(page, 'a reading', until(page, 'a reading', async () => READING.test(await reading())));
  await answering(page, 'pausing', page.locator('#pause').tap());
  await answering(page, 'the pause', page.locator('#train').waitFor());
  assert.match(await answering(page, 'the reading', reading()), READING);
  assert.deepEqual(await fedBack(page), []);
  await page.context().close();
});

test('keys read the chart, for the ear too', async () => {
  const { page, reading } = await inTraining();
  const plot = page.locator('cl-charts .hero cl-chart .plot');
  await plot.focus();
  const place = async (key: string) => {
    await answering(page, `the key ${key}`, page.keyboard.press(key));
    await answering(page, 'a reading', until(page, 'a reading', async () => READING.test(await reading())));
    // Training goes on, and the same place reads otherwise a moment later.
    await until(page, 'the same for the ear', async () => (await plot.getAttribute('aria-valuetext')) === (await reading()));
    return Number((await reading()).match(/[\d.]+/)![0]);
  };
  const first = await place('Home');
  assert.ok((await place('ArrowRight')) > first);
  assert.equal(await place('ArrowLeft'), first);
  assert.ok((await place('PageUp')) > first);
  assert.ok((await place('End')) >= 1);
  await page.keyboard.press('Escape');
  await until(page, 'no reading', async () => (await reading()) === '');
  assert.deepEqual(await fedBack(page), []);
  await page.context().close();
});
