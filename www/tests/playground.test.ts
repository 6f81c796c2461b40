/** The desks of the playground, beyond the main story. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
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

async function trainFor(page: Page, epochs: number): Promise<void> {
  await page.locator('#train:enabled').click();
  await until(page, `${epochs} epochs`, async () => (await epochOf(page)) >= epochs, 60_000);
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
}

test('runs are compared: another cell starts a run of its own beside the first', async () => {
  const page = await site.open({}, SMALL);
  await trainFor(page, 1);
  await page.locator('cl-option[data-path="model.cell"] button[data-value="lstm"]').click();
  const banner = page.locator('cl-runbar .pending');
  await banner.waitFor();
  assert.match((await banner.textContent()) ?? '', /Cell/);
  await banner.locator('button.quiet').click();
  await banner.waitFor({ state: 'detached' });
  assert.equal(await page.locator('cl-option[data-path="model.cell"] button[data-value="gru"]').getAttribute('aria-pressed'), 'true');
  await page.locator('cl-option[data-path="model.cell"] button[data-value="lstm"]').click();
  await banner.locator('button.primary').click();
  await until(page, 'a second run', async () => (await page.locator('cl-runs tbody tr').count()) === 2);
  await until(page, 'its first epoch', async () => (await epochOf(page)) >= 1, 60_000);
  await page.locator('#pause').click();
  assert.match((await page.locator('cl-runs table').textContent()) ?? '', /GRU 32[\s\S]*LSTM 32/);
  await page.locator('cl-runs tbody tr').first().locator('button').click();
  await until(page, 'the first run gone', async () => (await page.locator('cl-runs tbody tr').count()) === 1);
  await page.context().close();
});

test('earlier samples can be looked at again', async () => {
  const page = await site.open({}, SMALL);
  await page.locator('#living').waitFor();
  await page.locator('#train:enabled').click();
  await until(page, 'some samples', async () => Number((await page.locator('cl-living input[type=range]').getAttribute('max').catch(() => '0')) ?? 0) >= 2, 30_000);
  await page.locator('cl-living input[type=range]').focus();
  await page.keyboard.press('Home');
  assert.match((await page.locator('#when').textContent()) ?? '', /Before training/);
  await page.locator('cl-living .scrub button').click();
  await until(page, 'the present', async () => !/Before/.test((await page.locator('#when').textContent()) ?? ''));
  await page.context().close();
});

test('several continuations are written side by side, and differ', async () => {
  const page = await site.open({}, SMALL);
  await page.locator('#write:enabled').waitFor();
  await page.locator('cl-writer details summary').click();
  await page.locator('cl-writer #count').fill('3');
  await page.locator('cl-writer #length').fill('40');
  await page.locator('#write').click();
  const texts = page.locator('cl-continuation .text[data-status="done"]');
  await until(page, 'three texts', async () => (await texts.count()) === 3);
  assert.equal(new Set(await texts.allTextContents()).size, 3);
  await page.context().close();
});

test('a textbook run stands beside the book', async () => {
  const page = await site.open({ locale: 'zh-CN' }, '#preset=book-rnn-consecutive');
  await page.locator('#train:enabled').waitFor();
  const rows = page.locator('cl-book thead th[scope=col]');
  await rows.first().waitFor();
  assert.ok((await rows.count()) >= 4);
  await page.locator('cl-option[data-path="model.hidden_size"] input').fill('64');
  await page.locator('cl-option[data-path="model.hidden_size"] input').press('Enter');
  await until(page, 'no comparison with other settings', async () => (await rows.count()) === 0);
  await page.context().close();
});

test('what comes into sight does not move the page; the picked character comes into sight within its text', async () => {
  // Tall enough for the inside of the network to be seen at once, if only its head.
  const page = await site.open();
  await page.locator('#train:enabled').waitFor();
  const top = await page.locator('cl-inside').evaluate((inside) => inside.getBoundingClientRect().top);
  await page.setViewportSize({ width: 1440, height: Math.ceil(top) + 300 });
  await page.locator('cl-score .text .picked').waitFor();
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => scrollY), 0);
  const scroll = page.locator('cl-score .scroll');
  await scroll.focus();
  await page.evaluate(() => scrollTo(0, 200));
  const before = await page.evaluate(() => scrollY);
  const last = (await page.locator('cl-score .text span[data-index]').count()) - 1;
  for (let i = 0; i < last; i++) await page.keyboard.press('ArrowRight');
  assert.equal(await page.locator('cl-score .text .picked').getAttribute('data-index'), String(last));
  const [strip, picked] = [await scroll.boundingBox(), await page.locator('cl-score .text .picked').boundingBox()];
  assert.ok(picked!.x >= strip!.x - 1 && picked!.x + picked!.width <= strip!.x + strip!.width + 1, JSON.stringify([strip, picked]));
  assert.ok((await scroll.evaluate((element) => element.scrollLeft)) > 0);
  assert.equal(await page.evaluate(() => scrollY), before);
  await page.context().close();
});

test('Pause is answered at once', async () => {
  const page = await site.open();
  await page.locator('#train:enabled').click();
  await until(page, 'training', async () => /\d/.test((await page.locator('#loss').textContent()) ?? ''), 30_000);
  const waited = await page.evaluate(async () => {
    const bar = document.querySelector('cl-page')!.shadowRoot!.querySelector('cl-runbar')!.shadowRoot!;
    const started = performance.now();
    bar.querySelector<HTMLButtonElement>('#pause')!.click();
    while (!bar.querySelector('#train')) await new Promise((resolve) => setTimeout(resolve, 5));
    return performance.now() - started;
  });
  assert.ok(waited < 1000, `${waited} ms`);
  await page.context().close();
});

test('how long an epoch takes is known before training; whoever trains does not wait to know', async () => {
  const page = await site.open();
  const text = page.locator('cl-training .head');
  await until(page, 'an estimate', async () => /about .+ per epoch/.test((await text.textContent()) ?? ''), 30_000);
  const measure = () =>
    page.evaluate(() => {
      type Measuring = { client: { measure(config: unknown): Promise<number | null> }; state: { config: unknown } };
      const { app } = document.querySelector('cl-page') as unknown as { app: Measuring };
      return app.client.measure(app.state.config);
    });
  assert.ok((await measure())! > 0);
  await page.locator('#train').click();
  await page.locator('#pause').waitFor();
  assert.equal(await measure(), null);
  await page.context().close();
});

test('after the first visit it works without a network', async () => {
  const page = await site.open();
  await page.locator('#train:enabled').waitFor();
  await until(page, 'the files to be kept', () =>
    page.evaluate(async () => {
      const cache = await caches.open(`charloom ${new URL('./', location.href).href}`);
      const kept = (await cache.keys()).map(({ url }) => url);
      return kept.some((url) => url.endsWith('.wasm')) && kept.some((url) => url.endsWith('/charloom/'));
    }),
  );
  await page.context().setOffline(true);
  await page.reload();
  await page.locator('#train:enabled').waitFor();
  await trainFor(page, 1);
  await page.context().close();
});

test('a part of the page that cannot be loaded is missed by name; the rest trains and writes', async () => {
  const page = await site.open({ serviceWorkers: 'block' }, SMALL);
  await page.route('**/later-*.js', (route) => route.abort());
  await page.reload();
  await page.locator('cl-notices .notice.problem', { hasText: 'charts' }).waitFor();
  await trainFor(page, 1);
  await page.locator('#write').click();
  await until(page, 'a text', async () => (await page.locator('cl-continuation .text').getAttribute('data-status')) === 'done');
  await page.context().close();
});

