/**
 * A visitor who tries everything: whatever the page offers to point at, press, drag or type into is visited, those
 * least visited first, in an order that a seed decides. After each deed the page must have answered, shown no raw
 * error, and drawn without changing its own state.
 *
 * When is an answer too late? Clocks on a loaded machine measure the machine. So three things must come together, three
 * times in a row for the same deed: the next frame was drawn too long after an event, the page's main thread itself
 * worked for as long in processor time meanwhile (what Chromium counts as thread time: waiting for a processor
 * is not in it), and no part of the page was being fetched. Each event is measured by itself, and what the crawler
 * looks up in the page comes before. Where others use the same core and its caches the same work takes more processor
 * time: a fixed piece of work, measured when the page opens and again where an answer is late, says how much more.
 * A main thread that works for ten seconds without answering hangs (answers.ts).
 */
import type { CDPSession, Page } from 'playwright-core';
import { answering, fedBack, watchFeedback } from './answers.ts';

/** The 100 ms are asked of a quiet machine; on one that does other things at the same time, work takes several times as long. */
const ANSWERS_WITHIN_MS = process.env['CHARLOOM_ALL'] === '1' ? 100 : 1000;
const TRIES = 3;

/** mulberry32: the same seed, the same deeds. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Kind = 'hover' | 'click' | 'tap' | 'drag' | 'key' | 'type' | 'choose' | 'wheel';

export interface Deed {
  /** What it was done to: the way through the components, ending in the element. */
  path: string;
  /** Which of those that have this path. */
  nth: number;
  kind: Kind;
  /** Where, as shares of width and height; a drag ends at the second pair. */
  at: [number, number, number, number];
  /** Key, text, or number of the choice. */
  value: string;
}

interface Found {
  path: string;
  nth: number;
  tag: string;
  type: string;
  leaves: boolean;
}

