/** Files that cannot work get a clear answer; a very large one works. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openSite, until, type Site } from './browser.ts';

let site: Site;
let page: Page;
const folder = mkdtempSync(join(tmpdir(), 'charloom-'));

before(async () => {
  site = await openSite();
  page = await site.open();
  await page.locator('#train:enabled').waitFor();
});

after(async () => {
  await site?.close();
  rmSync(folder, { recursive: true });
});

const BAD: [name: string, content: Buffer | string, code: string][] = [
  ['empty.txt', '', 'empty'],
  ['picture.txt', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 2, 0, 0, 0, 0, 9, 0xff]), 'binary'],
  ['one.txt', 'a'.repeat(5000), 'one-distinct-character'],
  ['short.txt', 'la la la', 'too-short'],
];

for (const [name, content, code] of BAD) {
  test(`${name}: a clear answer, and the old text stays`, async () => {
    const path = join(folder, name);
    writeFileSync(path, content);
    const before = await page.locator('#statistics').textContent();
    await page.locator('cl-text input[type=file]').setInputFiles(path);
    const notice = page.locator(`cl-notices [data-code="${code}"], cl-option [role=alert]`);
    await notice.first().waitFor();
    assert.ok(((await notice.first().textContent()) ?? '').length > 20);
    assert.equal(await page.locator('#statistics').textContent(), before);
    assert.equal(await page.locator('#train').isEnabled(), true);
    for (const close of await page.locator('cl-notices .notice.problem button').all()) await close.click();
  });
}

test('a file that is no model says so', async () => {
  const path = join(folder, 'broken.safetensors');
  writeFileSync(path, Buffer.from('this is no model at all, only some text'));
  await page.locator('cl-models input[type=file]').setInputFiles(path);
  const notice = page.locator('cl-notices .problem[data-code^="checkpoint"]');
  await notice.waitFor();
  await notice.locator('button').click();
});

test('a model meets another text: it trains on where it knows every character, and only writes where not', async () => {
  const model = join(folder, 'model.safetensors');
  const download = page.waitForEvent('download');
  await page.locator('#save').click();
  await (await download).saveAs(model);
  const other = join(folder, 'other.txt');

  writeFileSync(other, 'and the moon and the sea and the moon again\n'.repeat(200));
  await page.locator('cl-text input[type=file]').setInputFiles(other);
  await until(page, 'the other text', async () => /other/.test((await page.locator('#corpus option:checked').textContent()) ?? ''));
  await page.locator('cl-models input[type=file]').setInputFiles(model);
  await page.getByText('training goes on from its parameters').waitFor();
  assert.equal(await page.locator('#train').isEnabled(), true);

  const chinese = join(folder, 'chinese.txt');
  writeFileSync(chinese, '月亮和大海，又是月亮和大海。\n'.repeat(200));
  await page.locator('cl-text input[type=file]').setInputFiles(chinese);
  await until(page, 'the Chinese text', async () => /chinese/.test((await page.locator('#corpus option:checked').textContent()) ?? ''));
  await page.locator('cl-models input[type=file]').setInputFiles(model);
  const notice = page.locator('cl-notices [data-code="unknown-characters"]');
  await notice.waitFor();
  assert.equal(await page.locator('#train').isDisabled(), true);
  await page.locator('#write').click();
  await until(page, 'a text', async () => (await page.locator('cl-continuation .text').getAttribute('data-status')) === 'done');
  await notice.locator('button').click();

  // A text that it knows, opened afterwards, is enough: the model need not be opened again.
  await page.locator('cl-text input[type=file]').setInputFiles(other);
  await page.getByText('training goes on from its parameters').waitFor();
  await page.locator('#train:enabled').click();
  await until(page, 'a loss', async () => Number.isFinite(Number.parseFloat((await page.locator('#loss').textContent()) ?? '')));
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
});

test('50 MB of text: the page stays responsive, and it trains', async () => {
  const path = join(folder, 'large.txt');
  const line = 'Every river finds the sea, every song comes home to me, number ';
  const lines: string[] = [];
  for (let i = 0, size = 0; size < 50e6; i++) {
    const text = `${line}${i % 1000}.\n`;
    lines.push(text);
    size += text.length;
  }
  writeFileSync(path, lines.join(''));
  await page.evaluate(() => {
    const gaps: number[] = [];
    let last = performance.now();
    const tick = () => {
      gaps.push(performance.now() - last);
      last = performance.now();
      setTimeout(tick, 10);
    };
    tick();
    Object.assign(window, { gaps });
  });
  await page.locator('cl-text input[type=file]').setInputFiles(path);
  await until(page, 'the large file', async () => /large/.test((await page.locator('#corpus option:checked').textContent()) ?? ''), 60_000);
  assert.match((await page.locator('#statistics').textContent()) ?? '', /50,\d{3},\d{3} characters/);
  await page.locator('#train:enabled').click();
  await until(page, 'a loss', async () => Number.isFinite(Number.parseFloat((await page.locator('#loss').textContent()) ?? '')), 60_000);
  const longest = await page.evaluate(() => Math.max(...(window as unknown as { gaps: number[] }).gaps));
  assert.ok(longest < 500, `the main thread was away for ${longest} ms`);
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
});
