/** A text or model at an address that the page's author named: streamed, with ceilings, and without anything of the reader's. */
import { EngineError } from '../client/client.ts';

const MOST_TEXT = 20 * 2 ** 20;
const MOST_MODEL = 512 * 2 ** 20;
const SILENCE_MS = 30_000;

export const fetchCorpus = (url: string, signal: AbortSignal) => fetchFile(url, MOST_TEXT, signal);
export const fetchModel = (url: string, signal: AbortSignal) => fetchFile(url, MOST_MODEL, signal);

const refused = (code: string, message: string, values: Record<string, string>) => new EngineError({ code, message, values });

/** `base` is the document's: a relative address is meant as in a link. */
async function fetchFile(address: string, most: number, signal: AbortSignal): Promise<File> {
  const url = URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI) : null;
  // What is said of an address is not what is said of this page's own files.
  const values = { rule: 'address', url: url?.href ?? address, size: String(most / 2 ** 20) };
  if (!url || !/^https?:$/.test(url.protocol)) throw refused('url', `${address} is no address that starts with http:// or https://.`, values);
  const stop = new AbortController();
  const stopped = () => stop.abort();
  signal.addEventListener('abort', stopped);
  let silent = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      silent = true;
      stop.abort();
    }, SILENCE_MS);
  };
  try {
    listen();
    const answer = await fetch(url, { credentials: 'omit', referrerPolicy: 'no-referrer', signal: stop.signal });
    if (!answer.ok) throw refused('not-found', `${url.href} answers with ${answer.status}. Check the address.`, { ...values, status: String(answer.status) });
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    const reader = answer.body!.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      listen();
      bytes += next.value.length;
      if (bytes > most) throw refused('too-large', `${url.href} has more than ${values.size} MB.`, values);
      pieces.push(next.value);
    }
    return new File(pieces, decodeURIComponent(url.pathname.split('/').at(-1)!) || url.hostname);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (silent) throw refused('silent', `${url.href} sent nothing for 30 s.`, values);
    if (signal.aborted) throw refused('disposed', 'the playground was removed from the page.', values);
    if (!navigator.onLine) throw refused('offline', `${url.href} could not be fetched: there is no network.`, values);
    if (url.origin !== location.origin) throw refused('cors', `${url.href} could not be read. Its server must allow it with the header “Access-Control-Allow-Origin: *”, and this page’s policy must not forbid it.`, values);
    throw refused('offline', `${url.href} could not be fetched.`, values);
  } finally {
    stop.abort();
    clearTimeout(timer);
    signal.removeEventListener('abort', stopped);
  }
}
