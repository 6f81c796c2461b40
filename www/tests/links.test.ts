/** Link, address and what trains are one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openSite, startNew, until, type Site } from './browser.ts';
import { drop, epochOf, question, SMALL, textOf, train } from './playing.ts';

let site: Site;

before(async () => {
  site = await openSite();
});

after(async () => {
  await site?.close();
});

const parameters = (page: Page) => new URLSearchParams(new URL(page.url()).hash.slice(1));
const linked = (page: Page) =>
  page.evaluate(() => (document.querySelector('cl-page') as unknown as { app: { links: { href: string } } }).app.links.href);

test('the link of a preset carries the text that it brought', async () => {
  const page = await site.open({ locale: 'zh-CN' });
  await page.locator('#train:enabled').waitFor();
  await page.locator('#preset').selectOption('quick-en');
  await until(page, 'its text', async () => (await page.locator('#corpus').inputValue()) === 'lyrics-en');
  await until(page, 'the address', async () => parameters(page).get('preset') === 'quick-en');
  const link = await linked(page);
  const other = await site.open({ locale: 'zh-CN' }, new URL(link).hash);
  await other.locator('#train:enabled').waitFor();
  assert.equal(await other.locator('#preset').inputValue(), 'quick-en');
  assert.equal(await other.locator('#corpus').inputValue(), 'lyrics-en');
  await page.context().close();
  await other.context().close();
});

test('opening, temperature, length, language, build and seed travel', async () => {
  const page = await site.open({}, `${SMALL}&train.seed=7&build=simd`);
  await page.locator('#write:enabled').waitFor();
  await page.locator('#prefix').fill('O moon');
  await page.locator('#prefix').blur();
  await page.locator('cl-writer details summary').dispatchEvent('click');
  await page.locator('cl-writer #length').fill('77');
  await page.locator('cl-writer #length').blur();
  await page.locator('#temperature').fill('0.5');
  await until(page, 'the address', async () => parameters(page).get('write.temperature') === '0.5');
  const copied = new URL(await linked(page));
  const other = await site.open({ locale: 'zh-CN' }, copied.hash);
  await other.locator('#write:enabled').waitFor();
  assert.equal(await other.locator('html').getAttribute('lang'), 'en');
  assert.equal(await other.locator('#prefix').inputValue(), 'O moon');
  assert.equal(await other.locator('#temperature').inputValue(), '0.5');
  await other.locator('cl-writer details summary').dispatchEvent('click');
  assert.equal(await other.locator('cl-writer #length').inputValue(), '77');
  assert.deepEqual([parameters(other).get('train.seed'), parameters(other).get('build')], ['7', 'simd']);
  await page.context().close();
  await other.context().close();
});

test('a link with mistakes names them, and the rest of it is in use', async () => {
  const page = await site.open({}, `${SMALL}&model.cell=foo&train.lr=-1&corpus=nowhere&text.validation=3&model.num_layers=2`);
  const notice = page.locator('cl-notices .problem');
  await notice.waitFor();
  const text = (await notice.textContent()) ?? '';
  for (const mistake of ['model.cell=foo', 'train.lr=-1', 'corpus=nowhere', 'text.validation=3']) assert.ok(text.includes(mistake), text);
  assert.doesNotMatch(text, /variant|TypeError/);
  await page.locator('#train:enabled').waitFor();
  assert.equal(await page.locator('cl-option[data-path="model.cell"] button[data-value]').count(), 3);
  assert.equal(await page.locator('cl-option[data-path="model.num_layers"] input').inputValue(), '2');
  await page.context().close();
});

test('another link in the same tab is followed, after the question; until then the address says what trains', async () => {
  const page = await site.open({}, SMALL);
  await page.locator('#train:enabled').waitFor();
  await page.evaluate(() => void (location.hash = '#preset=quick-en&model.hidden_size=24&text.max_chars=4000'));
  const size = page.locator('cl-option[data-path="model.hidden_size"] input');
  await until(page, 'the other link', async () => (await size.inputValue()) === '24');
  await train(page);
  await page.evaluate(() => void (location.hash = '#preset=quick-zh'));
  await question(page).waitFor();
  assert.equal(parameters(page).get('preset'), 'quick-en');
  await startNew(page);
  await until(page, 'the Chinese songs', async () => (await page.locator('#corpus').inputValue()) === 'lyrics-zh');
  await until(page, 'its address', async () => parameters(page).get('preset') === 'quick-zh');
  assert.equal(await epochOf(page), 0);
  await page.context().close();
});

test('a text of one\u2019s own is in no link, and the link says so', async () => {
  const page = await site.open({}, SMALL);
  await page.locator('#train:enabled').waitFor();
  await drop(page, 'Row, row, row your boat, gently down the stream.\n'.repeat(60), 'boat.txt');
  await until(page, 'the dropped text', async () => (await textOf(page, '#corpus option:checked')) === 'boat.txt');
  const link = new URL(await linked(page));
  assert.doesNotMatch(link.hash, /boat/);
  const other = await site.open({}, link.hash);
  await other.getByText('which no link can carry').waitFor();
  await other.locator('#train:enabled').waitFor();
  await page.context().close();
  await other.context().close();
});
