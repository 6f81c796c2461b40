/** Whether the page's main thread answers, and whether drawing leaves the state alone. */
import { existsSync, readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

/** So long between two looks at a page that does not answer. */
const LOOK_EVERY_MS = 10_000;
/** A main thread that works for so long without answering hangs. */
const MOST_WORK_S = 10;
/** Where work cannot be measured, and at the very latest. */
const LONGEST_MS = 300_000;

/** Processor seconds of each page's main thread, by process; empty where the system does not tell. */
async function workOfMainThreads(page: Page): Promise<Map<number, number>> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const work = new Map<number, number>();
  for (const { type, id } of processInfo) {
    const file = `/proc/${id}/task/${id}/stat`;
    if (type !== 'renderer' || !existsSync(file)) continue;
    // After the name, which may hold anything but ends with a bracket: user and system time in hundredths of a second.
    const fields = readFileSync(file, 'utf8').split(') ').at(-1)!.split(' ');
    work.set(id, (Number(fields[11]) + Number(fields[12])) / 100);
  }
  return work;
}

/**
 * Does something with the page; fails where the page hangs. Waiting for a processor is not hanging: on a loaded machine
 * an answer may take minutes. What counts is how much the main thread worked without answering.
 */
export async function answering<T>(page: Page, what: string, action: Promise<T>): Promise<T> {
  const started = Date.now();
  let before: Map<number, number> | null = null;
  // Where it hangs the action may fail later, when the page is closed.
  action.catch(() => undefined);
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const look = new Promise<'look'>((resolve) => (timer = setTimeout(() => resolve('look'), LOOK_EVERY_MS)));
    const answer = await Promise.race([action, look]).finally(() => clearTimeout(timer));
    if (answer !== 'look') return answer as T;
    const work = await workOfMainThreads(page);
    before ??= work;
    const most = Math.max(0, ...[...work].map(([id, seconds]) => seconds - (before!.get(id) ?? seconds)));
    if (most < MOST_WORK_S && Date.now() - started < LONGEST_MS) continue;
    throw new Error(`The page hangs: no answer for ${Math.round((Date.now() - started) / 1000)} s, ${most.toFixed(0)} s of them at work, after: ${what}`);
  }
}

/**
 * Updates of one element until a message to itself arrives: so many are a circle. On a loaded machine the page may first
 * have to work off what its worker told it meanwhile, but never so much.
 */
const MOST_UPDATES = 2000;

/**
 * From now on watches every element of the page. Drawing must change no state: not in render, not after an update, not
 * in a chain of updates that each cause the next. What does is named by `fedBack`, and such a chain is cut.
 */
export async function watchFeedback(page: Page): Promise<void> {
  await page.evaluate((most) => {
    type Element = HTMLElement & { isUpdatePending: boolean };
    type Prototype = Record<string, (this: Element, ...values: unknown[]) => unknown>;
    const found = new Set<string>();
    (window as unknown as { fedBack: Set<string> }).fedBack = found;
    const owner = (method: string): Prototype => {
      let prototype = customElements.get('cl-page')!.prototype as object;
      while (!Object.hasOwn(prototype, method)) prototype = Object.getPrototypeOf(prototype) as object;
      return prototype as Prototype;
    };
    const drawing: Element[] = [];
    const withUpdate = owner('update');
    const update = withUpdate['update']!;
    withUpdate['update'] = function (...values) {
      drawing.push(this);
      try {
        return update.apply(this, values);
      } finally {
        drawing.pop();
      }
    };
    const requesting = owner('requestUpdate');
    const requestUpdate = requesting['requestUpdate']!;
    requesting['requestUpdate'] = function (...values) {
      const [name, before] = values as [keyof Element | undefined, unknown];
      if (name && drawing.at(-1) === this && !Object.is(this[name], before)) found.add(`${this.localName}: ${name} is set while it is drawn`);
      return requestUpdate.apply(this, values);
    };
    const counts = new Map<Element, number>();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => counts.clear();
    const performing = owner('performUpdate');
    const performUpdate = performing['performUpdate']!;
    performing['performUpdate'] = function (...values) {
      if (!counts.size) port2.postMessage(null);
      const count = (counts.get(this) ?? 0) + 1;
      counts.set(this, count);
      if (count > most) {
        found.add(`${this.localName} is updated again and again without end`);
        throw new Error(`${this.localName}: an endless chain of updates was cut`);
      }
      const answer = performUpdate.apply(this, values);
      if (this.isUpdatePending) found.add(`${this.localName}: an update asks for the next`);
      return answer;
    };
  }, MOST_UPDATES);
}

export function fedBack(page: Page): Promise<string[]> {
  return page.evaluate(() => [...(window as unknown as { fedBack: Set<string> }).fedBack]);
}
