/** Stock Firefox by WebDriver BiDi, which Playwright needs a later Firefox for: just enough to drive the page. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import type { OtherBrowser } from './elsewhere.ts';

const LISTENING = /WebDriver BiDi listening on (ws:\/\/\S+)/;

interface Answer {
  id?: number;
  type: 'success' | 'error' | 'event';
  method?: string;
  error?: string;
  message?: string;
  result?: Record<string, unknown>;
  params?: Record<string, unknown>;
}

function findFirefox(): string {
  const named = process.env['CHARLOOM_FIREFOX'];
  if (named) return named;
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    for (const name of ['firefox-esr', 'firefox']) if (existsSync(join(folder, name))) return join(folder, name);
  }
  throw new Error('Firefox was not found: install it, or name it in CHARLOOM_FIREFOX.');
}

/** The address at which a browser that has just been started listens. */
function listening(browser: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Firefox did not start within 60 s.')), 60_000);
    createInterface({ input: browser.stderr! }).on('line', (line) => {
      const url = LISTENING.exec(line)?.[1];
      if (!url) return;
      clearTimeout(timer);
      resolve(url);
    });
    browser.on('exit', (code) => reject(new Error(`Firefox ended with ${code}.`)));
  });
}

export class Firefox implements OtherBrowser {
  /** Of scripts and of the console. */
  readonly errors: string[] = [];
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private nextId = 1;
  private context = '';

  private constructor(
    private readonly browser: ChildProcess,
    private readonly profile: string,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', (data) => this.hear(JSON.parse(String(data)) as Answer));
  }

  static async start(): Promise<Firefox> {
    const profile = mkdtempSync(join(tmpdir(), 'charloom-firefox-'));
    const browser = spawn(findFirefox(), ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const socket = new WebSocket(`${await listening(browser)}/session`);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const firefox = new Firefox(browser, profile, socket);
    await firefox.send('session.new', { capabilities: {} });
    await firefox.send('session.subscribe', { events: ['log.entryAdded'] });
    const { contexts } = (await firefox.send('browsingContext.getTree', {})) as { contexts: { context: string }[] };
    firefox.context = contexts[0]!.context;
    return firefox;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.browser.once('exit', resolve));
    await this.send('browser.close', {}).catch(() => this.browser.kill());
    this.socket.close();
    await ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async open(url: string): Promise<void> {
    await this.send('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }

  async resize(width: number, height: number): Promise<void> {
    await this.send('browsingContext.setViewport', { context: this.context, viewport: { width, height } });
  }

  async screenshot(): Promise<Buffer> {
    const { data } = (await this.send('browsingContext.captureScreenshot', { context: this.context })) as { data: string };
    return Buffer.from(data, 'base64');
  }

  async run<T, A>(call: (argument: A) => T | Promise<T>, argument?: A): Promise<T> {
    const functionDeclaration = `async () => JSON.stringify((await (${call.toString()})(${JSON.stringify(argument)})) ?? null)`;
    const target = { context: this.context };
    const answer = await this.send('script.callFunction', { functionDeclaration, target, awaitPromise: true });
    const { result, exceptionDetails } = answer as { result?: { value: string }; exceptionDetails?: { text: string } };
    if (!result) throw new Error(`in the page: ${exceptionDetails?.text}`);
    return JSON.parse(result.value) as T;
  }

  private send(method: string, params: object): Promise<Record<string, unknown>> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, ({ type, result, error, message }) => {
        if (type === 'success') resolve(result ?? {});
        else reject(new Error(`${method}: ${error}: ${message}`));
      });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  private hear(answer: Answer): void {
    if (answer.id !== undefined) {
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    } else if (answer.method === 'log.entryAdded' && answer.params?.['level'] === 'error') {
      this.errors.push(String(answer.params['text']));
    }
  }
}
