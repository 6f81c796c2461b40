/** The frame page: an element over the whole of it, and the messages that go to the page around. */
import { CharLoom, define } from '../element/tag.ts';
import { EVENTS } from '../element/names.ts';
import { CHANGEABLE, METHODS, PROTOCOL, type Answer, type Call, type Connect, type FromFrame, type Hello, type Told } from './protocol.ts';
import './embed.css';

/** What of the hash is the tag's, but no part of a link. */
const OF_TAG = ['corpus-url', 'model-url', 'theme', 'autostart', 'lang', 'dir'];
const SETTLES_MS = 120;

define({ url: () => import.meta.url, load: () => import('../element/loom.ts') });

const asked = new URLSearchParams(location.hash.slice(1));
const take = (name: string) => {
  const value = asked.get(name);
  asked.delete(name);
  return value;
};
const parents = (take('parent') ?? '').split(',').map((origin) => origin.trim()).filter(Boolean);
const resize = take('resize');
const element = document.createElement('char-loom') as CharLoom;
for (const name of OF_TAG) {
  const value = take(name);
  if (value !== null) element.setAttribute(name, value);
}
element.setAttribute('loading', 'eager');
element.config = asked.toString();
document.body.append(element);

const post = (message: FromFrame | string) => {
  if (parent !== window) parent.postMessage(message, '*');
};

// Its height: at once when it changes, and once more when it has settled.

let told = 0;
let settling: ReturnType<typeof setTimeout> | undefined;
function tellHeight(): void {
  const height = Math.ceil(element.getBoundingClientRect().height);
  if (height === told) return;
  told = height;
  post({ charloom: PROTOCOL, type: 'size', height });
  if (resize === 'lti') post(JSON.stringify({ subject: 'lti.frameResize', height }));
}
new ResizeObserver(() => {
  if (settling === undefined) tellHeight();
  else clearTimeout(settling);
  settling = setTimeout(() => {
    settling = undefined;
    tellHeight();
  }, SETTLES_MS);
}).observe(element);
post({ charloom: PROTOCOL, type: 'waiting' });

// The page around it, once it has connected

let port: MessagePort | null = null;
/** Whoever is listed hears and may do all; anybody else at most how far it is. */
const listed = (origin: string) => parents.includes(origin);
const HARMLESS: readonly string[] = ['status', 'progress'];

addEventListener('message', (event) => {
  // Before anything of the message is read.
  if (event.source !== parent || parent === window || !(listed(event.origin) || parents.includes('*'))) return;
  const { charloom, type } = (event.data ?? {}) as Partial<Connect>;
  const [handed] = event.ports;
  if (charloom !== PROTOCOL || type !== 'connect' || !handed) return;
  port?.close();
  port = handed;
  connect(handed, listed(event.origin));
});

let heard: AbortController | null = null;
function connect(to: MessagePort, trusted: boolean): void {
  heard?.abort();
  heard = new AbortController();
  const events = trusted ? EVENTS : HARMLESS;
  const hello: Hello = { type: 'hello', protocol: PROTOCOL, version: CharLoom.version, methods: trusted ? METHODS : [], events };
  to.postMessage(hello);
  to.postMessage({ event: 'status', detail: { status: element.status } } satisfies Told);
  for (const name of events) {
    const tell = (event: Event) => to.postMessage({ event: name, detail: (event as CustomEvent).detail } satisfies Told);
    element.addEventListener(`loom-${name}`, tell, { signal: heard.signal });
  }
  if (trusted) to.onmessage = ({ data }) => void answer(to, data);
}

async function answer(to: MessagePort, data: unknown): Promise<void> {
  const { id, method, params } = (data ?? {}) as Partial<Call>;
  if (!Number.isSafeInteger(id)) return;
  const reply = (answer: Answer) => to.postMessage(answer);
  try {
    if (!METHODS.includes(method as (typeof METHODS)[number]) || !Array.isArray(params)) throw Object.assign(new Error(`there is no method “${method}”.`), { code: 'unknown-method' });
    reply({ id: id!, result: await perform(to, id!, method as (typeof METHODS)[number], params) });
  } catch (error) {
    const { code, message, failure } = error as Error & { code?: string; failure?: { code: string } };
    reply({ id: id!, error: { code: failure?.code ?? code ?? 'unexpected', message } });
  }
}

async function perform(to: MessagePort, id: number, method: (typeof METHODS)[number], params: readonly unknown[]): Promise<unknown> {
  if (method === 'setAttribute') {
    const [name, value] = params as [string, string | null];
    if (!CHANGEABLE.includes(name)) throw Object.assign(new Error(`“${name}” cannot be changed.`), { code: 'unknown-attribute' });
    if (value === null) element.removeAttribute(name);
    else element.setAttribute(name, String(value));
    return null;
  }
  if (method !== 'write') return (element[method] as (...args: readonly unknown[]) => Promise<unknown>)(...params);
  let text = '';
  for await (const each of element.write(params[0] as Parameters<CharLoom['write']>[0])) {
    text += each.character;
    to.postMessage({ event: 'written', detail: { id, ...each } } satisfies Told);
  }
  return text;
}
