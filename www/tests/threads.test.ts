/** The build with threads: the same bits as without, used where it may be and is faster, never required. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Client } from '../src/client/client.ts';
import type { DeviceView } from '../src/protocol/messages.ts';
import { ISOLATED, openSite, until, WITHOUT_WEBGPU, type Site } from './browser.ts';

/** Large enough that every kernel splits its work. */
const MODEL = '#model.hidden_size=96&train.batch_size=16&train.epochs=0';
const STEPS = 12;
const THREAD = /\/charloom-thread-[^/]*\.js$/;

let isolated: Site;
let plain: Site;

before(async () => {
  isolated = await openSite(ISOLATED, WITHOUT_WEBGPU);
  plain = await openSite({}, WITHOUT_WEBGPU);
});

after(async () => {
  await isolated?.close();
  await plain?.close();
});

type Root = {
  app: {
    client: Client;
    runs: { current: { steps: { x: number[]; columns: number[][] } } };
    state: { device: DeviceView | null; position: { step: number } | null };
  };
};

/** What a visit keeps for visits without a network is fetched after a while, threads too. */
const UNKEPT = { serviceWorkers: 'block' } as const;

const shown = async (page: Page) => ((await page.locator('#device').textContent()) ?? '').trim();
const device = (page: Page) => page.evaluate(() => (document.querySelector('cl-page') as unknown as Root).app.state.device);

/** What the worker fetched beyond its first module, and scripts of threads. */
async function fetchedForThreads(page: Page): Promise<string[]> {
  const list = () => performance.getEntriesByType('resource').map(({ name }) => name);
  const all = [...(await page.evaluate(list)), ...(await page.workers()[0]!.evaluate(list))];
  const modules = all.filter((name) => name.endsWith('.wasm'));
  return [...all.filter((name) => /thread/.test(name)), ...modules.slice(1)];
}

interface Outcome {
  losses: number[];
  /** Digest of every number in the model file: parameters and the optimiser's moments. */
  numbers: string;
  device: DeviceView;
}

/** Some steps of a fresh model, exactly. */
async function train(site: Site, hash: string): Promise<Outcome> {
  const page = await site.open({}, `${MODEL}&${hash}`);
  await page.locator('#train:enabled').waitFor();
  const outcome = await page.evaluate(async (steps) => {
    const { app } = document.querySelector('cl-page') as unknown as Root;
    for (let i = 0; i < steps; i++) await app.client.step();
    const bytes = new Uint8Array(await (await app.client.exportModel()).arrayBuffer());
    // The file's head tells times as well; the numbers come after it.
    const head = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.slice(8 + head)));
    return { losses: [...app.runs.current.steps.columns[0]!], numbers: digest.join(' '), device: app.state.device! };
  }, STEPS);
  await page.context().close();
  return outcome;
}

async function trainUntil(page: Page, reason: string, check: () => Promise<boolean>): Promise<void> {
  await page.locator('#train:enabled').click();
  await until(page, reason, check, 60_000);
}

const stepsDone = (page: Page) =>
  page.evaluate(() => (document.querySelector('cl-page') as unknown as Root).app.state.position?.step ?? 0);

for (const cell of ['rnn', 'lstm', 'gru']) {
  test(`${cell}: with threads, the bits of the same build without`, async () => {
    const threaded = await train(isolated, `model.cell=${cell}&build=threads`);
    assert.equal(threaded.device.build, 'threads');
    assert.ok(threaded.device.threads >= 2, 'it had threads');
    const alone = await train(isolated, `model.cell=${cell}&build=relaxed`);
    assert.equal(alone.device.threads, 1);
    assert.equal(alone.losses.length, STEPS);
    assert.deepEqual(threaded.losses, alone.losses);
    assert.equal(threaded.numbers, alone.numbers);
    // Were the comparison blind, it would not see another rounding either.
    const rounded = await train(isolated, `model.cell=${cell}&build=simd`);
    assert.equal(rounded.device.build, 'simd');
    assert.notEqual(rounded.numbers, alone.numbers);
  });
}

