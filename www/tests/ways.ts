/** The tag on the kinds of pages that make a worker hard to start, for browsers other than Chromium: each trains a step. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { OtherBrowser } from './elsewhere.ts';
import { html, openHost, script, SMALL_CONFIG, tag, type HostServer } from './hosts.ts';
import { ISOLATED } from './browser.ts';

export function startEverywhere(name: string, browser: () => OtherBrowser): void {
  let host: HostServer;
  let cdn: HostServer;

  before(async () => {
    host = await openHost();
    cdn = await openHost({ 'access-control-allow-origin': '*' });
  });
  after(() => {
    for (const each of [host, cdn]) each?.close();
  });

  // Another host's name makes another origin; a style attribute would need a policy of its own.
  const plain = tag('loading="eager" backend="cpu"').replace(/ style="[^"]*"/, '');
  const meta = (policy: string) => `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  const pages: [what: string, head: () => string, headers: () => Record<string, string>][] = [
    ['its own files under default-src self', () => meta("default-src 'self'; img-src data:") + script('/c/'), () => ({})],
    ['files of another origin', () => script(`${cdn.origin}/c/`), () => ({})],
    ['the policy for files elsewhere', () => script(`${cdn.origin}/c/`), () => ({ 'content-security-policy': `default-src 'none'; script-src ${cdn.origin} 'wasm-unsafe-eval'; worker-src blob:; connect-src ${cdn.origin}; img-src data:` })],
    ['an isolated page, its own files without that header', () => script('/c/'), () => ISOLATED],
    ['an isolated page, files elsewhere with CORS only', () => script(`${cdn.origin}/c/`), () => ISOLATED],
  ];

  const told = () =>
    browser().run(() => {
      const element = document.querySelector('char-loom') as unknown as { status: string; shadowRoot: ShadowRoot | null; position: { step: number } | null } | null;
      return { status: element?.status ?? '', said: element?.shadowRoot?.querySelector('[role=alert]')?.textContent ?? '', step: element?.position?.step ?? 0 };
    });

  async function trains(): Promise<void> {
    const end = Date.now() + 90_000;
    for (let state = await told(); state.status !== 'ready'; state = await told()) {
      assert.notEqual(state.status, 'failed', state.said);
      assert.ok(Date.now() < end, 'it became ready');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await browser().run(() => (document.querySelector('char-loom') as unknown as { step(): Promise<void> }).step());
    while ((await told()).step !== 1) {
      assert.ok(Date.now() < end, 'it did a step');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  for (const [what, head, headers] of pages) {
    test(`${name}: ${what}`, async () => {
      host.pages.set('/page', { body: html(plain, head()), headers: headers() });
      await browser().open(`${host.origin}/page`);
      await trains();
    });
  }

  test(`${name}: a frame without an origin`, async () => {
    // What is inside tells by messages alone: the frame page says its height and, to anybody, how far it is.
    const src = `${cdn.origin}/c/embed.html#${SMALL_CONFIG}&autostart=1&parent=*`.replaceAll('&', '&amp;');
    const connect = `<script>
      window.told = [];
      addEventListener('message', ({ data, source }) => {
        if (data.type !== 'waiting') return;
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => told.push(data);
        source.postMessage({ charloom: 1, type: 'connect' }, '*', [port2]);
      });
    </script>`;
    host.pages.set('/page', { body: html(`<iframe sandbox="allow-scripts" src="${src}" style="width:800px;height:600px"></iframe>`, connect) });
    await browser().open(`${host.origin}/page`);
    const end = Date.now() + 90_000;
    const steps = () => browser().run(() => Math.max(0, ...(window as unknown as { told: { event?: string; detail?: { step?: number } }[] }).told.map(({ detail }) => detail?.step ?? 0)));
    while ((await steps()) < 1) {
      assert.ok(Date.now() < end, 'it trains');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  });
}
