/**
 * For the page around a frame with `embed.html`: resizes the frame, and gives an object with the element's methods and
 * events. The frame's address names this page's origin: `embed.html#…&parent=https://course.example`.
 */
import type { Answer, FromFrame, Hello, Told } from './protocol.ts';

export interface FrameOptions {
  /** Where the frame's page comes from; its `src` says so otherwise. */
  origin?: string;
  /** Whether the frame is made as tall as what it shows. */
  resize?: boolean;
  /** Aborted, it waits no longer; a frame that is connected is let go. */
  signal?: AbortSignal;
}

type Method = (...params: unknown[]) => Promise<unknown>;
/** Its events are the element's, without `loom-`: `frame.addEventListener('epoch', …)`. */
export type LoomFrame = EventTarget & { readonly version: string; readonly methods: readonly string[]; close(): void } & Record<
    'load' | 'train' | 'pause' | 'step' | 'reset' | 'write' | 'setCorpus' | 'set' | 'getState' | 'setState' | 'saveModel' | 'openModel' | 'link' | 'setAttribute',
    Method
  >;

/** Rejects where `signal` aborts; a frame that never answers is waited for. */
export function connectFrame(frame: HTMLIFrameElement, { origin, resize = true, signal }: FrameOptions = {}): Promise<LoomFrame> {
  const sandbox = frame.getAttribute('sandbox');
  const opaque = sandbox !== null && !sandbox.includes('allow-same-origin');
  const from = origin ?? (opaque ? 'null' : new URL(frame.src, document.baseURI).origin);
  return new Promise((resolve, reject) => {
    let port: MessagePort | null = null;
    const connect = () => {
      port?.close();
      const { port1, port2 } = new MessageChannel();
      port = port1;
      port1.onmessage = ({ data }: MessageEvent<Hello>) => data.type === 'hello' && resolve(speak(port1, data, close));
      // An origin that is none cannot be named.
      frame.contentWindow?.postMessage({ charloom: 1, type: 'connect' }, from === 'null' ? '*' : from, [port2]);
    };
    const hear = (event: MessageEvent<FromFrame>) => {
      if (event.source !== frame.contentWindow || event.origin !== from || event.data?.charloom !== 1) return;
      if (event.data.type === 'waiting') connect();
      else if (event.data.type === 'size' && resize && event.data.height > 0) frame.style.height = `${event.data.height}px`;
    };
    const close = () => {
      removeEventListener('message', hear);
      port?.close();
    };
    addEventListener('message', hear);
    signal?.addEventListener('abort', () => {
      close();
      reject(signal.reason as Error);
    });
    connect();
  });
}

function speak(port: MessagePort, { version, methods }: Hello, close: () => void): LoomFrame {
  const target = new EventTarget();
  const open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  port.onmessage = ({ data }: MessageEvent<Answer | Told>) => {
    if ('event' in data) return void target.dispatchEvent(new CustomEvent(data.event, { detail: data.detail }));
    const call = open.get(data.id);
    open.delete(data.id);
    if ('error' in data) call?.reject(Object.assign(new Error(data.error.message), { code: data.error.code }));
    else call?.resolve(data.result);
  };
  const calls = methods.map((method) => [
    method,
    (...params: unknown[]) =>
      new Promise((resolve, reject) => {
        open.set(++last, { resolve, reject });
        port.postMessage({ id: last, method, params });
      }),
  ]);
  const end = () => {
    close();
    for (const { reject } of open.values()) reject(Object.assign(new Error('the frame was let go.'), { code: 'disposed' }));
  };
  return Object.assign(target, { version, methods, close: end }, Object.fromEntries(calls)) as LoomFrame;
}
