/** One question before work is lost; nothing hangs; nothing raw is shown. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openSite, startNew, until, type Site } from './browser.ts';
import { drop, epochOf, openWithWorkers, paste, question, SMALL, stored, tell, textOf, train } from './playing.ts';

let site: Site;
before(async () => {
  // Told to die, the worker does, without a word to the page; told to trap, the next look at the clock does what
  // WebAssembly does where memory is refused.
  const dies = (text: string) => `${text};addEventListener('message', ({ data }) => {
    if (data === 'die') self.close();
    if (data === 'trap') performance.now = () => { throw new WebAssembly.RuntimeError('unreachable'); };
  });`;
  site = await openSite({}, undefined, { path: /assets\/charloom-worker-[^/]*\.js$/, change: dies });
});

after(async () => {
  await site?.close();
});

const VERSE = 'La la la, sing it again, sing it all night long.\n'.repeat(60);

test('whatever would end a run asks once, and until then the run goes on', async () => {
  const page = await site.open({}, SMALL);
  await train(page);
  const ways: [string, RegExp, () => Promise<unknown>][] = [
    ['paste', /Text/, () => paste(page, VERSE)],
    ['drop', /Text/, () => drop(page, VERSE, 'boat.txt')],
    ['corpus', /Text/, () => page.locator('#corpus').selectOption('lyrics-zh')],
    ['preset', /Start from/, () => page.locator('#preset').selectOption('book-gru-adam')],
    ['option', /Cell/, () => page.locator('cl-option[data-path="model.cell"] button[data-value="rnn"]').dispatchEvent('click')],
    ['reset', /Reset/, () => page.locator('#reset').dispatchEvent('click')],
    ['link', /link/, () => page.evaluate(() => void (location.hash = '#preset=quick-zh'))],
  ];
  for (const [name, says, act] of ways) {
    const epoch = await epochOf(page);
    await act();
    await question(page).waitFor();
    assert.match((await question(page).textContent()) ?? '', says, name);
    await until(page, `training beside the question (${name})`, async () => (await epochOf(page)) > epoch, 60_000);
    await question(page).locator('button.quiet').dispatchEvent('click');
    await question(page).waitFor({ state: 'detached' });
    assert.equal(await page.locator('#preset').inputValue(), 'quick-en', name);
    assert.match(await textOf(page, '#corpus option:checked'), /English/, name);
    assert.match(page.url(), /preset=quick-en/, name);
    assert.equal(await page.locator('cl-option[data-path="model.cell"] button[data-value="gru"]').getAttribute('aria-pressed'), 'true', name);
  }
  assert.equal(await page.locator('#pause').count(), 1, 'it trained all the while');
  await paste(page, VERSE);
  await startNew(page);
  await until(page, 'the pasted text', async () => /Pasted/.test(await textOf(page, '#corpus option:checked')));
  await until(page, 'a fresh run', async () => (await epochOf(page)) === 0);
  await page.context().close();
});

test('where nothing was learnt nothing is asked', async () => {
  const page = await site.open({}, SMALL);
  await page.locator('#train:enabled').waitFor();
  await drop(page, VERSE, 'boat.txt');
  await until(page, 'the dropped text', async () => (await textOf(page, '#corpus option:checked')) === 'boat.txt');
  assert.equal(await question(page).count(), 0);
  await page.context().close();
});

test('what is drawn is what trains, even where Train is pressed at once', async () => {
  const page = await site.open({}, SMALL);
  await page.locator('#train:enabled').waitFor();
  await page.evaluate(() => {
    const root = document.querySelector('cl-page')!.shadowRoot!;
    const { app } = document.querySelector('cl-page') as unknown as { app: { setOption(path: string, value: unknown): void } };
    app.setOption('model.hidden_size', 24);
    root.querySelector('cl-runbar')!.shadowRoot!.querySelector<HTMLButtonElement>('#train')!.click();
  });
  await until(page, 'training', async () => (await page.locator('#pause').count()) === 1);
  await until(page, 'a loss', async () => Number.isFinite(Number.parseFloat(await textOf(page, '#loss'))));
  const trained = await page.evaluate(() => (document.querySelector('cl-page') as unknown as { app: { state: { session: { config: { model: { hidden_size: number } } } } } }).app.state.session.config.model.hidden_size);
  assert.equal(trained, 24);
  assert.equal(await question(page).count(), 0);
  await page.context().close();
});

test('after the last epoch: it is said, shown, kept, and goes on with one click', async () => {
  const page = await site.open({}, `${SMALL}&train.epochs=3`);
  await page.locator('#train:enabled').dispatchEvent('click');
  await page.getByText('Finished: 3 epochs').waitFor({ timeout: 60_000 });
  await until(page, 'the last step\u2019s model', async () => /epoch 3,/.test(await textOf(page, '#when')));
  const stored = () =>
    page.evaluate(() => (document.querySelector('cl-page') as unknown as { app: { client: { listModels(): Promise<{ position: { epoch: number } }[]> } } }).app.client.listModels());
  await until(page, 'it is kept', async () => (await stored())[0]?.position.epoch === 3);
  await page.locator('#train').dispatchEvent('click');
  const more = page.locator('cl-notices .notice', { hasText: 'Stop after' });
  await more.locator('button.primary').dispatchEvent('click');
  await until(page, 'more epochs', async () => (await epochOf(page)) === 6, 60_000);
  assert.equal(await more.count(), 0);
  await page.context().close();
});

test('a worker that dies is noticed, replaced, and what was kept is offered', async () => {
  const page = await openWithWorkers(site, SMALL);
  await train(page, 2);
  await until(page, 'it is kept', async () => (await stored(page)).length > 0);
  await tell(page, 'die');
  await page.locator('cl-notices .problem[data-code="crashed"]').waitFor();
  await page.locator('#resume').dispatchEvent('click');
  await until(page, 'the kept epoch', async () => (await epochOf(page)) >= 1);
  await train(page, (await epochOf(page)) + 1);
  await page.context().close();
});

test('an engine that breaks in the middle of a step is replaced; no word of JavaScript reaches the reader', async () => {
  const page = await openWithWorkers(site, SMALL);
  await train(page);
  await tell(page, 'trap');
  const notice = page.locator('cl-notices .problem[data-code="crashed"]');
  await notice.waitFor();
  assert.doesNotMatch((await page.locator('cl-notices').textContent()) ?? '', /unreachable|RuntimeError|undefined|null/);
  await page.locator('#train:enabled').dispatchEvent('click');
  await until(page, 'a further epoch', async () => (await epochOf(page)) >= 1, 60_000);
  await page.context().close();
});

test('Stop works before the first character has come', async () => {
  const page = await site.open({}, SMALL);
  await page.locator('#write:enabled').waitFor();
  const written = await page.evaluate(async () => {
    type Client = { write(request: unknown, more: (characters: unknown[]) => void): Promise<{ stopped: boolean }>; stopWriting(id: number): Promise<null> };
    const { app } = document.querySelector('cl-page') as unknown as { app: { client: Client; state: { sampling: object } } };
    let count = 0;
    const options = { ...app.state.sampling, skip_unknown: true, alternatives: 2 };
    const { prefix, temperature, top_k, top_p, greedy, seed } = options as Record<string, unknown>;
    const answer = app.client.write({ id: 999, options: { prefix, temperature, top_k, top_p, greedy, seed, skip_unknown: true, alternatives: 2 }, length: 3000 }, (more) => (count += more.length));
    await app.client.stopWriting(999);
    return { ...(await answer), count };
  });
  assert.equal(written.stopped, true);
  assert.ok(written.count < 3000, `${written.count} characters`);
  await page.context().close();
});
