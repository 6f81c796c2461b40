/** Where it trains: WebGPU on a software adapter, without WebGPU, and a GPU that is lost. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openSite, until, WITHOUT_WEBGPU, type Site } from './browser.ts';

/** Small, and with batches enough that an epoch lasts. */
const SMALL = '#model.hidden_size=16&train.epochs=0';

let site: Site;
let without: Site;

before(async () => {
  site = await openSite();
  without = await openSite({}, WITHOUT_WEBGPU);
});

after(async () => {
  await site?.close();
  await without?.close();
});

const device = (page: Page) => page.locator('#device').getAttribute('data-backend');
const reason = (page: Page) => page.locator('#why').getAttribute('data-reason');
const why = async (page: Page) => ((await page.locator('#why').textContent()) ?? '').trim();
const loss = async (page: Page) => Number.parseFloat((await page.locator('#loss').textContent()) ?? '');

/** How many steps the page has heard of. */
function step(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { app } = document.querySelector('cl-page') as unknown as { app: { state: { position: { step: number } | null } } };
    return app.state.position?.step ?? 0;
  });
}

async function furtherSteps(page: Page, count: number): Promise<void> {
  const before = await step(page);
  await until(page, `${count} further steps after ${before}`, async () => (await step(page)) >= before + count, 90_000);
}

/** Steps of a whole training, in order: none may be missing or come twice. */
async function recordSteps(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const seen: number[] = [];
    const { app } = document.querySelector('cl-page') as unknown as {
      app: { store: { subscribe(heard: (changed: Set<string>) => void): void }; state: { position: { step: number } | null } };
    };
    app.store.subscribe((changed) => {
      if (changed.has('position')) seen.push(app.state.position?.step ?? 0);
    });
    (window as unknown as { seen: number[] }).seen = seen;
  });
  return () => page.evaluate(() => (window as unknown as { seen: number[] }).seen);
}

async function beginTraining(page: Page): Promise<void> {
  await page.locator('#train:enabled').click();
  await until(page, 'some steps', async () => (await step(page)) > 3, 30_000);
}

test('while it trains: to WebGPU, and back to the CPU, from the same step', async () => {
  const page = await site.open({}, SMALL);
  await beginTraining(page);
  const steps = await recordSteps(page);
  assert.equal(await device(page), 'cpu');
  await page.locator('#device-choice').selectOption('webgpu');
  await until(page, 'WebGPU', async () => (await device(page)) === 'webgpu', 90_000);
  assert.equal(await page.locator('#pause').count(), 1, 'it still trains');
  await furtherSteps(page, 5);
  assert.ok(Number.isFinite(await loss(page)));
  await page.locator('#device-choice').selectOption('cpu');
  await until(page, 'the CPU', async () => (await device(page)) === 'cpu', 90_000);
  assert.match(await why(page), /your choice/);
  await furtherSteps(page, 5);
  assert.ok(Number.isFinite(await loss(page)));
  const seen = await steps();
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b), 'never back');
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
  await page.context().close();
});

