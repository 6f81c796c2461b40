/** Pages of other people: each a server of its own, with the playground's files beside it or on another. */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { until, WWW, type Site } from './browser.ts';
import { TYPES } from './server.ts';

export interface Answer {
  body: string | string[] | Buffer;
  type?: string;
  status?: number;
  headers?: Record<string, string>;
}

export interface HostServer {
  /** Without a slash at its end. */
  origin: string;
  /** What is served, by path; changed as a test goes on. */
  pages: Map<string, Answer>;
  asked: string[];
  close(): void;
}

/** Serves `pages`, and the built files under `/c/`, with `headers` on those. A body of several pieces comes in as many. */
export async function openHost(headers: Record<string, string> = {}): Promise<HostServer> {
  const pages = new Map<string, Answer>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    asked.push(pathname);
    const page = pages.get(pathname);
    if (page) {
      response.writeHead(page.status ?? 200, { 'content-type': page.type ?? 'text/html; charset=utf-8', ...page.headers });
      const pieces: (string | Buffer)[] = [page.body].flat();
      const send = () => {
        const piece = pieces.shift();
        if (piece === undefined) return response.end();
        response.write(piece);
        setTimeout(send, pieces.length ? 300 : 0);
      };
      return send();
    }
    const file = join(WWW, 'dist', normalize(decodeURIComponent(pathname.replace(/^\/c\//, ''))));
    try {
      if (!pathname.startsWith('/c/') || !statSync(file).isFile()) throw new Error('no file');
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain; charset=utf-8', ...headers });
      createReadStream(file).pipe(response);
    } catch {
      response.writeHead(404).end('not found');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, pages, asked, close: () => server.close() };
}

/** Small and quick: an epoch is a moment. */
export const SMALL_CONFIG = 'preset=quick-en&text.max_chars=4000&model.hidden_size=16';
export const tag = (attributes = '', inside = '<p id="fallback">What readers without JavaScript see.</p>') =>
  `<char-loom style="display:block;min-height:560px" config="${SMALL_CONFIG}" ${attributes}>${inside}</char-loom>`;
export const html = (body: string, head = '', attributes = 'lang="en"') =>
  `<!doctype html><html ${attributes}><head><meta charset="utf-8"><title>Course</title><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`;
export const script = (base: string) => `<script type="module" src="${base}charloom.js"></script>`;

/** A page whose complaints are collected. */
export async function visit(site: Site, url: string, options: BrowserContextOptions = {}): Promise<{ page: Page; requests: string[]; complaints: string[] }> {
  const context = await site.browser.newContext({ locale: 'en-US', viewport: { width: 1200, height: 900 }, ...options });
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(url);
  return { page, requests, complaints };
}

export const statusOf = (page: Page, selector = 'char-loom') => page.locator(selector).first().evaluate((element) => (element as unknown as { status: string }).status);

export async function becomes(page: Page, status: string, selector = 'char-loom'): Promise<void> {
  await until(page, `${selector} being ${status}`, async () => (await statusOf(page, selector)) === status);
}

export const call = (page: Page, method: string, ...params: unknown[]) =>
  page.locator('char-loom').first().evaluate((element, [method, params]) => (element as unknown as Record<string, (...params: unknown[]) => unknown>)[method]!(...params), [method, params] as const);

export interface Position {
  epoch: number;
  step: number;
  loss: number | null;
}
export const positionOf = (page: Page) => page.locator('char-loom').first().evaluate((element) => (element as unknown as { position: Position | null }).position);
export const stepOf = async (page: Page) => (await positionOf(page))?.step ?? 0;
