/**
 * The ways of starting a worker that need its text, and why none of them worked. In this order, chosen by what was
 * seen and not by the browser: a Blob of the file's text (the page must be able to read it), a Blob that imports it (it
 * need not). A policy without `blob:` refuses both; there the file must be of the page's own origin.
 */
import type { Trouble } from '../protocol/assets.ts';
import type { Failure } from '../protocol/messages.ts';
import { attempt, type Refusal, type Start } from './start.ts';

const SENTENCES = {
  offline: 'the network could not be reached, and the file {file} is not here yet. Check the network and try again.',
  'not-found': 'the file {file} is not where it should be: the server answered with {answer}. Whoever runs this site must copy all files of one version.',
  cors: 'the server of {file} does not let this page read it. It must send the header “Access-Control-Allow-Origin: *”, or the files must lie on this page’s own server.',
  csp: `this page’s content security policy refuses it ({directive}). For files on the page’s own server it must allow “worker-src 'self'” and “script-src 'self' 'wasm-unsafe-eval'”; for files elsewhere also their address, and “worker-src blob:”.`,
  integrity: 'the file {file} is not the one that was released: it was changed or cut short on its way, and was not run. Reload the page; if that does not help, the files must be copied again.',
  'no-wasm': 'WebAssembly is switched off in this browser, for example by a lockdown mode, and nothing can be computed without it. Allow it for this site, or use another browser.',
  'worker-silent': 'its worker was started but does not answer. Reload the page; if that does not help, an extension or the page around it may hold it up.',
  'old-browser': 'this browser is too old to run it. An up-to-date one is needed.',
  'other-build': 'the file {file} belongs to another version than this page. Reload the page; if that does not help, all files must be copied anew.',
  'worker-refused': 'this page may not start a worker here, and it computes in one. Open it in a window of its own, or let the frame that holds it allow “allow-same-origin”.',
} as const;

export type StartCode = keyof typeof SENTENCES;

export function startFailure(code: StartCode, values: Record<string, string> = {}): Failure {
  return { code, message: SENTENCES[code].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? ''), values };
}

const named = (url: string) => ({ file: new URL(url).pathname.split('/').at(-1)! });

/** A file of ours, or the Failure that says why not. An answer in HTML is a site's own “not found”. @throws {Failure} */
export async function fetchFile(url: string, integrity?: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, integrity ? { integrity } : {});
  } catch {
    throw await whyUnreachable(url, integrity);
  }
  const missing = notFound(url, response);
  if (missing) throw missing;
  return response;
}

function notFound(url: string, response: Response): Failure | null {
  const html = /^text\/html/.test(response.headers.get('content-type') ?? '');
  return response.ok && !html ? null : startFailure('not-found', { ...named(url), answer: html ? 'a page' : String(response.status) });
}

async function whyUnreachable(url: string, integrity?: string): Promise<Failure> {
  const reached = (init: RequestInit) => fetch(url, init).catch(() => null);
  const answer = integrity ? await reached({}) : null;
  if (answer) return notFound(url, answer) ?? startFailure('integrity', named(url));
  if (navigator.onLine === false) return startFailure('offline', named(url));
  // An answer that may not be read is an answer.
  return startFailure((await reached({ mode: 'no-cors' })) ? 'cors' : 'offline', named(url));
}

/** @throws {Failure} */
export async function climb(start: Start, direct: Refusal | null, blocked: readonly string[]): Promise<Worker> {
  const refusals = direct ? [direct] : [];
  const fatal = () => refusals.some(({ reason }) => reason === 'silent' || reason === 'other-build');
  let text: string | null = null;
  let unreachable: Failure | null = null;
  if (!fatal()) {
    try {
      text = await (await fetchFile(start.url, start.integrity)).text();
    } catch (failure) {
      unreachable = failure as Failure;
    }
  }
  const scripts = text !== null ? [`${text}\n//# sourceURL=${start.url}`] : [];
  // Its text would not be checked.
  if (!start.integrity) scripts.push(`importScripts(${JSON.stringify(start.url)})`);
  for (const script of scripts) {
    if (fatal()) break;
    const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    try {
      return await attempt(start, url);
    } catch (refusal) {
      refusals.push(refusal as Refusal);
    } finally {
      // After the hello: earlier, some browsers have not read it yet.
      URL.revokeObjectURL(url);
    }
  }
  // Events of a policy come after what they are about.
  await new Promise((resolve) => setTimeout(resolve));
  throw why(start, refusals, unreachable, text !== null, blocked);
}

function why(start: Start, refusals: readonly Refusal[], unreachable: Failure | null, read: boolean, blocked: readonly string[]): Failure {
  const saw = (reason: Refusal['reason']) => refusals.some((refusal) => refusal.reason === reason);
  if (saw('silent')) return startFailure('worker-silent');
  if (saw('other-build')) return startFailure('other-build', named(start.url));
  if (unreachable?.code === 'not-found' || unreachable?.code === 'integrity') return unreachable;
  if (blocked.length) return startFailure('csp', { directive: [...new Set(blocked)].join(', ') });
  if (unreachable) return unreachable;
  // Its text is right and was run: what threw in it is a word that this browser does not know.
  return startFailure(read && refusals.some(({ message, reason }) => reason === 'error' && message) ? 'old-browser' : 'worker-refused');
}

/** What the worker could not fetch or compile: the bytes, where the page can have them, else why. */
export async function rescue({ url, kind, status, directive }: Trouble, integrity?: string): Promise<{ bytes: ArrayBuffer } | { failure: Failure }> {
  const failed = (code: StartCode, values: Record<string, string> = {}) => ({ failure: startFailure(code, { ...named(url), ...values }) });
  if (kind === 'no-wasm') return failed('no-wasm');
  if (kind === 'html') return failed('not-found', { answer: 'a page' });
  if (kind === 'status') return failed('not-found', { answer: String(status) });
  if (kind === 'compile') return directive ? failed('csp', { directive }) : failed('integrity');
  try {
    return { bytes: await (await fetchFile(url, integrity)).arrayBuffer() };
  } catch (failure) {
    return directive && (failure as Failure).code !== 'integrity' ? failed('csp', { directive }) : { failure: failure as Failure };
  }
}
