/** Writing songs: a new one each time, whole lines, kept, copied, drawn, and their lines. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { ceilingOf } from '../src/songs/ending.ts';
import { openSite, until, type Site } from './browser.ts';

let site: Site;
let page: Page;
const errors: string[] = [];

const output = () => page.locator('cl-continuation .text').first();
const song = () => page.locator('cl-writer .outputs cl-song').first();

/** Writes, and answers with the text. */
async function write(): Promise<string> {
  await page.locator('#write').click();
  await until(page, 'a finished text', async () => (await output().getAttribute('data-status')) === 'done', 60_000);
  return (await output().textContent()) ?? '';
}

const seed = async () => Number((await song().locator('.seed').textContent())?.replace(/\D/g, ''));

before(async () => {
  site = await openSite();
  page = await site.open({ permissions: ['clipboard-read', 'clipboard-write'] });
  page.on('pageerror', (error) => errors.push(error.message));
  await page.locator('#train:enabled').click();
  await until(page, 'an epoch', async () => Number.parseInt((await page.locator('#epoch').textContent()) ?? '') >= 1, 120_000);
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
});

after(async () => {
  await site?.close();
});

test('each click writes another song from another seed', async () => {
  await page.locator('#prefix').fill('The ');
  const first = await write();
  const firstSeed = await seed();
  const second = await write();
  assert.notEqual(second, first);
  assert.notEqual(await seed(), firstSeed);
});

test('a seed that is kept gives the same song again', async () => {
  await page.locator('cl-writer details > summary').first().click();
  await page.locator('#keep-seed').check();
  const kept = await write();
  const keptSeed = await seed();
  assert.equal(await write(), kept);
  assert.equal(await seed(), keptSeed);
  await page.locator('#keep-seed').uncheck();
  await page.locator('cl-writer #seed').fill('7');
  await page.locator('cl-writer #seed').press('Enter');
  assert.equal(await page.locator('#keep-seed').isChecked(), true, 'who types a seed wants that one');
  await write();
  assert.equal(await seed(), 7);
  await page.locator('#keep-seed').uncheck();
});

test('a song ends with a line, near the length that was asked for', async () => {
  await page.locator('cl-writer #length').fill('40');
  await page.locator('cl-writer #length').press('Enter');
  for (let i = 0; i < 4; i++) {
    const characters = [...(await write()).slice('The '.length)];
    assert.ok(characters.length >= 30 && characters.length <= ceilingOf(40), `${characters.length}`);
    if (characters.length < ceilingOf(40)) {
      // The next character of the same seed is the line's end.
      const written = characters.join('');
      await page.locator('#keep-seed').check();
      await page.locator('cl-writer #length').fill(String(characters.length + 30));
      await page.locator('cl-writer #length').press('Enter');
      const longer = (await write()).slice('The '.length);
      assert.ok(longer.startsWith(written));
      assert.equal(longer[written.length], '\n');
      await page.locator('#keep-seed').uncheck();
      await page.locator('cl-writer #length').fill('40');
      await page.locator('cl-writer #length').press('Enter');
    }
  }
});

test('a number out of its range stays as it was typed, beside the reason, and the last good one is used', async () => {
  const field = (id: string) => page.locator(`cl-writer #${id}`);
  const told = (id: string) => page.locator('cl-writer label', { has: page.locator(`#${id}`) }).locator('[role=alert]');
  for (const [id, wrong, said] of [['length', '100000', /1 to 5000.* 40 /], ['length', '', /1 to 5000.* 40 /], ['count', '9', /1 to 4.* 1 /]] as const) {
    await field(id).fill(wrong);
    await field(id).blur();
    assert.equal(await field(id).inputValue(), wrong);
    assert.equal(await field(id).getAttribute('aria-invalid'), 'true');
    assert.match((await told(id).textContent()) ?? '', said);
  }
  await field('count').fill('1');
  await field('count').blur();
  await told('count').waitFor({ state: 'detached' });
  assert.equal(await told('length').count(), 1, 'another field made right leaves this one wrong');
  const written = await write();
  assert.ok(written.length <= 10 + ceilingOf(40), `${written.length} characters`);
  await field('length').fill('60');
  await field('length').blur();
  await told('length').waitFor({ state: 'detached' });
});

test('a song is copied as it stands', async () => {
  const text = (await write()).trim();
  await song().locator('.copy').click();
  await until(page, 'that it is said', async () => (await song().locator('.copy').textContent())?.trim() === 'Copied');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
});