test('parts of the page can be left out by the link', async () => {
  const page = await site.open({}, '#hide=text,models');
  await page.locator('#train:enabled').waitFor();
  assert.equal(await page.locator('cl-text, cl-models').count(), 0);
  assert.equal(await page.locator('cl-network').count(), 1);
  await page.context().close();
});

test('looking inside: expectations, units, gates, gradients through time', async () => {
  const page = await site.open({}, SMALL);
  await trainFor(page, 1);
  await page.locator('cl-inside').scrollIntoViewIfNeeded();
  await page.locator('cl-score canvas').waitFor();
  await page.locator('#inside-text').fill('The river runs to the sea');
  await page.locator('#inside-text').press('Enter');
  await until(page, 'the new text', async () => (await page.locator('cl-score .text').textContent())?.replace(/\s/g, '') === 'The␣river␣runs␣to␣the␣sea');
  await page.locator('cl-score span[data-index="4"]').hover();
  await until(page, 'what comes after r', async () => (await page.locator('cl-expectations .character').textContent()) === 'r');
  assert.ok((await page.locator('cl-expectations ol').first().locator('li').count()) >= 3);
  await page.locator('#neighbours li').first().waitFor();
  await page.locator('cl-score .scroll').focus();
  await page.keyboard.press('ArrowDown');
  assert.match((await page.locator('#unit').textContent()) ?? '', /Unit 0 at “r”: -?\d/);
  await page.locator('#order').selectOption('space');
  await page.locator('#quantity').selectOption({ label: 'Update gate' });
  await page.locator('cl-score canvas').click({ position: { x: 30, y: 2 } });
  assert.match((await page.locator('#unit').textContent()) ?? '', /Correlation/);
  assert.match((await page.locator('cl-tensors').locator('table').textContent()) ?? '', /rnn\.weight_hh_l0/);
  await page.locator('#compare').click();
  await until(page, 'three cells', async () => (await page.locator('cl-reach .legend span').count()) === 3);
  // Large recurrent weights: an RNN's gradient explodes, and clipping tames it.
  const rnnNorm = async () => Number(/RNN ([\d.e]+)/.exec((await page.locator('#norms').textContent()) ?? '')?.[1]);
  const asBegun = await rnnNorm();
  await page.locator('#radius').selectOption({ label: 'spectral radius 3' });
  await until(page, 'an explosion', async () => (await rnnNorm()) > 100 * asBegun);
  await page.locator('cl-reach .legend .clipped').waitFor();
  await page.locator('#clipping').uncheck();
  await page.locator('cl-reach .legend .clipped').waitFor({ state: 'detached' });
  await page.context().close();
});