test('every desk works while it trains on WebGPU', async () => {
  const page = await site.open({}, SMALL);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await beginTraining(page);
  await page.locator('#device-choice').selectOption('webgpu');
  await until(page, 'WebGPU', async () => (await device(page)) === 'webgpu', 90_000);
  await furtherSteps(page, 2);
  // All at once: each must wait for its turn between two slices.
  await page.locator('#prefix').fill('The ');
  await page.locator('#write').click();
  await page.locator('#keep').click();
  await page.locator('cl-models #name').fill('From the GPU');
  await page.locator('cl-models #name').press('Enter');
  await page.locator('#windows > summary').click();
  await page.locator('#slow-start').click();
  await page.locator('#inside-text').fill('The river');
  await page.locator('#inside-text').press('Enter');
  const download = page.waitForEvent('download');
  await page.locator('#save').click();
  await download;
  await until(page, 'a text', async () => (await page.locator('cl-continuation .text').getAttribute('data-status')) === 'done', 90_000);
  await page.locator('cl-models li', { hasText: 'From the GPU' }).waitFor();
  await page.locator('cl-windows .rows li').first().waitFor();
  await page.locator('cl-slow cl-strip').waitFor();
  await until(page, 'it inside', async () => /^The␣river/.test(((await page.locator('cl-score .text').textContent().catch(() => '')) ?? '').replace(/\s/g, '')), 90_000);
  assert.equal(await device(page), 'webgpu');
  await furtherSteps(page, 2);

  // Slow motion computes on the CPU what the GPU then does.
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
  assert.match((await page.locator('cl-slow section').textContent()) ?? '', /computed on the CPU/);
  await page.locator('#slow-again').click();
  const shown = async () => Number((await page.locator('cl-slow .body').textContent())?.match(/characters: ([\d.]+)\./)?.[1]);
  await page.locator('cl-slow button[data-stage=loss]').click();
  const next = await step(page);
  await until(page, 'the present next step', async () => ((await page.locator('cl-slow .where').textContent()) ?? '').includes(`Step ${next + 1},`));
  const expected = await shown();
  await page.locator('#step').click();
  await until(page, 'the step', async () => (await step(page)) === next + 1);
  const taken = await page.evaluate(() => {
    const { app } = document.querySelector('cl-page') as unknown as { app: { runs: { current: { steps: { columns: number[][] } } } } };
    return app.runs.current.steps.columns[0]!.at(-1)!;
  });
  assert.ok(Math.abs(taken - expected) < 1e-3, `${taken} on the GPU, ${expected} in slow motion`);
  assert.deepEqual(problems, []);
  assert.equal(await page.locator('cl-notices .notice.problem').count(), 0);
  await page.context().close();
});

test('Auto leaves a software adapter alone, and does not fetch the WebGPU build for it', async () => {
  const page = await site.open({}, SMALL);
  await beginTraining(page);
  await until(page, 'the reason', async () => (await reason(page)) === 'software', 30_000);
  assert.equal(await device(page), 'cpu');
  const fetched = await page.workers()[0]!.evaluate(() =>
    performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.wasm')).length,
  );
  assert.equal(fetched, 1);
  await page.context().close();
});

/** From now on the browser's own device can be laid hands on, as its driver would, in the worker's `device`. */
async function revealDevice(page: Page): Promise<void> {
  await page.workers()[0]!.evaluate(() => {
    const scope = globalThis as unknown as {
      GPUAdapter: { prototype: { requestDevice(...args: unknown[]): Promise<unknown> } };
      device: unknown;
    };
    const { requestDevice } = scope.GPUAdapter.prototype;
    scope.GPUAdapter.prototype.requestDevice = async function (...args) {
      return (scope.device = await requestDevice.apply(this, args));
    };
  });
}

async function toWebGpu(page: Page): Promise<void> {
  await page.locator('#device-choice').selectOption('webgpu');
  await until(page, 'WebGPU', async () => (await device(page)) === 'webgpu', 240_000);
  await furtherSteps(page, 2);
}

test('a lost GPU: training goes on on the CPU, and the page says from where', async () => {
  const page = await site.open({}, SMALL);
  await beginTraining(page);
  await revealDevice(page);
  await toWebGpu(page);
  await page.workers()[0]!.evaluate(() => (globalThis as unknown as { device: { destroy(): void } }).device.destroy());
  await until(page, 'the CPU', async () => (await device(page)) === 'cpu', 30_000).catch(async (error: Error) => {
    throw new Error(`${error.message}; the page says: ${await page.locator('cl-notices .notice').allTextContents()}`);
  });
  assert.match(await why(page), /failed at step \d+/);
  assert.match((await page.locator('cl-notices .notice.problem', { hasText: 'Training goes on' }).textContent()) ?? '', /GPU failed.*from step \d+.*connection to the GPU was lost/s);
  await furtherSteps(page, 5);
  assert.equal(await page.locator('#device-choice').inputValue(), 'cpu');
  await page.context().close();
});