test('the lines of a song are numbered, and it is said what is marked', async () => {
  const text = (await output().textContent()) ?? '';
  await song().locator('.lines').click();
  const lines = text.split('\n').filter((line) => line.trim()).length;
  assert.equal(await song().locator('ol ol li').count(), lines);
  assert.match((await song().locator('figcaption').textContent()) ?? '', new RegExp(`^\\s*${lines} lines`));
  await song().locator('.lines').click();
  await song().locator('figure').waitFor({ state: 'detached' });
});

test('a song becomes a picture', async () => {
  await song().locator('.picture').click();
  const dialog = song().locator('dialog[open]');
  await dialog.waitFor();
  assert.match((await dialog.locator('canvas').getAttribute('aria-label')) ?? '', /lines/);
  const download = page.waitForEvent('download');
  await dialog.locator('#save-picture').click();
  const bytes = readFileSync(await (await download).path());
  assert.deepEqual([...bytes.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  assert.equal(bytes.readUInt32BE(16), 1080, 'its width');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
});

test('where the system shares, the text is handed to it', async () => {
  await page.evaluate(() => {
    const shared: unknown[] = [];
    Object.assign(window, { shared });
    Object.defineProperty(navigator, 'share', { configurable: true, value: async (data: unknown) => void shared.push(data) });
  });
  const text = (await write()).trim();
  await song().locator('.share').click();
  await until(page, 'the shared text', async () => (await page.evaluate(() => (window as any).shared.length)) === 1);
  assert.deepEqual(await page.evaluate(() => (window as any).shared[0]), { text });
});

test('on a phone the picture is handed to the system, and who closes its sheet again is told nothing', async () => {
  const phone = await site.open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await phone.evaluate(() => {
    const shared: ShareData[] = [];
    Object.assign(window, { shared, answer: '' });
    Object.defineProperty(navigator, 'canShare', { configurable: true, value: (data: ShareData) => data.files?.every(({ type }) => type === 'image/png') });
    Object.defineProperty(navigator, 'share', {
      configurable: true,
      value: async (data: ShareData) => {
        shared.push(data);
        const name = (window as any).answer as string;
        if (name) throw new DOMException('it was refused', name);
      },
    });
  });
  await phone.locator('#write:enabled').tap();
  const written = phone.locator('cl-writer .outputs cl-song').first();
  await written.locator('.picture').tap();
  const dialog = written.locator('dialog[open]');
  const times = () => phone.evaluate(() => (window as any).shared.length as number);
  for (const [answer, told] of [['', 0], ['AbortError', 0], ['NotAllowedError', 1]] as const) {
    await phone.evaluate((answer) => Object.assign(window, { answer }), answer);
    const before = await times();
    await dialog.locator('button.primary').tap();
    await until(phone, 'the share', async () => (await times()) === before + 1);
    await until(phone, answer || 'nothing', async () => (await dialog.locator('[role=alert]').count()) === told);
  }
  const kinds = await phone.evaluate(() => (window as any).shared.map(({ files }: ShareData) => files!.map(({ type, name, size }) => [type, /\.png$/.test(name), size > 1000])));
  assert.deepEqual(kinds, Array(3).fill([['image/png', true, true]]));
  await phone.context().close();
});

test('kept songs outlive a reload, and can be deleted', async () => {
  const text = (await output().textContent())!.trim();
  await song().locator('.keep').click();
  await page.locator('#kept-songs').waitFor();
  assert.equal(await song().locator('.keep').isDisabled(), true);
  await page.reload();
  await page.locator('#kept-songs > summary').click();
  const entry = page.locator('cl-songs li').first();
  await entry.locator('summary').click();
  assert.equal((await entry.locator('.text').textContent())?.trim(), text);
  await entry.locator('.delete').click();
  await entry.locator('.sure').click();
  await page.locator('#kept-songs').waitFor({ state: 'detached' });
});

test('where nothing can be kept, it says so', async () => {
  await page.locator('#train:enabled').waitFor();
  await write();
  await page.evaluate(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  await song().locator('.keep').click();
  assert.match((await song().locator('[role=alert]').textContent()) ?? '', /keeps nothing/);
});

test('what another version kept does not break the page', async () => {
  for (const stored of ['{', '7', '[null, 1, {"id":"x"}]']) {
    await page.evaluate((value) => localStorage.setItem('charloom.songs', value), stored).catch(() => undefined);
  }
  const other = await site.open();
  await other.evaluate(() => localStorage.setItem('charloom.songs', '[null, 1, {"id":"x", "text": {}}]'));
  await other.reload();
  await other.locator('#write:enabled').waitFor();
  await other.locator('cl-songs').waitFor({ state: 'attached' });
  assert.equal(await other.locator('#kept-songs').count(), 0);
  await other.context().close();
});

test('nothing went wrong unseen', () => {
  assert.deepEqual(errors, []);
});
