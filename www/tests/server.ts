/** A plain static server for the built page: no special headers, as on the simplest host. */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';
import type { AddressInfo } from 'node:net';

export const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

export interface Altered {
  path: RegExp;
  change: ((text: string) => string) | null;
}

/** Serves `root` under `/charloom/`, as a project page would be, on a free port, with the files that match `altered.path` changed, or missing where there is no change. */
export async function serve(
  root: string,
  headers: Record<string, string> | ((path: string) => Record<string, string>) = {},
  altered: Altered | null = null,
): Promise<{ url: string; close: () => void }> {
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.replace(/^\/charloom/, '');
    const file = join(root, normalize(decodeURIComponent(path)), path.endsWith('/') ? 'index.html' : '');
    try {
      const alter = altered?.path.test(path);
      if ((alter && !altered?.change) || !statSync(file).isFile()) throw new Error('not a file');
      response.writeHead(200, { ...(typeof headers === 'function' ? headers(path) : headers), 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
      if (alter) response.end(altered!.change!(readFileSync(file, 'utf8')));
      else createReadStream(file).pipe(response);
    } catch {
      response.writeHead(404).end('not found');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/charloom/`, close: () => server.close() };
}
