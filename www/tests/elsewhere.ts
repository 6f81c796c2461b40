/** The main story in browsers other than Chromium: load, train, write, look inside, on a phone's width too. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from './server.ts';
import { startEverywhere } from './ways.ts';
import { WWW } from './browser.ts';

/** What the story needs of a browser. */
export interface OtherBrowser {
  /** What the page reported as errors, as far as the browser tells. */
  readonly errors: string[];
  open(url: string): Promise<void>;
  /** The size of the page, not of the window. */
  resize(width: number, height: number): Promise<void>;
  screenshot(): Promise<Buffer>;
  /** Runs a function in the page and brings back what it answers, as JSON. */
  run<T, A>(call: (argument: A) => T | Promise<T>, argument?: A): Promise<T>;
  close(): Promise<void>;
}

export function tellStory(name: string, start: () => Promise<OtherBrowser>): void {
  let server: Awaited<ReturnType<typeof serve>>;
  let browser: OtherBrowser;

  before(async () => {
    server = await serve(join(WWW, 'dist'), {});
    browser = await start();
  });

  after(async () => {
    await browser?.close();
    server?.close();
  });

  /** The text of the first element that a selector finds, through shadow roots, pressed or not; null where there is none. */
  function first(selector: string, press: boolean): Promise<string | null> {
    return browser.run(
      ([wanted, click]) => {
        const find = (root: Document | ShadowRoot): HTMLElement | null => {
          const here = root.querySelector<HTMLElement>(wanted);
          if (here) return here;
          for (const { shadowRoot } of root.querySelectorAll('*')) {
            const found = shadowRoot && find(shadowRoot);
            if (found) return found;
          }
          return null;
        };
        const element = find(document);
        if (click) element?.click();
        return element && (element.textContent ?? '').trim();
      },
      [selector, press] as const,
    );
  }

  const textOf = (selector: string) => first(selector, false);
  const press = async (selector: string) => (await first(selector, true)) !== null;

  async function until(reason: string, check: () => Promise<boolean>, timeout = 60_000): Promise<void> {
    const end = Date.now() + timeout;
    while (!(await check())) {
      if (Date.now() > end) throw new Error(`Waited ${timeout} ms in vain: ${reason}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  const number = async (selector: string) => Number.parseFloat((await textOf(selector)) ?? '');

  test(`${name}: it loads, trains and writes`, async () => {
    await browser.resize(1280, 900);
    await browser.open(`${server.url}#model.hidden_size=32&lang=en`);
    await until('the Train button', () => press('#train:enabled'));
    await until('a first loss', async () => Number.isFinite(await number('#loss')));
    const untrained = await number('#loss');
    await until('two epochs', async () => (await number('#epoch')) >= 2);
    assert.ok((await number('#loss')) < untrained, 'the loss falls');
    assert.match((await textOf('#device')) ?? '', /^your processor · /);
    await press('#write');
    await until('a text', async () => (await textOf('.text[data-status="done"]')) !== null);
    assert.ok(((await textOf('.text[data-status="done"]')) ?? '').length > 100);
    await press('#pause');
    await until('the pause', async () => (await textOf('#train')) !== null);
  });

  test(`${name}: looking inside, slow motion and windows`, async () => {
    await until('slow motion', () => press('#slow-start:enabled'));
    await until('the strip', async () => (await textOf('.body[data-stage="tokens"]')) !== null);
    await press('button[data-stage="update"]');
    await until('the parameters', async () => /rnn\.weight_hh_l0/.test((await textOf('.body[data-stage="update"]')) ?? ''));
    await press('#windows > summary');
    // The windows are asked for when they come into sight.
    await browser.run(() => {
      const desk = document.querySelector('cl-page')!.shadowRoot!.querySelector('cl-text')!.shadowRoot!;
      desk.querySelector('cl-windows')!.scrollIntoView();
    });
    await until('the rows', async () => (await textOf('.rows .window')) !== null);
    await browser.run(() => document.querySelector('cl-page')!.shadowRoot!.querySelector('cl-inside')!.scrollIntoView());
    await until('the expectations', async () => (await textOf('.character')) !== null);
  });

  test(`${name}: nothing is wider than a phone`, async () => {
    await browser.resize(390, 844);
    // Some browsers' windows have a least width.
    await until('the new width', () => browser.run(() => innerWidth < 480));
    assert.equal(await browser.run(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
    const folder = process.env['CHARLOOM_SCREENSHOTS'];
    if (folder) writeFileSync(join(folder, `${name.toLowerCase()}.png`), await browser.screenshot());
  });

  test(`${name}: a model survives a reload`, async () => {
    const step = async () => /step (\d+)/.exec((await textOf('#when')) ?? '')?.[1];
    await until('the autosave', async () => (await textOf(`#autosaved[data-step="${await step()}"]`)) !== null);
    const epoch = await number('#epoch');
    await browser.open(`${server.url}?again#lang=en`);
    await until('the offer to resume', () => press('#resume'));
    await until('the epoch it had', async () => (await number('#epoch')) === epoch);
  });

  test(`${name}: the tag, over a frame, trains and is put back where it was`, async () => {
    await browser.open(`${server.url}embed.html#preset=quick-en&model.hidden_size=16&text.max_chars=4000`);
    const status = () => browser.run(() => (document.querySelector('char-loom') as unknown as { status: string } | null)?.status ?? '');
    const step = () => browser.run(() => (document.querySelector('char-loom') as unknown as { position: { step: number } | null }).position?.step ?? 0);
    await until('it being ready', async () => (await status()) === 'ready');
    await until('training', () => press('#train:enabled'));
    await until('some steps', async () => (await step()) > 3);
    await browser.run(() => document.querySelector('char-loom')!.remove.call(Object.assign(window, { kept: document.querySelector('char-loom')! }).kept));
    await until('the pause', () => browser.run(() => (window as unknown as { kept: { status: string } }).kept.status === 'paused'));
    const left = await browser.run(() => (window as unknown as { kept: { position: { step: number } } }).kept.position.step);
    // Longer than its worker lives.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await browser.run(() => document.body.append((window as unknown as { kept: Element }).kept));
    await until('training on', async () => (await step()) > left);
    assert.equal(await browser.run(() => document.querySelector('char-loom')!.matches(':state(training)')), true);
  });

  test(`${name}: nothing went wrong unseen`, async () => {
    assert.deepEqual(browser.errors, []);
    assert.equal(await textOf('.notice.problem'), null);
  });

  // Browsers speak of what they refuse, and these pages make them.
  startEverywhere(name, () => browser);
}
