/** Whether the page's main thread answers, and whether drawing leaves the state alone. */
import type { Page } from 'playwright-core';

/** A main thread that is silent for this long hangs: no machine is so slow. */
export const HANGS_AFTER = 30_000;

/** Does something with the page; fails where the page stops answering. */
export async function answering<T>(what: string, action: Promise<T>, within = HANGS_AFTER): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The page hangs: no answer within ${within} ms after: ${what}`)), within);
  });
  // Where it hangs the action may fail later, when the page is closed.
  action.catch(() => undefined);
  try {
    return await Promise.race([action, hung]);
  } finally {
    clearTimeout(timer);
  }
}

/** Updates of one element between two tasks: more than a few are a circle. */
const MOST_UPDATES = 50;

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
    const performing = owner('performUpdate');
    const performUpdate = performing['performUpdate']!;
    performing['performUpdate'] = function (...values) {
      if (!counts.size) setTimeout(() => counts.clear());
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
