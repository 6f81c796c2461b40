/** One's own text: pasted, picked, dropped; never lost before it is accepted; short ones train at once. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openSite, startNew, until, type Site } from './browser.ts';
import { stickingOut } from './layout.ts';

const SONG = [
  'The river runs below the mill,', 'the miller lies awake,', 'he hears the wheel that never is still', 'and the song the waters make.', '',
  'O turn again, you heavy stone,', 'and grind the yellow grain,', 'the miller sleeps not when alone', 'and listens for the rain.', '',
].join('\n');
/** About as long as one song. */
const ONE_SONG = SONG.repeat(3).slice(0, 870);

let site: Site;
const folder = mkdtempSync(join(tmpdir(), 'charloom-own-'));
const file = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const chosen = async (page: Page) => ((await page.locator('#corpus option:checked').textContent()) ?? '').trim();
const epochs = async (page: Page) => Number.parseInt((await page.locator('#epoch').textContent()) ?? '');
const sheet = (page: Page) => page.locator('cl-own-text dialog[open]');

async function ready(options = {}, hash = ''): Promise<Page> {
  const page = await site.open(options, hash);
  await page.locator('#train:enabled').waitFor();
  return page;
}

before(async () => {
  site = await openSite();
});

after(async () => {
  await site?.close();
  rmSync(folder, { recursive: true });
});

test('one pasted song trains at once, with batches that fit it', async () => {
  const page = await ready();
  await page.locator('#paste').click();
  await page.locator('#own-words').fill(ONE_SONG);
  await page.locator('#paste-use').click();
  await until(page, 'the pasted song', async () => /Pasted/.test(await chosen(page)));
  await sheet(page).waitFor({ state: 'detached' });
  assert.match((await page.locator('#fitted').textContent()) ?? '', /Batch size 4/);
  await page.locator('#train:enabled').click();
  await until(page, 'an epoch', async () => (await epochs(page)) >= 1, 60_000);
  assert.equal(await page.locator('#pause').count(), 1, 'it goes on');
  // It was accepted: the sheet is empty again.
  await page.locator('#pause').click();
  await page.locator('#paste').click();
  assert.equal(await page.locator('#own-words').inputValue(), '');
  await page.context().close();
});

test('two characters are enough', async () => {
  const page = await ready();
  await page.locator('#paste').click();
  await page.locator('#own-words').fill('ab');
  await page.locator('#paste-use').click();
  await sheet(page).waitFor({ state: 'detached' });
  await page.locator('#train:enabled').click();
  await until(page, 'an epoch', async () => (await epochs(page)) >= 1, 60_000);
  await page.context().close();
});

test('what was pasted stays while it is refused, and after a reload', async () => {
  const page = await ready();
  await page.locator('#paste').click();
  await page.locator('#own-words').fill('aaaaaaa');
  await page.locator('#paste-use').click();
  const problem = page.locator('cl-own-text [role=alert]');
  await problem.waitFor();
  assert.match((await problem.textContent()) ?? '', /still here/);
  assert.equal(await page.locator('#own-words').inputValue(), 'aaaaaaa');
  await page.keyboard.press('Escape');
  await page.locator('#paste').click();
  assert.equal(await page.locator('#own-words').inputValue(), 'aaaaaaa');
  await page.reload();
  await page.locator('#train:enabled').waitFor();
  await page.locator('#paste').click();
  assert.equal(await page.locator('#own-words').inputValue(), 'aaaaaaa');
  await page.context().close();
});

test('an empty sheet says what is missing', async () => {
  const page = await ready({ locale: 'zh-CN' });
  await page.locator('#paste').click();
  await page.locator('#paste-use').click();
  assert.match((await page.locator('cl-own-text [role=alert]').textContent()) ?? '', /还没有文本/);
  await page.context().close();
});

test('several files become one text; one of them can be left out', async () => {
  const page = await ready();
  await page.locator('#paste').click();
  const picker = page.locator('cl-own-text input[type=file]');
  await picker.setInputFiles([file('one.txt', SONG), file('two.txt', 'zebra zebra\n'), file('three.txt', 'quagga quagga\n')]);
  assert.equal(await page.locator('cl-own-text li').count(), 3);
  await page.locator('cl-own-text li', { hasText: 'two.txt' }).getByRole('button').click();
  await page.locator('#paste-use').click();
  await until(page, 'both files', async () => (await chosen(page)) === 'one.txt + three.txt');
  const statistics = (await page.locator('#statistics').textContent()) ?? '';
  assert.match(statistics, new RegExp(`^\\s*${SONG.trimEnd().length + 2 + 'quagga quagga\n'.length} characters`));
  await page.context().close();
});

