/** For teachers: links that hide and lock, results that are handed in, looked at and run again. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FileChooser, Page } from 'playwright-core';
import { openSite, until, type Site } from './browser.ts';
import { stickingOut } from './layout.ts';

let site: Site;
const folder = mkdtempSync(join(tmpdir(), 'charloom-teacher-'));
const resultFile = join(folder, 'result.json');

async function ready(hash = '', options = {}): Promise<Page> {
  const page = await site.open(options, hash);
  await page.locator('#train:enabled').waitFor();
  await page.locator('cl-models').waitFor();
  return page;
}

type Picked = Parameters<FileChooser['setFiles']>[0];

async function openResult(page: Page, file: Picked): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.locator('#open-result').click();
  await (await chooser).setFiles(file);
}

before(async () => {
  site = await openSite();
});

after(async () => {
  await site?.close();
  rmSync(folder, { recursive: true });
});

test('a link is built, copied, and shows what it says', async () => {
  const page = await ready('', { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.locator('#build-link').click();
  const dialog = page.locator('cl-link dialog[open]');
  await dialog.waitFor();
  await dialog.locator('select[data-part=slow]').selectOption('hidden');
  await dialog.locator('select[data-part=perplexity]').selectOption('hidden');
  await dialog.locator('select[data-part=own-text]').selectOption('locked');
  await dialog.locator('details > summary').first().click();
  await dialog.locator('select[data-part=cell]').selectOption('locked');
  await dialog.locator('#link-seed').fill('42');
  await dialog.locator('#link-build').selectOption('simd');
  await dialog.locator('#link-language').selectOption('zh-Hans');
  await dialog.locator('#link-opening').fill('The river');
  await dialog.locator('#link-temperature').fill('0.5');
  await dialog.locator('#link-temperature').press('Tab');
  await dialog.locator('#copy-link').click();
  const link = await dialog.locator('#link').inputValue();
  await until(page, 'the copy', async () => (await page.evaluate(() => navigator.clipboard.readText())) === link);
  const popup = page.waitForEvent('popup');
  await dialog.locator('#preview').click();
  const reader = await popup;
  await reader.locator('#train:enabled').waitFor();
  assert.equal(reader.url(), link);
  await reader.locator('cl-models').waitFor();
  assert.equal(await reader.locator('html').getAttribute('lang'), 'zh-Hans');
  assert.equal(await reader.locator('cl-slow').count(), 0);
  assert.equal(await reader.locator('#perplexity').isVisible(), false);
  assert.equal(await reader.locator('#loss').isVisible(), true);
  assert.equal(await reader.locator('#paste').isDisabled(), true);
  assert.equal(await reader.locator('#prefix').inputValue(), 'The river');
  assert.equal(await reader.locator('#device').getAttribute('data-build'), 'simd');
  assert.equal(await reader.locator('cl-option[data-path="train.seed"] input').inputValue(), '42');
  // The reader's address goes on saying it.
  await reader.locator('cl-option[data-path="model.hidden_size"] input').fill('64');
  await reader.locator('cl-option[data-path="model.hidden_size"] input').press('Enter');
  await until(reader, 'the change in the address', async () => reader.url().includes('hidden_size=64'));
  for (const part of ['hide=', 'lock=', 'build=simd', 'train.seed=42']) assert.ok(reader.url().includes(part), part);
  await page.context().close();
});

test('a number that no link can say stays where it was typed, with the reason; the link has the last good one', async () => {
  const page = await ready();
  await page.locator('#build-link').click();
  const dialog = page.locator('cl-link dialog[open]');
  const link = () => dialog.locator('#link').inputValue();
  const type = async (name: string, value: string) => {
    await dialog.locator(`#link-${name}`).fill(value);
    await dialog.locator(`#link-${name}`).press('Tab');
  };
  for (const [name, good, said, bad] of [
    ['temperature', '0.73', 'temperature=0.73', ['7', '0', '']],
    ['seed', '42', 'train.seed=42', ['-1', '1.5', '']],
  ] as const) {
    await type(name, good);
    await until(page, `${name} ${good} in the link`, async () => (await link()).includes(said));
    const told = dialog.locator('label', { has: page.locator(`#link-${name}`) }).locator('[role=alert]');
    for (const value of bad) {
      await type(name, value);
      await told.waitFor();
      assert.match((await told.textContent()) ?? '', new RegExp(` ${good} `));
      assert.equal(await dialog.locator(`#link-${name}`).inputValue(), value);
      assert.ok((await link()).includes(said), `${name} ${value}: ${await link()}`);
    }
    await type(name, good);
    await told.waitFor({ state: 'detached' });
  }
  await page.context().close();
});

test('what is locked cannot be changed by mouse, keys, drop, paste, preset, model or file', async () => {
  const page = await ready('#preset=quick-en&model.hidden_size=64&lock=cell,own-text,models,model.hidden_size');
  const cell = page.locator('cl-option[data-path="model.cell"]');
  assert.match((await cell.locator('#help').textContent()) ?? '', /Locked by the link/);
  for (const button of await cell.locator('button[data-value]').all()) assert.equal(await button.isDisabled(), true);
  assert.equal(await page.locator('cl-option[data-path="model.hidden_size"] input').isDisabled(), true);
  assert.equal(await page.locator('cl-option[data-path="train.lr"] input').isDisabled(), false);
  assert.equal(await page.locator('#load').isDisabled(), true);
  // A drop and a paste end in a sentence.
  const locked = page.locator('cl-notices .notice', { hasText: 'locked' });
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['abc abc '.repeat(300)], 'abc.txt'));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await locked.waitFor();
  await locked.getByRole('button').click();
  await locked.waitFor({ state: 'detached' });
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData('text/plain', 'abc abc '.repeat(300));
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await locked.waitFor();
  assert.match((await page.locator('#corpus option:checked').textContent()) ?? '', /English/);
  await locked.getByRole('button').click();
  // A model file, put into the hidden picker.
  await page.locator('cl-models input[type=file]').first().setInputFiles({ name: 'x.safetensors', mimeType: '', buffer: Buffer.from('x') });
  await locked.waitFor();
  // A preset changes all but what is locked.
  await page.locator('#preset').selectOption('book-lstm-adam');
  await until(page, 'the preset', async () => page.url().includes('preset=book-lstm-adam'));
  await page.locator('#train:enabled').waitFor();
  assert.equal(await cell.locator('button[aria-pressed=true]').getAttribute('data-value'), 'gru');
  assert.equal(await page.locator('cl-option[data-path="model.hidden_size"] input').inputValue(), '64');
  await page.context().close();
});

test('a locked panel locks all that is in it; hidden options and outputs are not there', async () => {
  const page = await ready('#lock=training&hide=clip,epoch,temperature,preset');
  for (const input of await page.locator('cl-training cl-option input, cl-training cl-option select').all()) assert.equal(await input.isDisabled(), true);
  assert.equal(await page.locator('cl-option[data-path="train.clip"]').count(), 0);
  assert.equal(await page.locator('cl-option[data-path="train.lr"]').count(), 1);
  for (const id of ['#epoch', '#temperature']) assert.equal(await page.locator(id).isVisible(), false, id);
  assert.equal(await page.locator('#preset').count(), 0);
  await page.context().close();
});

test('names that are none are told, with the list', async () => {
  const page = await ready('#hide=charts,chart&lock=cells');
  await page.locator('cl-notices .notice', { hasText: /exist: chart, cells\. The names are: header, text, network/ }).waitFor();
  assert.equal(await page.locator('cl-charts').count(), 0, 'what is known is done');
  await page.context().close();
});

test('a run is handed in as one file', async () => {
  const page = await ready('#build=simd&preset=quick-en&train.epochs=2&model.hidden_size=32');
  await page.locator('#hand-in').click();
  const dialog = page.locator('cl-handin dialog[open]');
  await dialog.waitFor();
  assert.match((await dialog.locator('[role=alert]').textContent()) ?? '', /at least one epoch/);
  await page.keyboard.press('Escape');
  await page.locator('#train').click();
  await until(page, 'its end', async () => /2/.test((await page.locator('#epoch').textContent()) ?? '') && (await page.locator('#train').count()) === 1, 120_000);
  await page.locator('#hand-in').click();
  assert.match((await dialog.locator('#repeatable').textContent()) ?? '', /digit by digit/);
  await dialog.locator('#author').fill('Wang, class 3b');
  const download = page.waitForEvent('download');
  await dialog.locator('#save-result').click();
  assert.equal((await download).suggestedFilename(), 'charloom-result-Wang-class-3b.json');
  await (await download).saveAs(resultFile);
  const result = JSON.parse(readFileSync(resultFile, 'utf8'));
  assert.equal(result.format, 'charloom-result');
  assert.equal(result.author, 'Wang, class 3b');
  assert.equal(result.settings.model.hidden_size, 32);
  assert.equal(result.build, 'simd');
  assert.equal(result.text.name, 'lyrics-en');
  assert.equal(result.epochs.length, 2);
  assert.ok(result.curve.x.length > 1);
  assert.ok(result.sample.text.length > 0);
  await page.context().close();
});

test('the teacher opens it, sees it beside the page’s settings, and runs it again: equal to the digit', async () => {
  const page = await ready('', { locale: 'zh-CN' });
  const before = page.url();
  await openResult(page, resultFile);
  const dialog = page.locator('cl-result dialog[open]');
  await dialog.waitFor();
  assert.match((await dialog.textContent()) ?? '', /Wang, class 3b/);
  assert.match((await dialog.locator('#checksum').textContent()) ?? '', /校验码正确/);
  assert.match((await dialog.locator('table').first().textContent()) ?? '', /隐藏单元/);
  assert.match((await dialog.locator('svg').getAttribute('aria-label')) ?? '', /损失/);
  await dialog.locator('#rerun').click();
  await dialog.locator('#verdict[data-kind]').waitFor({ timeout: 120_000 });
  assert.equal(await dialog.locator('#verdict').getAttribute('data-kind'), 'equal', (await dialog.locator('#verdict').textContent()) ?? '');
  assert.equal(page.url(), before, 'the page’s own run is as it was');
  await dialog.locator('#close-result').click();
  // Nothing of it is kept among the reader's models.
  await page.reload();
  await page.locator('#train:enabled').waitFor();
  await page.locator('cl-models').waitFor();
  assert.equal(await page.locator('cl-models li').count(), 0);
  await page.context().close();
});

test('a forged number is found twice: by the checksum, and by running it again', async () => {
  const result = JSON.parse(readFileSync(resultFile, 'utf8'));
  result.epochs[1].loss = 0.5;
  const page = await ready();
  await page.evaluate((json) => {
    const data = new DataTransfer();
    data.items.add(new File([json], 'homework.json'));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }, JSON.stringify(result));
  const dialog = page.locator('cl-result dialog[open]');
  await dialog.waitFor();
  assert.match((await dialog.locator('#checksum').textContent()) ?? '', /checksum is wrong/);
  await dialog.locator('#rerun').click();
  await dialog.locator('#verdict[data-kind]').waitFor({ timeout: 120_000 });
  assert.equal(await dialog.locator('#verdict').getAttribute('data-kind'), 'differs');
  assert.match((await dialog.locator('#verdict').textContent()) ?? '', /epoch 2 .* 0\.5,/);
  await page.context().close();
});

test('an own text is asked for, and another one is told', async () => {
  const result = JSON.parse(readFileSync(resultFile, 'utf8'));
  result.text.kind = 'own';
  result.text.name = 'my <b>songs</b>.txt';
  const page = await ready();
  await openResult(page, { name: 'r.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(result)) });
  const dialog = page.locator('cl-result dialog[open]');
  await dialog.waitFor();
  assert.match((await dialog.textContent()) ?? '', /my <b>songs<\/b>\.txt/, 'markup stays text');
  await dialog.locator('input[type=file]').setInputFiles({ name: 'other.txt', mimeType: 'text/plain', buffer: Buffer.from('La la la, another text.\n'.repeat(200)) });
  await dialog.locator('#verdict[data-kind]').waitFor({ timeout: 60_000 });
  assert.equal(await dialog.locator('#verdict').getAttribute('data-kind'), 'other-text');
  await page.context().close();
});

test('files that are no result end in a sentence', async () => {
  const page = await ready();
  const sound = readFileSync(resultFile, 'utf8');
  const cases: [string, string][] = [
    ['not-json', sound.slice(0, 300)],
    ['not-json', ''],
    ['not-result', '{"a": 1}'],
    ['newer', sound.replace('"version": 1', '"version": 9')],
    ['field', sound.replace('"build": "simd"', '"build": "fast"')],
    ['too-large', `{"format": "charloom-result", "author": "${'x'.repeat(8_000_000)}"}`],
  ];
  for (const [code, content] of cases) {
    await openResult(page, { name: 'r.json', mimeType: 'application/json', buffer: Buffer.from(content) });
    await page.locator(`cl-result dialog[open] [role=alert][data-code=${code}]`).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('cl-result dialog[open]').waitFor({ state: 'detached' });
  }
  await page.context().close();
});

test('a changed setting in mid-run is told', async () => {
  const page = await ready('#build=simd&model.hidden_size=32');
  await page.locator('#train').click();
  await until(page, 'an epoch', async () => Number.parseInt((await page.locator('#epoch').textContent()) ?? '') >= 1, 120_000);
  await page.locator('cl-option[data-path="train.lr"] input').evaluate((input: HTMLInputElement) => {
    input.value = '0.001';
    input.dispatchEvent(new Event('change'));
  });
  await page.locator('#pause').dispatchEvent('click');
  await page.locator('#train').waitFor();
  await page.locator('#hand-in').click();
  await until(page, 'that it is said', async () => /changed while it trained/.test((await page.locator('cl-handin #repeatable').textContent()) ?? ''));
  await page.context().close();
});

test('the dialogs fit a small phone in both languages', async () => {
  for (const locale of ['zh-CN', 'en-US']) {
    const page = await ready('', { locale, viewport: { width: 320, height: 640 } });
    await openResult(page, resultFile);
    for (const [open, name] of [[null, 'cl-result'], ['#build-link', 'cl-link'], ['#hand-in', 'cl-handin']] as const) {
      if (open) await page.locator(open).click();
      const dialog = page.locator(`${name} dialog[open]`);
      await dialog.waitFor();
      assert.deepEqual(await stickingOut(page), [], name);
      assert.ok((await dialog.evaluate((element) => element.scrollWidth - element.clientWidth)) <= 0, name);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    }
    await page.context().close();
  }
});
