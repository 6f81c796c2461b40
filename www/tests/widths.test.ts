/** One page at every width: nothing reaches out, nothing is cut or overlaps, and the run bar is one row that never grows. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openSite, until, type Site } from './browser.ts';
import { cut, overlapping, stickingOut } from './layout.ts';

const SIZES = [320, 375, 590, 700, 740, 768, 900, 1024, 1180, 1280, 1440].map((width) => [width, 900] as const);
const LANDSCAPE = [844, 390] as const;
let site: Site;

before(async () => {
  site = await openSite();
});

after(async () => {
  await site?.close();
});

for (const locale of ['en-US', 'zh-CN']) {
  test(`a calm page from 320 px up: ${locale}`, async () => {
    const page = await site.open({ locale }, '#model.hidden_size=32&model.cell=lstm');
    await page.locator('#train:enabled').waitFor();
    await page.locator('cl-network details > summary').last().click();
    const bar = page.locator('cl-runbar .bar');
    const height = async () => (await bar.boundingBox())!.height;
    /** The tops of what stands in the bar: one row has one middle. */
    const middles = () =>
      bar.evaluate((element) =>
        [...element.querySelectorAll('.buttons button, .stats')].map((each) => {
          const { top, height } = each.getBoundingClientRect();
          return Math.round(top + height / 2);
        }),
      );
    const heights = new Map<string, number>();
    const look = async (when: string) => {
      for (const [width, high] of [...SIZES, LANDSCAPE]) {
        await page.setViewportSize({ width, height: high });
        await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
        const at = `${when}, ${width} x ${high}`;
        assert.deepEqual(await stickingOut(page), [], at);
        assert.deepEqual(await cut(page), [], at);
        assert.deepEqual(await overlapping(page), [], at);
        const lines = await page.locator('cl-header .tagline').evaluate((element) => element.getBoundingClientRect().height / Number.parseFloat(getComputedStyle(element).lineHeight));
        assert.ok(lines < 2.5, `${at}: a slogan of ${lines} lines`);
        const places = await middles();
        assert.ok(Math.max(...places) - Math.min(...places) <= 2, `${at}: one row, not ${places.join(', ')}`);
        const tall = await height();
        assert.ok(tall <= 64, `${at}: a bar of ${tall} px`);
        assert.equal(heights.get(`${width}`) ?? tall, tall, `${at}: the bar changed its height`);
        heights.set(`${width}`, tall);
      }
    };
    await look('before training');
    await page.locator('#train').click();
    await until(page, 'an epoch', async () => Number.parseInt((await page.locator('#epoch').textContent()) ?? '') >= 1, 60_000);
    await look('while it trains');
    await page.locator('#pause').click();
    await page.locator('#train').waitFor();
    await look('paused');
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.locator('#projector').click();
    for (const width of [1280, 1024]) {
      await page.setViewportSize({ width, height: 800 });
      assert.deepEqual(await stickingOut(page), [], `for a projector, ${width} px`);
      assert.deepEqual(await cut(page), [], `for a projector, ${width} px`);
    }
    await page.locator('#projector').click();
    // Each part of the page ends before the next begins, wherever one has scrolled to.
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await until(page, 'that the controls end', () =>
      page.evaluate(() => {
        const box = (name: string) => document.querySelector('cl-page')!.shadowRoot!.querySelector(name)!.getBoundingClientRect();
        return box('.controls').bottom <= box('.inside').top + 1;
      }),
      10_000,
    );
    await page.locator('cl-device summary').click();
    for (const width of [320, 700, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      assert.equal(await page.locator('#device').isVisible(), true);
      assert.deepEqual(await stickingOut(page), [], `where it trains, and why, ${width} px`);
    }
    await page.context().close();
  });
}