test('a written text can be looked into', async () => {
  const page = await site.open({}, SMALL);
  await page.locator('#prefix').fill('The moon');
  await page.locator('#write:enabled').click();
  await until(page, 'a text', async () => (await page.locator('cl-continuation .text').getAttribute('data-status')) === 'done');
  await page.locator('#inside').click();
  await until(page, 'it inside', async () => /^The␣moon/.test(((await page.locator('cl-score .text').textContent().catch(() => '')) ?? '').replace(/\s/g, '')));
  await page.context().close();
});

test('after a text of two characters a longer one is looked into', async () => {
  const page = await site.open({}, SMALL);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.locator('#inside-text').waitFor({ state: 'attached' });
  const look = async (text: string) => {
    await page.locator('#inside-text').fill(text);
    await page.locator('#inside-text').press('Enter');
    await until(page, text, async () => ((await page.locator('cl-score .text').textContent().catch(() => '')) ?? '').replace(/[\s␣]/g, '') === text.replace(/ /g, ''));
  };
  await look('Th');
  await look('The moon');
  assert.deepEqual(errors, []);
  await page.context().close();
});

test('a text that was asked for is looked into, though it has scrolled out of sight', async () => {
  const page = await site.open({ viewport: { width: 1440, height: 500 } }, SMALL);
  await page.locator('#inside-text:enabled').waitFor({ state: 'attached' });
  await page.locator('#train:enabled').waitFor();
  assert.equal(await page.locator('cl-score').count(), 0, 'what nobody asked for and nobody sees');
  await page.locator('#inside-text').evaluate((input: HTMLInputElement) => {
    input.value = 'The river';
    input.form!.requestSubmit();
  });
  await until(page, 'it inside', async () => ((await page.locator('cl-score .text').textContent().catch(() => '')) ?? '').replace(/\s/g, '') === 'The␣river');
  assert.equal(await page.evaluate(() => scrollY), 0);
  await page.context().close();
});

for (const build of ['scalar', 'simd', 'relaxed']) {
  test(`the ${build} build trains`, async () => {
    const page = await site.open({}, `${SMALL}&build=${build}`);
    await trainFor(page, 1);
    assert.equal(await page.locator('#device').getAttribute('data-build'), build);
    await page.context().close();
  });
}
