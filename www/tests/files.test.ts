/** Files that cannot work get a clear answer; a very large one works. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openSite, startNew, until, WWW, type Site } from './browser.ts';

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

test('what went wrong is told in the page’s language, whose words are fetched then', async () => {
  const chinese = await site.open({ locale: 'zh-CN', serviceWorkers: 'block' });
  await chinese.locator('#train:enabled').waitFor();
  const fetched = () => chinese.evaluate(() => performance.getEntriesByType('resource').some(({ name }) => name.includes('failures')));
  assert.equal(await fetched(), false);
  await chinese.locator('cl-text input[type=file]').setInputFiles({ name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) });
  const notice = chinese.locator('cl-notices [data-code="empty"]');
  await until(chinese, 'its words', async () => /没有|空/.test((await notice.textContent()) ?? ''));
  assert.equal(await fetched(), true);
  await chinese.context().close();
});

/** The files that the native tests read, and what is to come of them: the same decision in the page. */
const DATA = join(WWW, '../reading/tests/data');
const READ: [name: string, encoding: string, format: string, notes: string[], begins: string][] = [
  ['utf8-with-stray-cp1252.txt', 'utf-8', 'plain', ['strays'], 'The kettle hums'],
  ['utf8-then-gbk.txt', 'utf-8', 'plain', ['changes'], '雨落在小城'],
  ['ko-utf16le-no-mark.txt', 'utf-16le', 'plain', [], '비가'],
  ['th-utf16be-no-mark.txt', 'utf-16be', 'plain', [], 'ฝนตก'],
  ['ja-eucjp.txt', 'euc-jp', 'plain', [], '雨の音が'],
  ['ru-windows1251.txt', 'windows-1251', 'plain', [], 'Дождь стучит'],
  ['three-files-joined-with-boms.txt', 'utf-8', 'plain', ['marks'], 'The kettle hums'],
  ['zero-width.txt', 'utf-8', 'plain', ['marks', 'invisible'], 'The kettle hums'],
  ['song.lrc', 'utf-8', 'timed', ['timed'], 'The kettle hums'],
  ['song-gbk.lrc', 'gb18030', 'timed', ['timed'], '雨落在小城'],
  ['songs.csv', 'utf-8', 'table', ['column'], 'The kettle hums'],
];

const choose = (...names: string[]) => page.locator('cl-text input[type=file]').setInputFiles(names);
const opened = (name: string) =>
  until(page, name, async () => ((await page.locator('#corpus option:checked').textContent()) ?? '').trim() === name, 30_000);
const excerpt = async () => (await page.locator('cl-text .excerpt').textContent()) ?? '';

for (const [name, encoding, format, notes, begins] of READ) {
  test(`${name} is read as natively, and what was done is told`, async () => {
    await choose(join(DATA, name));
    await opened(name);
    await page.locator('#encoding option').nth(30).waitFor({ state: 'attached' });
    assert.equal(await page.locator('#encoding').inputValue(), encoding);
    assert.match((await page.locator('#format option').first().textContent()) ?? '', new RegExp({ plain: 'plain', timed: 'time', table: 'table' }[format]!));
    const told = await page.locator('#reading-notes li').evaluateAll((items) => items.map((item) => item.getAttribute('data-code')));
    assert.deepEqual(told.sort(), [...notes].sort());
    assert.ok((await excerpt()).startsWith(begins), await excerpt());
  });
}

test('what was left out can be kept, another column chosen, invisible characters dropped', async () => {
  await choose(join(DATA, 'song.lrc'));
  await opened('song.lrc');
  await page.locator('#format').selectOption('plain');
  await until(page, 'the time stamps', async () => (await excerpt()).includes('[00:03.37]'));
  await choose(join(DATA, 'songs.csv'));
  await opened('songs.csv');
  await page.locator('#column').selectOption('title');
  await until(page, 'the titles', async () => (await excerpt()).startsWith('Song "0"'));
  // The next file is read as it is found out again.
  await choose(join(DATA, 'song.lrc'));
  await opened('song.lrc');
  await until(page, 'the words', async () => (await excerpt()).startsWith('The kettle'));
  await choose(join(DATA, 'zero-width.txt'));
  await opened('zero-width.txt');
  assert.match((await page.locator('.frequent').textContent()) ?? '', /ZWSP/);
  await page.locator('#invisible').click();
  await until(page, 'no invisible characters', async () => !/ZWSP|SHY|NBSP/.test((await page.locator('.frequent').textContent()) ?? ''));
});

test('a rich text is refused; a text that is not recognised is read as chosen by hand', async () => {
  await choose(join(DATA, 'song.rtf'));
  await page.locator('cl-notices [data-code=document]').waitFor();
  await page.locator('#refused button').click();
  await page.locator('#refused').waitFor({ state: 'detached' });
  const unknown = join(folder, 'unknown.txt');
  // Spaces between bytes that no table has a text for.
  writeFileSync(unknown, Buffer.from(Array.from({ length: 4000 }, (_, i) => (i % 9 === 8 ? 0x20 : 0x80 | (Math.imul(i, 2654435761) >>> 24)))));
  await choose(unknown);
  await page.locator('cl-notices [data-code=no-encoding]').waitFor();
  await page.locator('#refused-encoding').selectOption('koi8-r');
  await opened('unknown.txt');
  assert.equal(await page.locator('#encoding').inputValue(), 'koi8-r');
  await page.locator('#refused').waitFor({ state: 'detached' });
  for (const close of await page.locator('cl-notices .notice.problem button').all()) await close.click();
});

test('archives of texts are read', async () => {
  await choose(join(DATA, 'songs.zip'));
  await opened('songs.zip');
  assert.match((await page.locator('#reading-notes').textContent()) ?? '', /one\.txt.*two\.lrc/);
  await choose(join(DATA, 'song.txt.gz'));
  await opened('song.txt.gz');
  assert.ok((await excerpt()).startsWith('The kettle'));
});

test('a model is opened whatever its name', async () => {
  const model = join(folder, 'renamed.txt');
  const download = page.waitForEvent('download');
  await page.locator('#save').click();
  await (await download).saveAs(model);
  await choose(model);
  await page.getByText('renamed.txt').first().waitFor();
  assert.equal(await page.locator('cl-notices [data-code]').count(), 0);
});

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
  assert.match((await page.locator('#no-curve').textContent()) ?? '', /A model file holds no curve/);

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
  await startNew(page);
  await until(page, 'the large file', async () => /large/.test((await page.locator('#corpus option:checked').textContent()) ?? ''));
  assert.match((await page.locator('#statistics').textContent()) ?? '', /50,\d{3},\d{3} characters/);
  await page.locator('#train:enabled').click();
  await until(page, 'a loss', async () => Number.isFinite(Number.parseFloat((await page.locator('#loss').textContent()) ?? '')), 60_000);
  const longest = await page.evaluate(() => Math.max(...(window as unknown as { gaps: number[] }).gaps));
  // A page that reads 50 MB itself is away for many seconds; on a machine that does other things the browser itself may be, for one.
  assert.ok(longest < 1500, `the main thread was away for ${longest} ms`);
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
});
