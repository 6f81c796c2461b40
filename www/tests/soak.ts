/**
 * What only hours show: `cargo xtask soak`. Prints a line of JSON for each part, what it is doing to stderr.
 *
 * Each part is left out where its number is 0.
 *
 * 1. One page trains for SOAK_MINUTES; its renderer's memory must not grow.
 * 2. SOAK_TABS tabs are ended at a random moment, as a crash ends them; each must be resumed from its last autosave.
 * 3. SOAK_LOSSES times the GPU is lost at a random step; the model must go on.
 */
import { readFileSync } from 'node:fs';
import type { CDPSession, Page } from 'playwright-core';
import type { AppState } from '../src/state/appstate.ts';
import { openSite, until, type Site } from './browser.ts';

/** What is read of the page, by its own types: a soak runs too seldom to be found out of date by running. */
type Read = Pick<AppState, 'position' | 'saved' | 'models' | 'device'>;

interface Told {
  step: number;
  saved: AppState['saved'];
  /** Where it trains: cpu or webgpu. */
  device: string | null;
}

const wanted = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const tell = (what: string) => process.stderr.write(`soak: ${what}\n`);
const report = (what: string, ok: boolean, figures: Record<string, number | string>) =>
  console.log(JSON.stringify({ what, ok, figures }));
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const between = (low: number, high: number) => low + Math.random() * (high - low);
/** A machine that does other things besides may take long for a state to come. */
const PATIENCE = 900_000;
const SMALL = '#model.hidden_size=16&train.epochs=0';
/** A step that a GPU made of software takes in a moment. */
const TINY = '#model.hidden_size=8&train.batch_size=4&train.steps=4&train.epochs=0';

const told = (page: Page): Promise<Told> =>
  page.evaluate(() => {
    const { state } = (document.querySelector('cl-page') as unknown as { app: { state: Read } }).app;
    return { step: state.position?.step ?? 0, saved: state.saved, device: state.device?.backend ?? null };
  }).catch(() => Promise.reject(new Error('the page does not answer')));

async function begin(page: Page): Promise<void> {
  await page.locator('#train:enabled').click({ timeout: PATIENCE });
  const { step } = await told(page);
  await until(page, 'some steps', async () => (await told(page)).step > step + 3, PATIENCE);
}

/** Megabytes that the page's process holds, and those of them that are its JavaScript heap. */
async function memory(session: CDPSession, pid: number): Promise<{ process: number; heap: number }> {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? 0;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return { process: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024, heap: heap / 2 ** 20 };
}

/** The process of the only page: of those that render, the one that has worked most. */
async function rendererOf(site: Site): Promise<number> {
  const session = await site.browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  return renderers.toSorted((a, b) => b.cpuTime - a.cpuTime)[0]!.id;
}

async function trainForLong(site: Site, minutes: number): Promise<void> {
  const page = await site.open({}, '#train.epochs=0');
  await begin(page);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  await page.waitForTimeout(5000);
  const pid = await rendererOf(site);
  const samples: { process: number; heap: number }[] = [];
  const pause = (minutes * 60_000) / 60;
  for (let i = 0; i < 60; i++) {
    // What is out of sight rests: all of the page is seen in each quarter.
    await page.evaluate((part) => scrollTo(0, part * document.documentElement.scrollHeight), (i % 15) / 15);
    await page.waitForTimeout(pause);
    samples.push(await memory(session, pid));
    if (i % 6 === 5) tell(`minute ${((i + 1) * minutes) / 60}: ${samples.at(-1)!.process.toFixed(0)} MB, ${(await told(page)).step} steps`);
  }
  const of = (from: number, to: number, which: 'process' | 'heap') => median(samples.slice(from, to).map((each) => each[which]));
  // The first quarter is the warm-up: charts fill, code is compiled.
  const [early, late] = [of(15, 30, 'process'), of(45, 60, 'process')];
  const [heapEarly, heapLate] = [of(15, 30, 'heap'), of(45, 60, 'heap')];
  const { step } = await told(page);
  report('memory while one page trains', late <= early * 1.05 + 10 && heapLate <= heapEarly * 1.1 + 2, {
    minutes,
    steps: step,
    'MB in the second quarter': Math.round(early),
    'in the last': Math.round(late),
    'heap MB in the second quarter': Number(heapEarly.toFixed(1)),
    'heap in the last': Number(heapLate.toFixed(1)),
  });
  await page.context().close();
}

