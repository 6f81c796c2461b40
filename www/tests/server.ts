/** A plain static server for the built page: no special headers, as on the simplest host. */
import { createReadStream, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';
import type { AddressInfo } from 'node:net';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/** Serves `root` under `/charloom/`, as a project page would be, on a free port, without the files that match `missing`. */
export async function serve(
  root: string,
  headers: Record<string, string> = {},
  missing: RegExp | null = null,
): Promise<{ url: string; close: () => void }> {
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.replace(/^\/charloom/, '');
    const file = join(root, normalize(decodeURIComponent(path)), path.endsWith('/') ? 'index.html' : '');
    try {
      if (missing?.test(path) || !statSync(file).isFile()) throw new Error('not a file');
      response.writeHead(200, { ...headers, 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
      createReadStream(file).pipe(response);
    } catch {
      response.writeHead(404).end('not found');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/charloom/`, close: () => server.close() };
}
