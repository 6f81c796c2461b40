/** Pictures of the main states, for people to look at: `npm run screenshots -- FOLDER`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSite, until, visibleCharacter } from './browser.ts';

const LOOKS = [['zh-CN', 'light'], ['zh-CN', 'dark'], ['en-US', 'light'], ['en-US', 'dark']] as const;
const folder = process.argv[2] ?? 'screenshots';
mkdirSync(folder, { recursive: true });
const site = await openSite();
try {
  for (const [locale, colorScheme] of LOOKS) {
    for (const [name, width, height] of [['desktop', 1440, 900], ['phone', 390, 844]] as const) {
      const page = await site.open({ locale, colorScheme, viewport: { width, height } });
      page.on('pageerror', (error) => console.error('page error:', error.message));
      await page.locator('#train:enabled').waitFor();
      const path = (state: string) => join(folder, `${name}-${locale.slice(0, 2)}-${colorScheme}-${state}.png`);
      await page.waitForTimeout(400);
      await page.screenshot({ path: path('start') });
      await page.locator('#train').click();
      await until(page, 'the first epochs', async () => Number(await page.locator('#epoch').textContent()) >= 3);
      await page.locator('#prefix').fill(locale === 'zh-CN' ? '窗外' : 'The');
      await page.locator('#write').click();
      await page.waitForTimeout(3000);
      await page.locator('#pause').click();
      await page.locator('#train').waitFor();
      await (await visibleCharacter(page, 12)).hover();
      await page.evaluate(() => scrollTo(0, 0));
      await page.screenshot({ path: path('trained'), fullPage: true });
      await page.locator('#windows > summary').click();
      await page.locator('cl-windows .rows li').first().waitFor();
      await page.locator('cl-text').screenshot({ path: path('windows') });
      await page.locator('cl-inside').scrollIntoViewIfNeeded();
      await page.locator('cl-score canvas').waitFor();
      await page.locator('#slow-start').click();
      for (const stage of ['recurrence', 'softmax', 'gradients', 'update']) {
        await page.locator(`cl-slow button[data-stage=${stage}]`).click();
        for (let i = 0; i < 6 && stage !== 'softmax' && stage !== 'update'; i++) await page.locator('#slow-forward').click();
        await page.locator('cl-slow cl-values button').first().focus();
        await page.locator('cl-slow').screenshot({ path: path(`slow-${stage}`) });
      }
      await page.locator('cl-inside').screenshot({ path: path('inside') });
      await page.context().close();
    }
  }
  // The one that is kept: docs/playground.png.
  const page = await site.open({ locale: 'en-US', colorScheme: 'light', viewport: { width: 1440, height: 1000 } });
  await page.locator('#train:enabled').click();
  await until(page, 'verse', async () => Number(await page.locator('#epoch').textContent()) >= 25, 120_000);
  await page.locator('#prefix').fill('The river');
  await page.locator('#write').click();
  await until(page, 'a text', async () => (await page.locator('cl-continuation .text').getAttribute('data-status')) === 'done');
  await page.screenshot({ path: join(folder, 'playground.png') });
} finally {
  await site.close();
}
