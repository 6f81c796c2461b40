/** What browser tests do with a page: train it, bring it a text, ask what it shows. */
import type { Page } from 'playwright-core';
import { until, type Site } from './browser.ts';

/** Small and quick: an epoch is a moment. */
export const SMALL = '#preset=quick-en&model.hidden_size=16&text.max_chars=4000';

export const textOf = async (page: Page, selector: string) => ((await page.locator(selector).first().textContent()) ?? '').trim();
export const epochOf = async (page: Page) => Number.parseInt(await textOf(page, '#epoch'));
export const question = (page: Page) => page.locator('cl-runbar .pending');

export async function train(page: Page, epochs = 1): Promise<void> {
  await page.locator('#train:enabled').dispatchEvent('click');
  await until(page, `${epochs} epochs`, async () => (await epochOf(page)) >= epochs, 60_000);
}

/** As from the clipboard, outside every field: the sheet for one's own text opens with it, and it is used. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData('text/plain', text);
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, composed: true }));
  }, text);
  await page.locator('#paste-use').dispatchEvent('click');
}

export const drop = (page: Page, text: string, name: string) =>
  page.evaluate(
    ([text, name]) => {
      const data = new DataTransfer();
      data.items.add(new File([text!], name!));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    },
    [text, name],
  );

/** A page whose workers can be spoken to. */
export async function openWithWorkers(site: Site, hash: string): Promise<Page> {
  const page = await site.open();
  await page.addInitScript(() => {
    const workers: Worker[] = [];
    const { Worker: Plain } = window;
    Object.assign(window, {
      workers,
      Worker: class extends Plain {
        constructor(url: URL, options: WorkerOptions) {
          super(url, options);
          workers.push(this);
        }
      },
    });
  });
  await page.goto('about:blank');
  await page.goto(site.url + hash);
  await page.locator('#train:enabled').waitFor();
  return page;
}

export const tell = (page: Page, word: string) =>
  page.evaluate((word) => (window as unknown as { workers: Worker[] }).workers.at(-1)!.postMessage(word), word);


export interface Stored {
  id: string;
  kind: 'auto' | 'named';
  name: string;
  textName: string;
  position: { epoch: number; step: number };
}

/** The models that this browser keeps, as the page would list them. */
export const stored = (page: Page) =>
  page.evaluate(() => (document.querySelector('cl-page') as unknown as { app: { client: { listModels(): Promise<Stored[]> } } }).app.client.listModels());

export async function pause(page: Page): Promise<void> {
  await page.locator('#pause').dispatchEvent('click');
  await page.locator('#train').waitFor();
}