const KEYS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown', 'Enter', 'Space', 'Escape', 'Tab', 'Shift+Tab'];
const TYPED = ['', '0', '1', '-1', '7', '0.5', '24', '1e9', 'abc', '春天', 'The night'];
const RAW = /\bundefined\b|\[object |\bNaN\b|TypeError|ReferenceError|RuntimeError|RangeError|Cannot (read|destructure|access)|is not a function|is not defined|unknown variant|unreachable|panicked/;

/** What the page keeps for the crawler. */
interface Watching {
  found: Element[];
  latest: number;
  /** Ends when the frame after the latest event has been drawn. */
  answer: Promise<void>;
}

export class Crawler {
  readonly log: string[] = [];
  private readonly visits = new Map<string, number>();
  private readonly errors: string[] = [];
  private thread: CDPSession | undefined;
  /** Processor time of the fixed piece of work, at best: milliseconds. */
  private pace = Infinity;

  constructor(
    private readonly page: Page,
    private readonly random: () => number,
    private readonly touch: boolean,
  ) {
    page.on('pageerror', (error) => this.errors.push(`page error: ${error.stack ?? error.message}`));
  }

  /** Distinct things visited. */
  get seen(): number {
    return this.visits.size;
  }

  /** Does so many things, or those that were recorded. */
  async crawl(count: number, recorded: readonly Deed[] | null = null): Promise<void> {
    for (let i = 0; i < (recorded?.length ?? count); i++) {
      await this.watch();
      const deed = recorded ? recorded[i]! : await this.decide();
      try {
        if (deed) await this.check(deed);
      } catch (error) {
        // The deed loaded the page anew.
        if (!/context was destroyed|navigation/i.test((error as Error).message)) throw error;
        await this.page.locator('cl-page').waitFor();
      }
    }
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!;
  }

  /** Listens in the page, again where it was loaded anew. */
  private async watch(): Promise<void> {
    if (!this.thread) {
      this.thread = await this.page.context().newCDPSession(this.page);
      await this.thread.send('Performance.enable', { timeDomain: 'threadTicks' });
    }
    const watched = await answering(this.page, 'looking at the page', this.page.evaluate(() => 'crawled' in window && customElements.get('cl-page') !== undefined));
    if (watched) return;
    await this.page.locator('cl-page').waitFor();
    await watchFeedback(this.page);
    await this.slowness();
    await this.page.evaluate(() => {
      const watching: Watching = { found: [], latest: 0, answer: Promise.resolve() };
      (window as unknown as { crawled: Watching }).crawled = watching;
      const channel = new MessageChannel();
      let since = 0;
      let answered = () => {};
      channel.port1.onmessage = () => {
        watching.latest = Math.max(watching.latest, performance.now() - since);
        since = 0;
        answered();
      };
      const start = () => {
        if (since) return;
        since = performance.now();
        watching.answer = new Promise((resolve) => (answered = resolve));
        // Styles, layout and whatever is drawn once a frame come after this call, and before the message.
        requestAnimationFrame(() => channel.port2.postMessage(null));
      };
      for (const name of ['pointermove', 'pointerdown', 'pointerup', 'click', 'keydown', 'input', 'change', 'wheel', 'touchstart']) {
        window.addEventListener(name, start, { capture: true, passive: true });
      }
    });
  }

  /** Everything in the page that can be used, or answers to being pointed at. */
  private look(): Promise<Found[]> {
    const look = this.page.evaluate(() => {
      const usable = 'button, a[href], input, select, textarea, summary, canvas, [tabindex], [role=slider], [data-index], table tr';
      const watching = (window as unknown as { crawled: Watching }).crawled;
      watching.found = [];
      const counts = new Map<string, number>();
      const found: Found[] = [];
      const visit = (root: Element | ShadowRoot, way: string) => {
        for (const element of root.children) {
          const name = element.id ? `${element.localName}#${element.id}` : element.localName;
          const here = element.localName.startsWith('cl-') ? `${way} ${name}` : way;
          const hidden = element.hasAttribute('inert') || getComputedStyle(element).display === 'none';
          if (hidden) continue;
          if (element.matches(usable) && !element.matches(':disabled')) {
            const { width, height } = element.getBoundingClientRect();
            if (width > 0 && height > 0) {
              const option = element.getAttribute('data-path') ?? '';
              const path = `${here} ${option}${name}`.trim();
              const nth = counts.get(path) ?? 0;
              counts.set(path, nth + 1);
              watching.found.push(element);
              const leaves = element instanceof HTMLAnchorElement && !element.getAttribute('href')!.startsWith('#') && !element.download;
              found.push({ path, nth, tag: element.localName, type: (element as HTMLInputElement).type ?? '', leaves });
            }
          }
          if (element.shadowRoot) visit(element.shadowRoot, `${here}${element.getAttribute('data-path') ? `[${element.getAttribute('data-path')}]` : ''}`);
          visit(element, here);
        }
      };
      visit(document.body, '');
      return found;
    });
    return answering(this.page, 'looking for what can be used', look);
  }

  private async decide(): Promise<Deed | null> {
    const found = await this.look();
    if (!found.length) return null;
    const paths = [...new Set(found.map(({ path }) => path))];
    const fewest = Math.min(...paths.map((path) => this.visits.get(path) ?? 0));
    const path = this.pick(paths.filter((each) => (this.visits.get(each) ?? 0) === fewest));
    const element = this.pick(found.filter((each) => each.path === path));
    const { tag, type, leaves } = element;
    const kinds: Kind[] = ['hover', 'drag', 'key', 'wheel'];
    // A file dialog would wait for someone.
    if (!leaves && type !== 'file') kinds.push('click', 'click', ...(this.touch ? (['tap', 'tap'] as const) : []));
    if (tag === 'select') kinds.push('choose', 'choose', 'choose');
    if (tag === 'textarea' || ['text', 'number', 'search'].includes(type)) kinds.push('type', 'type', 'type');
    const kind = this.pick(kinds);
    const value = kind === 'key' ? this.pick(leaves ? KEYS.filter((key) => key !== 'Enter') : KEYS) : kind === 'type' ? this.pick(TYPED) : String(Math.floor(this.random() * 10));
    return { path, nth: element.nth, kind, at: [this.random(), this.random(), this.random(), this.random()], value };
  }

  /** Does it, and does it again where the answer came too late: only what is late each time is slow. */
  private async check(deed: Deed): Promise<void> {
    this.visits.set(deed.path, (this.visits.get(deed.path) ?? 0) + 1);
    this.log.push(JSON.stringify(deed));
    const late: string[] = [];
    while (late.length < TRIES) {
      const { latest, worked, fetched } = await this.timed(deed);
      if (latest <= ANSWERS_WITHIN_MS || worked <= ANSWERS_WITHIN_MS || fetched) break;
      if (worked / (await this.slowness()) <= ANSWERS_WITHIN_MS) break;
      late.push(`${latest.toFixed(0)} ms (${worked.toFixed(0)} ms of work)`);
    }
    if (late.length === TRIES) this.errors.push(`answered late each time: ${late.join(', ')}`);
    for (const raw of await answering(this.page, 'reading the page', this.rawErrors())) this.errors.push(`raw error on the page: ${raw}`);
    for (const circle of await answering(this.page, 'asking for circles', fedBack(this.page).catch(() => []))) this.errors.push(`fed back: ${circle}`);
    if (this.errors.length) throw new Error(`${this.errors.join('\n')}\nafter ${JSON.stringify(deed)}`);
  }

  private async work(): Promise<number> {
    const { metrics } = await this.thread!.send('Performance.getMetrics');
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
  }

  /** How many times as long as at best the main thread takes now for the same work. */
  private async slowness(): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const started = await this.work();
      await this.page.evaluate(() => Array.from({ length: 40_000 }, (_, i) => `${(i * 7919) % 40_009}`).sort().length).catch(() => 0);
      times.push((await this.work()) - started);
    }
    this.pace = Math.min(this.pace, ...times);
    return times.sort((a, b) => a - b)[1]! / this.pace;
  }

  /** The event of the deed that was answered last, and the processor time that went by until then. */
  private async timed(deed: Deed): Promise<{ latest: number; worked: number; fetched: boolean }> {
    const slowest = { latest: 0, worked: 0, fetched: false };
    for (const event of await this.eventsOf(deed)) {
      const before = await this.page
        .evaluate(() => {
          const watching = (window as unknown as { crawled?: Watching }).crawled;
          if (watching) watching.latest = 0;
          return performance.getEntriesByType('resource').length;
        })
        .catch(() => 0);
      const [started, clock] = [await this.work(), performance.now()];
      await answering(this.page, JSON.stringify(deed), event());
      const state = async () => {
        const watching = (window as unknown as { crawled?: Watching }).crawled;
        await watching?.answer;
        return { latest: watching?.latest ?? 0, resources: performance.getEntriesByType('resource').length };
      };
      const after = await answering(this.page, `an answer after ${JSON.stringify(deed)}`, this.page.evaluate(state).catch(() => ({ latest: 0, resources: -1 })));
      // Between this clock's two ends lies more than the answer, such as other frames of a training.
      const share = Math.min(1, after.latest / (performance.now() - clock));
      const worked = share * ((await this.work()) - started);
      if (Math.min(after.latest, worked) >= Math.min(slowest.latest, slowest.worked)) Object.assign(slowest, { latest: after.latest, worked });
      slowest.fetched ||= after.resources !== before;
    }
    return slowest;
  }

  /** What the deed does to the page, one event after another; nothing where its element has gone since. */
  private async eventsOf({ path, nth, kind, at, value }: Deed): Promise<(() => Promise<unknown>)[]> {
    const found = await this.look();
    const index = found.findIndex((each) => each.path === path && each.nth === nth);
    if (index < 0) return [];
    const box = await this.page.evaluate((index) => {
      const element = (window as unknown as { crawled: Watching }).crawled.found[index] as HTMLElement;
      element.scrollIntoView({ block: 'center' });
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x, y, width, height };
    }, index);
    const inside = (value: number, most: number) => Math.min(Math.max(value, 1), most - 1);
    const { width, height } = this.page.viewportSize()!;
    const x = inside(box.x + box.width * at[0], width);
    const y = inside(box.y + box.height * at[1], height);
    const endX = inside(box.x + box.width * at[2], width);
    const endY = inside(box.y + box.height * at[3], height);
    const { mouse, keyboard } = this.page;
    const point = () => mouse.move(x, y);
    const focus = () => this.page.evaluate((index) => ((window as unknown as { crawled: Watching }).crawled.found[index] as HTMLElement).focus(), index);
    switch (kind) {
      case 'hover':
        return [point];
      case 'click':
        return [point, () => mouse.down(), () => mouse.up()];
      case 'tap':
        return [() => this.page.touchscreen.tap(x, y)];
      case 'wheel':
        return [point, () => mouse.wheel(0, at[2] * 400 - 200)];
      case 'drag': {
        const way = [0.25, 0.5, 0.75, 1].map((share) => () => mouse.move(x + (endX - x) * share, y + (endY - y) * share));
        return [point, () => mouse.down(), ...way, () => mouse.up()];
      }
      case 'key':
        return [focus, () => keyboard.press(value)];
      case 'type':
        return [focus, () => keyboard.press('ControlOrMeta+A'), () => keyboard.press('Delete'), () => keyboard.insertText(value), () => keyboard.press('Tab')];
      case 'choose':
        return [
          () =>
            this.page.evaluate(
              ([index, value]) => {
                const select = (window as unknown as { crawled: Watching }).crawled.found[index] as HTMLSelectElement;
                select.selectedIndex = value % select.options.length;
                select.dispatchEvent(new Event('input', { bubbles: true }));
                select.dispatchEvent(new Event('change', { bubbles: true }));
              },
              [index, Number(value)] as const,
            ),
        ];
    }
  }

  /** Texts that only a programmer would understand; what a network writes may be any. */
  private rawErrors(): Promise<string[]> {
    return this.page
      .evaluate((source) => {
        const raw = new RegExp(source);
        const written = 'cl-living .text, cl-continuation, cl-score, .excerpt, style, script, textarea';
        const found: string[] = [];
        const visit = (root: Node) => {
          for (const node of root.childNodes) {
            if (node instanceof Text && raw.test(node.data)) found.push(node.data.trim());
            if (node instanceof Element) {
              if (node.matches(written) || ['CL-CONTINUATION', 'CL-SCORE', 'CL-LIVING'].includes(node.tagName)) continue;
              if (node.shadowRoot) visit(node.shadowRoot);
              visit(node);
            }
          }
        };
        visit(document.body);
        return found;
      }, RAW.source)
      .catch(() => []);
  }
}
