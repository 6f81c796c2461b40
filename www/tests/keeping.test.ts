/** What is learnt is kept: with its text, under its name, once over all tabs, and where it was trained. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AppState } from '../src/state/appstate.ts';
import { openSite, startNew, until, type Site } from './browser.ts';
import { drop, epochOf, pause, SMALL, stored, textOf, train } from './playing.ts';

let site: Site;
const VERSE = 'Row, row, row your boat, gently down the stream.\n'.repeat(60);

before(async () => {
  site = await openSite();
});

after(async () => {
  await site?.close();
});

test('a run that another text ends is kept with the text it learnt from, and can be continued', async () => {
  const page = await site.open({}, SMALL);
  await train(page, 2);
  await drop(page, VERSE, 'boat.txt');
  await startNew(page);
  await until(page, 'the dropped text', async () => (await textOf(page, '#corpus option:checked')) === 'boat.txt');
  const [kept] = await stored(page);
  assert.equal(kept!.textName, 'lyrics-en');
  assert.ok(kept!.position.epoch >= 2);
  await page.reload();
  await page.locator('#resume').dispatchEvent('click');
  await until(page, 'the epoch it had', async () => (await epochOf(page)) === kept!.position.epoch);
  assert.match(await textOf(page, '#corpus option:checked'), /English/);
  assert.equal(await page.locator('#preset').inputValue(), 'quick-en', 'the preset is still known');
  await train(page, kept!.position.epoch + 1);
  assert.equal(await page.locator('cl-notices .problem').count(), 0);
  await page.context().close();
});

test('a renamed autosave is a model of its own: training on neither changes nor removes it', async () => {
  const page = await site.open({}, SMALL);
  await train(page);
  await page.locator('#autosaved').waitFor();
  await page.locator('cl-models li').first().getByRole('button', { name: 'Rename' }).dispatchEvent('click');
  await page.locator('cl-models #name').fill('My song');
  await page.locator('cl-models #name').press('Enter');
  await page.locator('cl-models li', { hasText: 'My song' }).waitFor();
  const at = (await stored(page)).find(({ name }) => name === 'My song')!.position.step;
  await until(page, 'the run being saved further', async () => (await stored(page)).some(({ kind, position }) => kind === 'auto' && position.step > at), 60_000);
  const named = (await stored(page)).filter(({ kind }) => kind === 'named');
  assert.deepEqual(named.map(({ name, position }) => [name, position.step]), [['My song', at]]);
  await page.context().close();
});

test('two tabs: the second gets a copy of what the first is training, and the first goes on as it was', async () => {
  const first = await site.open({}, SMALL);
  await train(first);
  await until(first, 'it is kept', async () => (await stored(first)).length > 0, 60_000);
  const second = await first.context().newPage();
  await second.goto(site.url + SMALL);
  await second.locator('#resume').dispatchEvent('click');
  await second.getByText('Another tab is training this model').waitFor();
  await train(second, (await epochOf(second)) + 1);
  await pause(second);
  await until(first, 'two stored runs', async () => new Set((await stored(first)).map(({ id }) => id)).size === 2, 60_000);
  await first.bringToFront();
  await pause(first);
  const epoch = await epochOf(first);
  await until(first, 'the first as far as it came', async () => (await stored(first)).some(({ position }) => position.epoch === epoch));
  await first.context().close();
});

test('playgrounds of one origin: each offers what was trained in it', async () => {
  const page = await site.open({}, `${SMALL}&key=a`);
  await train(page);
  await pause(page);
  await until(page, 'it is kept', async () => (await stored(page)).length === 1);
  const [kept] = await stored(page);
  const other = await page.context().newPage();
  await other.goto(`${site.url}${SMALL}&key=b`);
  await other.locator('#train:enabled').waitFor();
  assert.equal((await stored(other)).length, 1);
  await train(other);
  await pause(other);
  assert.equal(await other.locator('#resume-offer').count(), 0);
  await page.reload();
  await page.locator('#resume').dispatchEvent('click');
  await until(page, 'its own epoch', async () => (await epochOf(page)) === kept!.position.epoch);
  await page.context().close();
});

test('the browser is asked to keep the store when a model gets a name, and not before', async () => {
  const page = await site.open();
  await page.addInitScript(() => {
    const asked: string[] = [];
    Object.assign(window, { asked });
    StorageManager.prototype.persist = () => Promise.resolve(asked.push('persist') > 0);
  });
  // A new document: the script came after the first.
  await page.goto('about:blank');
  await page.goto(site.url + SMALL);
  const asked = () => page.evaluate(() => (window as unknown as { asked: string[] }).asked.length);
  await train(page);
  await page.locator('#autosaved').waitFor();
  assert.equal(await asked(), 0, 'an autosave may go');
  await page.locator('cl-models li').first().getByRole('button', { name: 'Rename' }).dispatchEvent('click');
  await page.locator('cl-models #name').fill('My song');
  await page.locator('cl-models #name').press('Enter');
  await page.locator('cl-models li', { hasText: 'My song' }).waitFor();
  assert.equal(await asked(), 1);
  await page.context().close();
});

test('a newer version of the page takes the store over: this one lets go, says so, and trains on', async () => {
  const page = await site.open({}, SMALL);
  await train(page);
  await page.locator('#autosaved').waitFor();
  const newer = await page.context().newPage();
  await newer.goto(`${site.url}icon.svg`);
  const opened = await newer.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const request = indexedDB.open('charloom', 1000);
        request.onblocked = () => resolve('blocked');
        request.onerror = () => resolve(String(request.error));
        request.onsuccess = () => resolve(request.result.objectStoreNames.contains('models') ? 'opened' : 'another store');
      }),
  );
  assert.equal(opened, 'opened');
  await page.bringToFront();
  await page.locator('cl-notices [data-code="storage-newer"]').waitFor({ timeout: 60_000 });
  const epoch = await epochOf(page);
  await until(page, 'more epochs', async () => (await epochOf(page)) > epoch, 60_000);
  await page.context().close();
});

for (const hide of ['pagehide', 'visibilitychange'] as const) {
  test(`a page that may not come back (${hide}) asks at once for what it has learnt to be kept`, async () => {
    const page = await site.open();
    await page.addInitScript(() => {
      const saves: unknown[] = [];
      Object.assign(window, { saves });
      const { postMessage } = Worker.prototype;
      Worker.prototype.postMessage = function (message: unknown, ...rest: unknown[]) {
        if (JSON.stringify(message)?.includes('"saveRun"')) saves.push(message);
        return (postMessage as (...all: unknown[]) => void).call(this, message, ...rest);
      };
    });
    await page.goto('about:blank');
    await page.goto(site.url + SMALL);
    await train(page);
    const { step, before, after } = await page.evaluate(async (hide) => {
      const { saves } = window as unknown as { saves: unknown[] };
      const { state } = (document.querySelector('cl-page') as unknown as { app: { state: Pick<AppState, 'position'> } }).app;
      const before = saves.length;
      if (hide === 'visibilitychange') {
        Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
        document.dispatchEvent(new Event(hide));
      } else {
        dispatchEvent(new PageTransitionEvent(hide));
      }
      const { step } = state.position!;
      // The call to the worker is made once what has been begun in this turn is done.
      await Promise.resolve().then(() => undefined);
      return { step, before, after: saves.length };
    }, hide);
    assert.deepEqual([before, after], [0, 1]);
    await until(page, 'what it had learnt', async () => (await stored(page)).some(({ position }) => position.step >= step));
    await page.context().close();
  });
}

for (const [name, error, code] of [
  ['full', 'QuotaExceededError', 'storage-full'],
  ['refused', 'SecurityError', 'storage-refused'],
] as const) {
  test(`storage that is ${name} is told in a sentence, once, and training goes on`, async () => {
    const altered = (text: string) =>
      `IDBFactory.prototype.open = () => { throw new DOMException('Cannot read properties of undefined', '${error}'); };${text}`;
    const own = await openSite({}, undefined, { path: /assets\/charloom-worker-[^/]*\.js$/, change: altered });
    try {
      const page = await own.open({}, SMALL);
      await train(page);
      const notice = page.locator(`cl-notices [data-code="${code}"]`);
      await notice.waitFor({ timeout: 60_000 });
      assert.doesNotMatch((await notice.textContent()) ?? '', /Cannot read|Error|undefined/);
      const epoch = await epochOf(page);
      await until(page, 'more epochs', async () => (await epochOf(page)) > epoch, 60_000);
      assert.equal(await page.locator('cl-notices .problem').count(), 1);
    } finally {
      await own.close();
    }
  });
}
