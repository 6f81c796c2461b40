/** The page on a wall and on paper, with parts hidden, and where its own text is entered from. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openSite, until, type Site } from './browser.ts';
import { stickingOut } from './layout.ts';

const SMALL = '#model.hidden_size=32';
let site: Site;

before(async () => {
  site = await openSite();
});

after(async () => {
  await site?.close();
});

/** Every text that is smaller than `least` px; drawings scale as a whole. */
function smaller(page: Page, least: number): Promise<string[]> {
  return page.evaluate((most) => {
    const found = new Set<string>();
    const visit = (element: Element): void => {
      const style = getComputedStyle(element);
      if (element.localName === 'svg' || (!element.checkVisibility({ visibilityProperty: true }) && style.display !== 'contents')) return;
      const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      if (own && style.clipPath === 'none' && Number.parseFloat(style.fontSize) < most) {
        found.add(`${element.localName}.${element.className} ${style.fontSize} ${JSON.stringify(element.textContent!.trim().slice(0, 30))}`);
      }
      for (const child of [...(element.shadowRoot?.children ?? []), ...element.children]) visit(child);
    };
    visit(document.body);
    return [...found];
  }, least);
}

test('on a wall nothing is smaller than 18 px, and the link says so', async () => {
  const page = await site.open({}, SMALL);
  await page.locator('#train:enabled').waitFor();
  await page.locator('cl-charts canvas').first().waitFor();
  assert.ok((await smaller(page, 18)).length > 0, 'on a desk much is');
  await page.locator('#projector').click();
  await until(page, 'the link', async () => page.url().includes('view=projector'));
  assert.deepEqual(await smaller(page, 18), []);
  for (const width of [1440, 1280, 1024]) {
    await page.setViewportSize({ width, height: 900 });
    assert.deepEqual(await stickingOut(page), [], `${width} px`);
  }
  await page.reload();
  await page.locator('#train:enabled').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset['view']), 'projector');
  await page.locator('#projector').click();
  await until(page, 'the plain link', async () => !page.url().includes('view='));
  await page.context().close();
});

test('nothing is measured while the projector is switched: the page is worked out once', async () => {
  const page = await site.open({}, SMALL);
  await page.locator('#train:enabled').click();
  await page.locator('cl-charts canvas').first().waitFor();
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
  const [asked, height] = await page.evaluate(async () => {
    const chart = () => document.querySelector('cl-page')!.shadowRoot!.querySelector('cl-charts')!.shadowRoot!.querySelector('cl-chart')!.clientHeight;
    const before = chart();
    const measured: string[] = [];
    const style = window.getComputedStyle;
    window.getComputedStyle = (...of) => {
      measured.push(`the style of ${of[0].localName}`);
      return style(...of);
    };
    const size = Object.getOwnPropertyDescriptor(Element.prototype, 'clientHeight')!;
    Object.defineProperty(Element.prototype, 'clientHeight', { ...size, get(this: Element) { measured.push(`the height of ${this.localName}`); return size.get!.call(this) as number; } });
    document.querySelector('cl-page')!.shadowRoot!.querySelector('cl-header')!.shadowRoot!.querySelector<HTMLElement>('#projector')!.click();
    // Components follow in microtasks, one causing the next; frames come after.
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    const asked = document.documentElement.dataset['view'] === 'projector' ? [...measured] : ['nothing was switched'];
    window.getComputedStyle = style;
    Object.defineProperty(Element.prototype, 'clientHeight', size);
    return [asked, [before, chart()] as const] as const;
  });
  assert.deepEqual(asked, []);
  assert.ok(height[1] > height[0], 'the chart has room for larger labels');
  await page.context().close();
});

test('on paper stands what was found, whole, in light colours, without controls', async () => {
  const page = await site.open({ colorScheme: 'dark' }, SMALL);
  await page.locator('#train:enabled').click();
  await until(page, 'an epoch', async () => Number.parseInt((await page.locator('#epoch').textContent()) ?? '') >= 1, 60_000);
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
  const dark = await page.evaluate(() => getComputedStyle(document.documentElement).color);
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await page.emulateMedia({ media: 'print' });
  for (const control of ['#train', '#write', '#corpus', '#device-choice', '#projector', 'cl-live', 'cl-guide', '#write-best', 'cl-models', 'cl-slow', 'cl-inside', '#prefix', '#earlier', 'cl-writer h2', '.mark']) {
    assert.equal(await page.locator(control).first().isVisible(), false, control);
  }
  for (const found of ['#living', '#epoch', '#loss', 'cl-charts canvas', 'cl-diagram svg']) {
    assert.equal(await page.locator(found).first().isVisible(), true, found);
  }
  assert.equal(await page.locator('cl-charts canvas').count(), 3, 'charts that were out of sight are drawn too');
  const { scrollHeight, clientHeight } = await page.locator('#living').evaluate(({ scrollHeight, clientHeight }) => ({ scrollHeight, clientHeight }));
  assert.ok(scrollHeight <= clientHeight + 1, `the sample: ${clientHeight} of ${scrollHeight} px`);
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.documentElement).color), dark);
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  await page.emulateMedia({ media: 'screen' });
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).color), dark);
  await page.context().close();
});

for (const [hidden, gone] of [
  ['text,network,training', '.controls'],
  ['writer,models', '.write'],
  ['living,training,charts,runs', '.watch'],
] as const) {
  test(`a link that hides ${hidden} leaves no hole`, async () => {
    const page = await site.open({}, `${SMALL}&hide=${hidden}`);
    await page.locator('#train:enabled').waitFor();
    for (const width of [1440, 1100, 768, 390]) {
      await page.setViewportSize({ width, height: 900 });
      assert.equal(await page.locator(`section${gone}`).isVisible(), false, `${width} px`);
      const [left, right] = await page.locator('main').evaluate((main) => {
        const inner = main.getBoundingClientRect();
        const { paddingLeft, paddingRight } = getComputedStyle(main);
        const boxes = [...main.querySelectorAll('section > *')].map((each) => each.getBoundingClientRect()).filter(({ width, height }) => width > 1 && height > 1);
        return [
          Math.min(...boxes.map((box) => box.left)) - inner.left - Number.parseFloat(paddingLeft),
          inner.right - Number.parseFloat(paddingRight) - Math.max(...boxes.map((box) => box.right)),
        ] as const;
      });
      assert.ok(left <= 16 && right <= 16, `${width} px: ${left} px free on the left, ${right} on the right`);
    }
    await page.context().close();
  });
}