test('a GPU that runs out of memory while it trains: training goes on on the CPU, and the page says why', async () => {
  const page = await site.open({}, SMALL);
  await beginTraining(page);
  await revealDevice(page);
  await toWebGpu(page);
  await page.workers()[0]!.evaluate(() => {
    const scope = globalThis as unknown as {
      device: EventTarget;
      GPUUncapturedErrorEvent: new (type: string, options: { error: unknown; cancelable: boolean }) => Event;
      GPUOutOfMemoryError: new (message: string) => unknown;
    };
    const error = new scope.GPUOutOfMemoryError('nothing is left');
    scope.device.dispatchEvent(new scope.GPUUncapturedErrorEvent('uncapturederror', { error, cancelable: true }));
  });
  await until(page, 'the CPU', async () => (await device(page)) === 'cpu', 30_000).catch(async (error: Error) => {
    throw new Error(`${error.message}; the page says: ${await page.locator('cl-notices .notice').allTextContents()}`);
  });
  assert.match((await page.locator('cl-notices .notice.problem').textContent()) ?? '', /from step \d+.*memory/s);
  await furtherSteps(page, 5);
  await page.context().close();
});

test('a GPU that is lost while training pauses: whoever needs it next goes on without it', async () => {
  const page = await site.open({}, SMALL);
  await beginTraining(page);
  await revealDevice(page);
  await toWebGpu(page);
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
  await page.workers()[0]!.evaluate(() => (globalThis as unknown as { device: { destroy(): void } }).device.destroy());
  await page.locator('#write').click();
  await until(page, 'a text', async () => (await page.locator('cl-continuation .text').getAttribute('data-status')) === 'done', 30_000);
  await until(page, 'the CPU', async () => (await device(page)) === 'cpu', 30_000);
  await page.locator('cl-notices .notice.problem', { hasText: 'The GPU failed' }).waitFor();
  await page.locator('#train').click();
  await furtherSteps(page, 5);
  await page.context().close();
});

test('a GPU without memory for the model: it says so, and training stays on the CPU', async () => {
  const page = await site.open({}, SMALL);
  await beginTraining(page);
  await page.workers()[0]!.evaluate(() => {
    const scope = globalThis as unknown as {
      GPUDevice: { prototype: { popErrorScope(): Promise<unknown> } };
      GPUOutOfMemoryError: new (message: string) => unknown;
    };
    const { popErrorScope } = scope.GPUDevice.prototype;
    scope.GPUDevice.prototype.popErrorScope = async function () {
      await popErrorScope.call(this);
      return new scope.GPUOutOfMemoryError('nothing is left');
    };
  });
  await page.locator('#device-choice').selectOption('webgpu');
  const notice = page.locator('cl-notices .notice.problem');
  await notice.waitFor();
  assert.match((await notice.textContent()) ?? '', /memory/);
  assert.equal(await device(page), 'cpu');
  assert.equal(await page.locator('#device-choice').inputValue(), 'auto');
  await furtherSteps(page, 5);
  await page.context().close();
});

for (const backend of ['cpu', 'webgpu'] as const) {
  test(`a tab that the browser freezes in the background trains on when it is looked at again: ${backend}`, async () => {
    const page = await site.open({}, SMALL);
    await beginTraining(page);
    if (backend === 'webgpu') await toWebGpu(page);
    const steps = await recordSteps(page);
    const session = await page.context().newCDPSession(page);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    // A frozen page cannot be waited with.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await furtherSteps(page, 5);
    const seen = await steps();
    assert.deepEqual(seen, seen.toSorted((a, b) => a - b), 'never back');
    assert.equal(await device(page), backend);
    assert.equal(await page.locator('cl-notices .notice.problem').count(), 0);
    await page.context().close();
  });
}

test('without WebGPU, choosing it says so, and training stays on the CPU', async () => {
  const page = await without.open({}, SMALL);
  await beginTraining(page);
  await until(page, 'the reason', async () => (await reason(page)) === 'unavailable', 30_000);
  await page.locator('#device-choice').selectOption('webgpu');
  const notice = page.locator('cl-notices .notice[data-code="no-adapter"]');
  await notice.waitFor();
  assert.match((await notice.textContent()) ?? '', /no GPU/);
  assert.equal(await device(page), 'cpu');
  assert.equal(await page.locator('#device-choice').inputValue(), 'auto');
  await furtherSteps(page, 5);
  await page.context().close();
});

test('a link that asks for WebGPU still works without it', async () => {
  const page = await without.open({ locale: 'zh-CN' }, `${SMALL}&backend=webgpu`);
  await page.locator('cl-notices .notice[data-code="no-adapter"]').waitFor();
  await beginTraining(page);
  assert.equal(await device(page), 'cpu');
  await page.context().close();
});
