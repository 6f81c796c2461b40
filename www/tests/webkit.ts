/** WebKitGTK's small browser by its WebDriver, on a screen that nobody sees: just enough to drive the page. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { OtherBrowser } from './elsewhere.ts';

const SCREEN = '1400x1000x24';
const STARTS_WITHIN_MS = 30_000;
/** A locale that has a language: WebKit hands it to the page. */
const LANGUAGE = 'en_US.UTF-8';

function named(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} must name WebKit's program: cargo xtask env prints it.`);
  return value;
}

/** Xvfb on a screen number that is free. */
async function startScreen(): Promise<{ screen: ChildProcess; display: string }> {
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', SCREEN, '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const lines = createInterface({ input: screen.stdio[3] as NodeJS.ReadableStream });
  const number = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    screen.once('error', reject);
    screen.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}.`)));
  });
  return { screen, display: `:${number}` };
}

export class WebKit implements OtherBrowser {
  /** WebDriver tells nothing of the console. */
  readonly errors: string[] = [];

  private constructor(
    private readonly processes: ChildProcess[],
    private readonly address: string,
    private session = '',
  ) {}

  static async start(): Promise<WebKit> {
    const { screen, display } = await startScreen();
    const port = 20_000 + (process.pid % 20_000);
    const driver = spawn(named('CHARLOOM_WEBKIT_DRIVER'), [`--port=${port}`], {
      stdio: 'ignore',
      env: {
        ...process.env,
        DISPLAY: display,
        LANG: LANGUAGE,
        LC_ALL: LANGUAGE,
        // Its sandbox needs rights that containers do not give; it sees nothing but our own page.
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
      },
    });
    const webkit = new WebKit([driver, screen], `http://127.0.0.1:${port}`);
    try {
      await webkit.begin();
    } catch (error) {
      await webkit.close();
      throw error;
    }
    return webkit;
  }

  private async begin(): Promise<void> {
    const options = { binary: named('CHARLOOM_WEBKIT'), args: ['--automation'] };
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
    const end = Date.now() + STARTS_WITHIN_MS;
    for (;;) {
      try {
        const { sessionId } = (await this.send('POST', '/session', { capabilities })) as { sessionId: string };
        this.session = `/session/${sessionId}`;
        break;
      } catch (error) {
        // The driver does not listen yet.
        if (!(error instanceof TypeError) || Date.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    await this.send('POST', `${this.session}/timeouts`, { script: 120_000 });
  }

  async close(): Promise<void> {
    if (this.session) await this.send('DELETE', this.session).catch(() => undefined);
    for (const each of this.processes) {
      const ended = each.exitCode === null ? new Promise((resolve) => each.once('exit', resolve)) : null;
      each.kill();
      await ended;
    }
  }

  async open(url: string): Promise<void> {
    await this.send('POST', `${this.session}/url`, { url });
  }

  async resize(width: number, height: number): Promise<void> {
    // The window's frame is a part of its size: asked for twice, the second time with what it takes.
    await this.send('POST', `${this.session}/window/rect`, { width, height });
    const [inner, tall] = await this.run(() => [innerWidth, innerHeight] as const);
    await this.send('POST', `${this.session}/window/rect`, { width: 2 * width - inner, height: 2 * height - tall });
  }

  async screenshot(): Promise<Buffer> {
    return Buffer.from((await this.send('GET', `${this.session}/screenshot`)) as string, 'base64');
  }

  async run<T, A>(call: (argument: A) => T | Promise<T>, argument?: A): Promise<T> {
    const script = `const answer = arguments[arguments.length - 1];
      (async () => (${call.toString()})(${JSON.stringify(argument)}))()
        .then((value) => answer({ value: JSON.stringify(value ?? null) }), (error) => answer({ error: String(error) }));`;
    const { value, error } = (await this.send('POST', `${this.session}/execute/async`, { script, args: [] })) as {
      value?: string;
      error?: string;
    };
    if (value === undefined) throw new Error(`in the page: ${error}`);
    return JSON.parse(value) as T;
  }

  private async send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(this.address + path, { method, body: body ? JSON.stringify(body) : null });
    const { value } = (await response.json()) as { value: { error?: string; message?: string } | null };
    if (!response.ok) throw new Error(`${method} ${path}: ${value?.error}: ${value?.message}`);
    return value;
  }
}
