/** Whether everything fits the window's width, and what does not. */
import type { Page } from 'playwright-core';

/**
 * The deepest elements that reach beyond the window, through shadow roots. What an ancestor clips or scrolls does not
 * count: that ancestor is measured itself.
 */
export function stickingOut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const parent = (element: Element) => element.parentElement ?? ((element.getRootNode() as ShadowRoot).host as Element | undefined) ?? null;
    const path = (element: Element) => {
      const names: string[] = [];
      for (let each: Element | null = element; each && names.length < 6; each = parent(each)) {
        const name = each.classList[0];
        names.unshift(each.localName + (each.id ? `#${each.id}` : name ? `.${name}` : ''));
      }
      return names.join(' > ');
    };
    /** Answers whether anything in here was reported. */
    const visit = (element: Element): boolean => {
      const style = getComputedStyle(element);
      // Not drawn; also what a closed disclosure holds.
      if (!element.checkVisibility() && style.display !== 'contents') return false;
      const clips = style.overflowX !== 'visible';
      let inside = false;
      if (!clips) for (const child of element.shadowRoot?.children ?? element.children) inside = visit(child) || inside;
      if (inside) return true;
      const { left, right, width } = element.getBoundingClientRect();
      const beyond = Math.max(right - innerWidth, -left);
      if (width === 0 || style.position === 'fixed' || beyond <= 0.5) return false;
      found.push(`${path(element)}: ${Math.round(beyond)} px beyond the window (${JSON.stringify((element.textContent ?? '').trim().slice(0, 60))})`);
      return true;
    };
    visit(document.body);
    const overflow = document.documentElement.scrollWidth - innerWidth;
    if (overflow > 0 && !found.length) found.push(`the page is ${overflow} px wider than the window`);
    return found;
  });
}

/** Texts that are cut off where nobody can scroll to the rest: by their own box, or by one around them. */
export function cut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const visit = (element: Element): void => {
      const style = getComputedStyle(element);
      // Not drawn, or for screen readers only.
      if (!element.checkVisibility({ visibilityProperty: true }) && style.display !== 'contents') return;
      if (style.clipPath !== 'none') return;
      const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      const hides = style.overflowX === 'hidden' || style.overflowX === 'clip';
      // What is drawn around a word to make it easier to touch may reach out; its letters may not.
      const range = document.createRange();
      range.selectNodeContents(element);
      const letters = range.getBoundingClientRect().right - element.getBoundingClientRect().right;
      const beyond = Math.min(element.scrollWidth - element.clientWidth, Math.ceil(letters));
      if (hides && beyond > 1 && element.clientWidth > 0 && element.textContent?.trim()) {
        found.push(`${element.localName}.${element.className}: ${beyond} px of ${JSON.stringify(element.textContent.trim().slice(0, 50))}`);
      } else if (own && element instanceof HTMLButtonElement && beyond > 1) {
        found.push(`button: ${beyond} px of ${JSON.stringify(element.textContent!.trim())}`);
      }
      // What somebody wrote may be longer than its field; a number that the page offers may not.
      if (element instanceof HTMLInputElement && element.type === 'number' && element.scrollWidth - element.clientWidth > 1) {
        found.push(`input#${element.id}: ${element.scrollWidth - element.clientWidth} px of ${element.value}`);
      }
      for (const child of [...(element.shadowRoot?.children ?? []), ...element.children]) visit(child);
    };
    visit(document.body);
    return found;
  });
}

/** Controls and texts that lie upon each other, in the header, the run bar and the cards. */
export function overlapping(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const shown: { element: Element; box: DOMRect; name: string }[] = [];
    const visit = (element: Element, place: string): void => {
      const style = getComputedStyle(element);
      if (!element.checkVisibility({ visibilityProperty: true }) && style.display !== 'contents') return;
      if (style.clipPath !== 'none') return;
      // What floats above the page, and what is drawn rather than set, may.
      if (style.position === 'fixed' || style.position === 'absolute' || /^(svg|canvas|dialog|cl-chart|cl-score)$/.test(element.localName)) return;
      const here = element.localName.startsWith('cl-') ? element.localName : place;
      const leaf = /^(button|input|select|textarea|h1|h2|h3|dt|dd|summary|label)$/.test(element.localName);
      const box = element.getBoundingClientRect();
      if (leaf && box.width > 1 && box.height > 1) {
        const clash = shown.find(
          (other) =>
            other.name.startsWith(here) && !other.element.contains(element) &&
            Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left) > 1 &&
            Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top) > 1,
        );
        const name = `${here} ${element.localName} ${JSON.stringify((element.textContent ?? '').trim().slice(0, 24))}`;
        if (clash) found.push(`${name} lies on ${clash.name}`);
        shown.push({ element, box, name });
      }
      for (const child of [...(element.shadowRoot?.children ?? []), ...element.children]) visit(child, here);
    };
    visit(document.body, 'page');
    return found;
  });
}

/** Another machine's fonts: every text `scale` times as large, and set wider by the same share. */
export async function widenText(page: Page, scale: number): Promise<void> {
  await page.evaluate((factor) => {
    const sizes: [HTMLElement | SVGElement, string][] = [];
    const visit = (element: Element) => {
      if (element instanceof HTMLElement) sizes.push([element, `${Number.parseFloat(getComputedStyle(element).fontSize) * factor}px`]);
      for (const child of [...(element.shadowRoot?.children ?? []), ...element.children]) visit(child);
    };
    visit(document.body);
    for (const [element, size] of sizes) {
      element.style.setProperty('font-size', size, 'important');
      element.style.setProperty('letter-spacing', `${(factor - 1) / 2}em`, 'important');
    }
  }, scale);
}

/** The longest that each variable text may become: numbers of a long run, a talkative GPU, a file name without a break. */
export async function crowd(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { app } = document.querySelector('cl-page') as unknown as { app: Crowded };
    const run = app.runs.current;
    run.charactersPerSecond = 1_234_567;
    run.steps.columns[0]!.push(...Array.from({ length: 10 }, () => 12_345.678));
    run.epochs.push({ ...run.epochs.at(-1)!, epoch: 123_456, perplexity: 123_456_789 });
    const adapter = 'ANGLE (NVIDIA Corporation, NVIDIA GeForce RTX 3070 Laptop GPU)';
    app.store.set({
      device: {
        wish: 'auto',
        backend: 'cpu',
        build: 'relaxed',
        choice: { reason: 'slower', adapter, cpu_ms: 1234.5, gpu_ms: 4567.8, failure: { code: 'device-lost', message: 'lost-without-a-break-'.repeat(9) }, step: null },
      },
      position: { epoch: 123_456, step: 12_345_678, batch: 3, batches_per_epoch: 10 },
    });
    app.notices.add('problem', 'notice.loaded', { name: `${'a_name_without_any_break_'.repeat(5)}.safetensors` });
    app.runs.touch();
  });
}

interface Crowded {
  runs: {
    current: { charactersPerSecond: number; steps: { columns: number[][] }; epochs: { epoch: number; perplexity: number }[] };
    touch(): void;
  };
  store: { set(patch: object): void };
  notices: { add(kind: string, key: string, values: object): void };
}