test('files dropped on the sheet are added to it', async () => {
  const page = await ready();
  await page.locator('#paste').click();
  await sheet(page).evaluate((dialog) => {
    const data = new DataTransfer();
    data.items.add(new File(['la la la\n'.repeat(40)], 'la.txt'));
    dialog.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true, composed: true }));
  });
  await page.locator('cl-own-text li', { hasText: 'la.txt' }).waitFor();
  await page.locator('#paste-use').click();
  await until(page, 'the file', async () => (await chosen(page)) === 'la.txt');
  await page.context().close();
});

test('a text pasted anywhere on the page is put into the sheet, and the run goes on', async () => {
  const page = await ready();
  await page.locator('#train').click();
  await until(page, 'an epoch', async () => (await epochs(page)) >= 1, 120_000);
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData('text/plain', text);
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, SONG);
  await sheet(page).waitFor();
  assert.equal(await page.locator('#own-words').inputValue(), SONG);
  assert.match(await chosen(page), /English/);
  assert.equal(await page.locator('#pause').count(), 1, 'it is still training');
  // Using it ends the run, so the page asks; until the answer the text stays.
  await page.locator('#paste-use').click();
  await page.locator('cl-runbar .pending').waitFor();
  await sheet(page).waitFor({ state: 'detached' });
  await page.locator('#paste').click();
  assert.equal(await page.locator('#own-words').inputValue(), SONG);
  await page.keyboard.press('Escape');
  await startNew(page);
  await until(page, 'the pasted text', async () => /Pasted/.test(await chosen(page)));
  await page.locator('#paste').click();
  await until(page, 'an empty sheet', async () => (await page.locator('#own-words').inputValue()) === '');
  await page.context().close();
});

test('what was set by hand stays, and another text is fitted anew', async () => {
  const page = await ready({}, '#train.batch_size=8');
  await page.locator('#paste').click();
  await page.locator('#own-words').fill(ONE_SONG);
  await page.locator('#setting').selectOption('present');
  await page.locator('#paste-use').click();
  await sheet(page).waitFor({ state: 'detached' });
  const option = (path: string) => page.locator(`cl-option[data-path="${path}"] input`);
  await page.locator('cl-training details > summary').first().click();
  assert.equal(await option('train.batch_size').inputValue(), '8');
  assert.equal(await option('train.steps').inputValue(), '17');
  // A longer one: the steps are the usual ones again.
  await page.locator('cl-text input[type=file]').setInputFiles(file('long.txt', SONG.repeat(30)));
  await until(page, 'the long text', async () => (await chosen(page)) === 'long.txt');
  await until(page, 'its steps', async () => (await option('train.steps').inputValue()) === '35');
  assert.equal(await page.locator('#fitted').count(), 0);
  await page.context().close();
});

test('the settings can be chosen for the text', async () => {
  const page = await ready({}, '#preset=book-rnn-random');
  await page.locator('#paste').click();
  await page.locator('#own-words').fill(ONE_SONG);
  assert.equal(await page.locator('#setting').inputValue(), 'present');
  await page.locator('#setting').selectOption('fitted');
  await page.locator('#paste-use').click();
  await until(page, 'the quick preset', async () => (await page.locator('#preset').inputValue()) === 'quick-en');
  await page.context().close();
});

test('the sheet fits a small phone, in both languages, and is for keyboards too', async () => {
  for (const locale of ['zh-CN', 'en-US']) {
    const page = await ready({ locale, viewport: { width: 320, height: 640 } });
    await page.locator('#paste').focus();
    await page.keyboard.press('Enter');
    await sheet(page).waitFor();
    await page.locator('cl-own-text input[type=file]').setInputFiles([file('a_long_name_without_any_break_'.repeat(4) + '.txt', SONG)]);
    await page.locator('cl-own-text li').waitFor();
    assert.deepEqual(await stickingOut(page), []);
    const { width, right } = await sheet(page).evaluate((dialog) => ({ width: dialog.scrollWidth - dialog.clientWidth, right: dialog.getBoundingClientRect().right }));
    assert.ok(width <= 0 && right <= 320.5, `${width}, ${right}`);
    await page.keyboard.press('Escape');
    await sheet(page).waitFor({ state: 'detached' });
    await page.context().close();
  }
});
