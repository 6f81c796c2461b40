/** The main job, end to end, in a browser: load, train, watch, write, keep, come back. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { ceilingOf } from '../src/songs/ending.ts';
import { openSite, startNew, until, visibleCharacter, type Site } from './browser.ts';

let site: Site;
let page: Page;
const folder = mkdtempSync(join(tmpdir(), 'charloom-'));
const modelFile = join(folder, 'model.safetensors');
const errors: string[] = [];

const textOf = async (selector: string) => ((await page.locator(selector).textContent()) ?? '').trim();
const numberOf = async (selector: string) => Number.parseFloat(await textOf(selector));
const epoch = () => numberOf('#epoch');
const stepIn = (when: string) => Number(when.match(/step (\d+)/)?.[1]);

before(async () => {
  site = await openSite();
  page = await site.open();
  page.on('pageerror', (error) => errors.push(error.message));
});

after(async () => {
  await site?.close();
  rmSync(folder, { recursive: true });
});

test('the embedded lyrics are chosen by language, and the untrained network writes nonsense', async () => {
  await page.locator('#train:enabled').waitFor();
  assert.match(await textOf('#corpus option:checked'), /English/);
  assert.match(await textOf('#statistics'), /characters/);
  await page.locator('#living').waitFor();
  assert.match(await textOf('#when'), /Before training/);
});

test('Train: the numbers fall and the sample is rewritten', async () => {
  await page.locator('#train').click();
  await page.locator('#pause').waitFor();
  await until(page, 'a first loss', async () => Number.isFinite(await numberOf('#loss')));
  const firstLoss = await numberOf('#loss');
  const firstSample = await textOf('#living');
  await until(page, 'three epochs', async () => (await epoch()) >= 3, 90_000);
  await until(page, 'a lower loss', async () => (await numberOf('#loss')) < firstLoss - 0.3, 60_000);
  await until(page, 'another sample', async () => (await textOf('#living')) !== firstSample);
  assert.ok((await numberOf('#perplexity')) > 1);
  const label = await page.locator('cl-charts cl-chart .plot').first().getAttribute('aria-label');
  assert.match(label ?? '', /points, from/);
});

test('the learning rate changes while it trains', async () => {
  const input = page.locator('cl-option[data-path="train.lr"] input');
  const before = Number(await input.inputValue());
  await input.fill(String(before / 4));
  await input.press('Enter');
  const shown = page.locator('cl-charts figure').nth(1).locator('.number');
  await until(page, 'the new rate in the chart', async () => {
    return Math.abs(Number.parseFloat((await shown.textContent()) ?? '') - before / 4) < before / 50;
  });
  assert.equal(await page.locator('#pause').count(), 1, 'it is still training');
  assert.equal(await page.locator('cl-runbar .pending').count(), 0, 'no new run is needed');
});

test('writing with an own prefix, while it trains', async () => {
  await page.locator('#prefix').fill('The ');
  await page.locator('#write').click();
  const output = page.locator('cl-continuation .text');
  await until(page, 'a finished text', async () => (await output.getAttribute('data-status')) === 'done');
  const text = (await output.textContent()) ?? '';
  assert.ok(text.startsWith('The '), text);
  // It ends with a line.
  const written = [...text].length - 4;
  assert.ok(written >= 150 && written <= ceilingOf(200), String(written));
  assert.equal(await page.locator('#pause').count(), 1, 'it is still training');
});

test('Pause stops it; Step does exactly one', async () => {
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
  const step = async () => stepIn(await textOf('#when'));
  await page.waitForTimeout(300);
  const paused = await step();
  await page.waitForTimeout(400);
  assert.equal(await step(), paused);
  await page.locator('#step').click();
  await until(page, 'one step more', async () => (await step()) === paused + 1);
  await page.waitForTimeout(300);
  assert.equal(await step(), paused + 1);
});

test('a character shows how likely it was, and another way can be taken', async () => {
  const picked = await visibleCharacter(page, 10);
  await picked.hover();
  assert.match(await textOf('#probability'), /% likely/);
  const other = page.locator('cl-continuation .alternatives button').first();
  const character = (await other.locator('b').textContent()) ?? '';
  await other.click();
  await until(page, 'the other way', async () => (await page.locator('cl-continuation .text').getAttribute('data-status')) === 'done');
  const branched = (await picked.textContent()) ?? '';
  assert.equal(branched.replace('\n', '↵').replace(' ', '␣'), character);
});

test('unknown characters are named, and can be skipped', async () => {
  await page.locator('#prefix').fill('The 猫 sat');
  await page.locator('#write').click();
  const problem = page.locator('#sample-problem');
  await problem.waitFor();
  assert.equal(await problem.getAttribute('data-code'), 'unknown-character');
  assert.match((await problem.textContent()) ?? '', /猫/);
  await page.locator('#skip').click();
  await until(page, 'a text without it', async () => (await page.locator('cl-continuation .text').getAttribute('data-status')) === 'done');
  assert.match(await textOf('cl-continuation .detail'), /猫/);
});

test('a long text can be stopped', async () => {
  await page.locator('cl-writer details summary').click();
  await page.locator('cl-writer #length').fill('5000');
  await page.locator('#prefix').fill('The ');
  await page.locator('#write').click();
  await until(page, 'some characters', async () => (await page.locator('cl-continuation span[data-index]').count()) > 20);
  await page.locator('#stop').click();
  await until(page, 'the stop', async () => (await page.locator('cl-continuation .text').getAttribute('data-status')) === 'stopped');
  await page.locator('cl-writer #length').fill('60');
});

test('the model is a safetensors file', async () => {
  const download = page.waitForEvent('download');
  await page.locator('#save').click();
  await (await download).saveAs(modelFile);
  assert.match((await download).suggestedFilename(), /\.safetensors$/);
  const bytes = readFileSync(modelFile);
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString()) as Record<string, unknown>;
  assert.ok('__metadata__' in header);
  assert.ok(Object.keys(header).some((name) => name.endsWith('weight_ih_l0')), Object.keys(header).join());
});

test('after a reload, Resume goes on from where it was', async () => {
  await page.locator(`#autosaved[data-step="${stepIn(await textOf('#when'))}"]`).waitFor();
  const before = await epoch();
  await page.reload();
  await page.locator('#resume-offer').waitFor();
  await page.locator('#resume').click();
  await until(page, 'the epoch it had', async () => (await epoch()) === before);
  await page.locator('#resume-offer').waitFor({ state: 'detached' });
  assert.match((await page.locator('cl-charts cl-chart .plot').first().getAttribute('aria-label')) ?? '', /points, from/, 'the curve is back');
  await page.locator('#train:enabled').click();
  await until(page, 'a further epoch', async () => (await epoch()) > before, 60_000);
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
});

test('the model file opens again and trains on', async () => {
  await page.locator('#reset').click();
  await startNew(page);
  await until(page, 'a fresh run', async () => (await epoch()) === 0);
  await page.locator('cl-models input[type=file]').setInputFiles(modelFile);
  await until(page, 'the epochs of the file', async () => (await epoch()) >= 3);
  await page.locator('#train:enabled').click();
  const before = await epoch();
  await until(page, 'a further epoch', async () => (await epoch()) > before, 60_000);
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
});

test('a model can be kept under a name, renamed, opened and deleted', async () => {
  await page.locator('#keep').click();
  await page.locator('cl-models #name').fill('Evening song');
  await page.locator('cl-models #name').press('Enter');
  const entry = page.locator('cl-models li', { hasText: 'Evening song' });
  await entry.waitFor();
  const kept = await epoch();
  await entry.getByRole('button', { name: 'Rename' }).click();
  await page.locator('cl-models #name').fill('Morning song');
  await page.locator('cl-models #name').press('Enter');
  await entry.waitFor({ state: 'detached' });
  await page.locator('#reset').click();
  await startNew(page);
  await until(page, 'a fresh run', async () => (await epoch()) === 0);
  const renamed = page.locator('cl-models li', { hasText: 'Morning song' });
  await renamed.getByRole('button', { name: 'Open', exact: true }).click();
  await until(page, 'the kept epoch', async () => (await epoch()) === kept);
  await renamed.getByRole('button', { name: 'Delete' }).click();
  await page.locator('cl-models li').getByRole('button', { name: 'Delete' }).first().click();
  await renamed.waitFor({ state: 'detached' });
});

test('an own file by picker, and its encoding', async () => {
  // “我们在夏天的尽头许愿，愿时间慢一点。风吹过稻田，像翻开旧的书页。” in GB18030, two lines.
  const verse = Buffer.from(
    'ced2c3c7d4dacfc4ccecb5c4bea1cdb7d0edd4b8a3acd4b8cab1bce4c2fdd2bbb5e3a1a30a' +
      'b7e7b4b5b9fdb5beccefa3accff1b7adbfaabec9b5c4cae9d2b3a1a30a',
    'hex',
  );
  const file = join(folder, '歌词.txt');
  writeFileSync(file, Buffer.concat(Array.from({ length: 60 }, () => verse)));
  await page.locator('cl-text input[type=file]').setInputFiles(file);
  await until(page, 'the file', async () => (await textOf('#corpus option:checked')) === '歌词.txt');
  assert.equal(await page.locator('#encoding').inputValue(), 'gb18030');
  assert.match(await textOf('cl-text .excerpt'), /我们在夏天/);
  await page.locator('#encoding').selectOption('big5');
  await until(page, 'the wrong reading', async () => !(await textOf('cl-text .excerpt')).includes('夏天'));
  await page.locator('#encoding').selectOption('gb18030');
  await until(page, 'the right reading', async () => (await textOf('cl-text .excerpt')).includes('夏天'));
  await page.locator('#train:enabled').click();
  await until(page, 'training on it', async () => (await epoch()) >= 1, 60_000);
  await page.locator('#pause').click();
});

test('an own text by paste and by drop', async () => {
  await page.locator('#paste').click();
  await page.locator('#own-words').fill('La la la, sing it again, sing it all night long.\n'.repeat(60));
  await page.locator('#paste-use').click();
  await startNew(page);
  await until(page, 'the pasted text', async () => /Pasted/.test(await textOf('#corpus option:checked')));
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['Row, row, row your boat, gently down the stream.\n'.repeat(60)], 'boat.txt'));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await until(page, 'the dropped text', async () => (await textOf('#corpus option:checked')) === 'boat.txt');
});

test('nothing went wrong unseen', () => {
  assert.deepEqual(errors, []);
});
