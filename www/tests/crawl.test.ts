/**
 * The page under a visitor who tries everything, at four widths, before, during and after training. Everyday three
 * minutes on a busy machine; CHARLOOM_ALL=1 tries twenty times as much. CHARLOOM_SEED chooses another visitor. A failure prints its seed and what was done;
 * saved to a file and named in CHARLOOM_REPLAY, that is done again, and nothing else.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openSite, until, type Site } from './browser.ts';
import { Crawler, randomOf, type Deed } from './crawler.ts';

const WIDTHS = [320, 768, 1024, 1440] as const;
const ALL = process.env['CHARLOOM_ALL'] === '1';
/** Deeds in each of the three phases of each width. */
const DEEDS = ALL ? 240 : 12;
/** After so many deeds it trains again, whatever the visitor did to it. */
const STRETCH = 20;
const SEED = Number(process.env['CHARLOOM_SEED'] ?? 20);
const REPLAY = process.env['CHARLOOM_REPLAY'];

let site: Site;

before(async () => {
  site = await openSite();
});

after(async () => {
  await site?.close();
});

/** The visitor may have done anything to the run: it trains or rests, or the page says why not and offers what can be done. */
async function makeSure(page: Page, button: 'train' | 'pause'): Promise<void> {
  const press = (what: string) => page.locator(what).evaluateAll((found: HTMLElement[]) => found[0]?.click());
  await page.keyboard.press('Escape');
  if (!(await page.locator(`#${button}:enabled`).count())) return;
  await press(`#${button}:enabled`);
  const other = page.locator(button === 'train' ? '#pause' : '#train');
  await until(page, `an answer to ${button}`, async () => (await other.count()) > 0 || (await page.locator('cl-notices .notice').count()) > 0);
  // All epochs that were asked for are done: there may be more.
  if (button === 'train' && !(await other.count())) await press('cl-notices .notice > button.primary:not(#resume)');
}

for (const width of WIDTHS) {
  const touch = width < 1024;
  test(`whatever is tried at ${width} px, the page answers`, async () => {
    const page = await site.open({ viewport: { width, height: width < 700 ? 700 : 900 }, hasTouch: touch, locale: width === 768 ? 'zh-CN' : 'en-US' }, '#model.hidden_size=32');
    await page.locator('#train:enabled').waitFor();
    const crawler = new Crawler(page, randomOf(SEED + width), touch);
    const phases: string[] = [];
    try {
      const recorded = REPLAY ? readLog(REPLAY, width) : null;
      for (const phase of ['before', 'during', 'after'] as const) {
        phases.push(`${phase} from deed ${crawler.log.length}`);
        const deeds = recorded?.[phase] ?? null;
        const count = deeds?.length ?? DEEDS;
        if (phase === 'after') await makeSure(page, 'pause');
        for (let from = 0; from < count; from += STRETCH) {
          if (phase === 'during') await makeSure(page, 'train');
          await crawler.crawl(Math.min(STRETCH, count - from), deeds && deeds.slice(from, from + STRETCH));
        }
      }
    } catch (error) {
      const head = JSON.stringify({ seed: SEED, width, phases });
      throw new Error(`${(error as Error).message}\n\nWhat was done (CHARLOOM_SEED=${SEED}):\n${[head, ...crawler.log].join('\n')}`);
    }
    console.log(`${width} px, seed ${SEED}: ${crawler.log.length} deeds, ${crawler.seen} things visited`);
    if (!REPLAY) assert.ok(crawler.seen >= (ALL ? 60 : 20), `only ${crawler.seen} things were found`);
    await page.context().close();
  });
}

/** What a failure printed, by phase; nothing of other widths. */
function readLog(file: string, width: number): Record<'before' | 'during' | 'after', Deed[]> {
  const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line.startsWith('{'));
  const head = JSON.parse(lines[0]!) as { width: number; phases: string[] };
  const phases = { before: [] as Deed[], during: [] as Deed[], after: [] as Deed[] };
  if (head.width !== width) return phases;
  const deeds = lines.slice(1).map((line) => JSON.parse(line) as Deed);
  const starts = head.phases.map((phase) => [phase.split(' ')[0]!, Number(phase.split(' ').at(-1))] as const);
  starts.forEach(([phase, from], i) => (phases[phase as keyof typeof phases] = deeds.slice(from, starts[i + 1]?.[1])));
  return phases;
}
