/**
 * The worker's files, by the URLs that the page told. Where its own fetch fails the page is asked: it may be able to
 * fetch what a worker from a Blob cannot, and it finds out why a file cannot be had.
 */
import type { Assets, PartName, Trouble } from '../protocol/assets.ts';
import type { Failure } from '../protocol/messages.ts';
import type { Rpc } from '../protocol/rpc.ts';
import { trustedUrl } from '../protocol/trusted.ts';
import { DeskError } from './failure.ts';

declare function importScripts(url: string): void;

interface Scope {
  /** Where parts lay themselves down. */
  charloomParts?: Partial<Record<PartName, unknown>>;
}

export let assets: Assets;
let page: Pick<Rpc, 'call'>;
let refused: string | null = null;

export function tellFiles(table: Assets, to: typeof page): void {
  assets = table;
  page = to;
  addEventListener('securitypolicyviolation', (event) => (refused = (event as SecurityPolicyViolationEvent).effectiveDirective));
}

/** @throws {DeskError} with the page's finding, unless the page had the bytes. */
async function appeal(url: string, kind: Trouble['kind'], status?: number): Promise<ArrayBuffer> {
  // Events of a policy come after what they are about.
  await new Promise((resolve) => setTimeout(resolve));
  const trouble: Trouble = { url, kind, directive: refused, ...(status === undefined ? {} : { status }) };
  const found = (await page.call('rescue', trouble)) as { bytes: ArrayBuffer } | { failure: Failure };
  if ('bytes' in found) return found.bytes;
  throw new DeskError(found.failure.code, found.failure.message, found.failure.values);
}

export async function fetchFile(url: string): Promise<Response> {
  const integrity = assets.integrity?.[url];
  let response: Response;
  try {
    response = await fetch(url, integrity ? { integrity } : {});
  } catch {
    const type = url.endsWith('.wasm') ? 'application/wasm' : 'text/plain';
    return new Response(await appeal(url, 'fetch'), { headers: { 'content-type': type } });
  }
  // A site's own “not found”, as a page, must not be taken for a file.
  if (/^text\/html/.test(response.headers.get('content-type') ?? '')) await appeal(url, 'html');
  if (!response.ok) await appeal(url, 'status', response.status);
  return response;
}

/** The smallest module that there is. */
const EMPTY_MODULE = [0, 97, 115, 109, 1, 0, 0, 0];

/** Fetches a module and starts it with `init`, which its glue has. */
export async function startModule<T>(url: string, init: (source: Promise<Response>) => Promise<T>): Promise<T> {
  if (typeof WebAssembly === 'undefined') await appeal(url, 'no-wasm');
  const response = fetchFile(url);
  try {
    return await init(response);
  } catch (error) {
    await response;
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    console.error(error);
    let allowed = true;
    try {
      new WebAssembly.Module(new Uint8Array(EMPTY_MODULE));
    } catch {
      allowed = false;
    }
    if (!allowed) refused ??= 'script-src';
    else refused = null;
    await appeal(url, 'compile');
    throw error;
  }
}

const taken = new Map<PartName, Promise<unknown>>();

/** A script of its own, taken in once. Where that fails it is tried again the next time. */
export function loadPart<T>(name: PartName): Promise<T> {
  let part = taken.get(name) as Promise<T> | undefined;
  if (!part) {
    part = takeIn<T>(name);
    part.catch(() => taken.delete(name));
    taken.set(name, part);
  }
  return part;
}

/** An isolated page may import from elsewhere only what carries a header of its own; its text it may read all the same. */
function bringIn(url: string, text: string): void {
  if (!self.crossOriginIsolated || new URL(url).origin === self.origin) return importScripts(trustedUrl(url));
  const copy = URL.createObjectURL(new Blob([`${text}\n//# sourceURL=${url}`], { type: 'text/javascript' }));
  try {
    importScripts(trustedUrl(copy));
  } finally {
    URL.revokeObjectURL(copy);
  }
}

async function takeIn<T>(name: PartName): Promise<T> {
  const url = assets.parts[name]!;
  // Importing waits, and training would wait with it: this brings the file near.
  const text = await (await fetchFile(url)).text();
  const scope = self as Scope;
  const parts = (scope.charloomParts ??= {});
  try {
    bringIn(url, text);
  } catch (error) {
    console.error(error);
    await appeal(url, 'compile');
  }
  return parts[name] as T;
}