test('where the page is isolated, threads are tried on the model, and used where they are faster', async () => {
  // Large enough that threads gain wherever a second processor is free; what is done must fit what was found.
  const page = await isolated.open({}, '#model.hidden_size=256&train.batch_size=32&train.epochs=0');
  await trainUntil(page, 'the trial', async () => (await device(page))?.trial != null);
  const { trial, threads, build, backend } = (await device(page))!;
  assert.ok(trial && trial.threads >= 2 && trial.gain > 0);
  console.log(`${trial.threads} threads: ${trial.gain.toFixed(2)} times the speed of one`);
  assert.equal(backend, 'cpu');
  assert.deepEqual([build, threads], trial.gain > 1.1 ? ['threads', trial.threads] : ['relaxed', 1]);
  assert.match(await shown(page), trial.gain > 1.1 ? /^your processor · fastest build · \d threads$/ : /^your processor · fastest build$/);
  assert.match((await page.locator('#device').getAttribute('title')) ?? '', /threads, tried on this model: \d/);
  const before = await stepsDone(page);
  await until(page, 'further steps', async () => (await stepsDone(page)) > before + 5, 30_000);
  // In epochs: as many equal parts as there are batches.
  const seen = await page.evaluate(() => (document.querySelector('cl-page') as unknown as Root).app.runs.current.steps.x);
  const steps = seen.map((epochs) => Math.round(epochs / seen[1]!));
  assert.deepEqual(steps, [...steps.keys()], 'every step once, in order, wherever it was taken');
  await page.context().close();
});

test('a link that asks for a build gets that one alone: reproducible training uses no threads and no GPU', async () => {
  const page = await isolated.open(UNKEPT, `${MODEL}&build=simd`);
  await trainUntil(page, 'many steps', async () => (await stepsDone(page)) > 60);
  assert.equal((await device(page))?.build, 'simd');
  assert.match((await page.locator('#why').textContent()) ?? '', /your choice/, 'no GPU was looked for');
  assert.deepEqual(await fetchedForThreads(page), []);
  await page.context().close();
});

test('without isolation nothing is different: no threads, and nothing is fetched for them', async () => {
  for (const hash of ['', '&build=threads']) {
    const page = await plain.open(UNKEPT, MODEL + hash);
    assert.equal(await page.evaluate(() => crossOriginIsolated), false);
    await trainUntil(page, 'many steps', async () => (await stepsDone(page)) > 60);
    assert.equal(await shown(page), 'your processor · fastest build');
    assert.equal((await device(page))?.trial, null);
    assert.deepEqual(await fetchedForThreads(page), []);
    assert.equal(await page.locator('cl-notices .notice.problem').count(), 0);
    await page.context().close();
  }
});

test('threads that cannot be started are done without', async () => {
  const site = await openSite(ISOLATED, WITHOUT_WEBGPU, { path: THREAD, change: null });
  try {
    for (const hash of ['', '&build=threads']) {
      const page = await site.open({ locale: 'zh-CN' }, MODEL + hash);
      await trainUntil(page, 'many steps', async () => (await stepsDone(page)) > 60);
      const fetched = await fetchedForThreads(page);
      assert.ok(fetched.length > 0, 'it tried');
      assert.equal(await shown(page), '你的处理器 · 最快版');
      assert.equal(await page.locator('cl-notices .notice.problem').count(), 0);
      await page.context().close();
    }
  } finally {
    await site.close();
  }
});

test('a thread that breaks ends training with a message, where its engine would wait for it for ever', async () => {
  const breaking = (script: string) => script.replaceAll('.runThread()', '.noSuchExport()');
  const site = await openSite(ISOLATED, WITHOUT_WEBGPU, { path: THREAD, change: breaking });
  try {
    const page = await site.open({}, `${MODEL}&build=threads`);
    const problem = page.locator('cl-notices .notice.problem');
    await problem.waitFor();
    const text = (await problem.textContent()) ?? '';
    assert.match(text, /it stopped unexpectedly/i);
    assert.doesNotMatch(text, /noSuchExport/);
    await page.context().close();
  } finally {
    await site.close();
  }
});