async function endTabs(site: Site, tabs: number): Promise<void> {
  const context = await site.browser.newContext({ locale: 'en-US' });
  context.setDefaultTimeout(PATIENCE);
  let page = await context.newPage();
  await page.goto(site.url + SMALL);
  await begin(page);
  let [resumed, mostLost, longest] = [0, 0, 0];
  for (let i = 0; i < tabs; i++) {
    // What this tab has told before it ends.
    let now = await told(page);
    const end = Date.now() + between(500, 20_000);
    while (Date.now() < end || now.saved === null) {
      await page.waitForTimeout(100);
      now = await told(page);
      if (Date.now() > end + PATIENCE) throw new Error('no autosave ever came');
    }
    const session = await context.newCDPSession(page);
    const crashed = page.waitForEvent('crash');
    session.send('Page.crash').catch(() => {});
    await crashed;
    const ended = Date.now();
    await page.close();

    page = await context.newPage();
    await page.goto(site.url);
    await page.locator('#resume').waitFor({ timeout: PATIENCE });
    const kept = await page.evaluate(() => {
      const { state } = (document.querySelector('cl-page') as unknown as { app: { state: Read } }).app;
      return state.models.filter(({ kind }) => kind === 'auto').toSorted((a, b) => b.updated - a.updated)[0];
    });
    await page.locator('#resume').click();
    await page.locator('#resume-offer').waitFor({ state: 'detached', timeout: PATIENCE });
    const { step } = await told(page);
    if (kept && kept.updated >= now.saved.at && kept.position.step >= now.saved.step && step === kept.position.step) resumed++;
    else tell(`tab ${i + 1}: saved at step ${now.saved.step}, told step ${now.step}; kept ${JSON.stringify(kept)?.slice(0, 200)}; resumed at ${step}`);
    mostLost = Math.max(mostLost, now.step - step);
    if (kept) longest = Math.max(longest, (ended - kept.updated) / 1000);
    await begin(page);
    if (i % 10 === 9) tell(`${i + 1} tabs ended, ${resumed} resumed`);
  }
  report('tabs ended at a random moment and resumed within the last autosave', resumed === tabs, {
    tabs,
    resumed,
    'most steps to train again': mostLost,
    'longest since a save, in seconds': Number(longest.toFixed(1)),
  });
  await context.close();
}

async function loseGpus(site: Site, losses: number): Promise<void> {
  const page = await site.open({}, TINY);
  await begin(page);
  await page.workers()[0]!.evaluate(() => {
    const scope = globalThis as unknown as { GPUAdapter: { prototype: { requestDevice(...args: unknown[]): Promise<unknown> } }; device: unknown };
    const { requestDevice } = scope.GPUAdapter.prototype;
    scope.GPUAdapter.prototype.requestDevice = async function (...args) {
      return (scope.device = await requestDevice.apply(this, args));
    };
  });
  let [kept, mostAgain] = [0, 0];
  for (let i = 0; i < losses; i++) {
    await page.locator('#device-choice').selectOption('webgpu');
    await until(page, 'WebGPU', async () => (await told(page)).device === 'webgpu', PATIENCE);
    const { step: first } = await told(page);
    const random = first + between(1, 40);
    await until(page, 'a random step', async () => (await told(page)).step >= random, PATIENCE);
    const before = await told(page);
    await page.workers()[0]!.evaluate(() => (globalThis as unknown as { device: { destroy(): void } }).device.destroy());
    await until(page, 'the CPU', async () => (await told(page)).device === 'cpu', PATIENCE);
    const after = await told(page);
    mostAgain = Math.max(mostAgain, before.step - after.step);
    await until(page, 'further steps', async () => (await told(page)).step > before.step + 3, PATIENCE);
    const loss = Number.parseFloat((await page.locator('#loss').textContent()) ?? '');
    if (after.step >= first && Number.isFinite(loss)) kept++;
    else tell(`loss ${i + 1}: at step ${before.step}, then at ${after.step}, a loss of ${loss}`);
    if (i % 10 === 9) tell(`${i + 1} GPUs lost, ${kept} models kept`);
  }
  report('GPUs lost at a random step without a lost model', kept === losses, {
    losses,
    kept,
    'most steps to train again': mostAgain,
  });
  await page.context().close();
}

const site = await openSite();
try {
  const [minutes, tabs, losses] = [wanted('SOAK_MINUTES', 60), wanted('SOAK_TABS', 50), wanted('SOAK_LOSSES', 100)];
  if (minutes) await trainForLong(site, minutes);
  if (tabs) await endTabs(site, tabs);
  if (losses) await loseGpus(site, losses);
} finally {
  await site.close();
}
