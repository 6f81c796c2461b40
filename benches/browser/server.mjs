/** A static web server on a free port of this machine: URL prefixes mapped to folders or files. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import http from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** A page may share memory between threads only where it is isolated from other origins. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** `places`: { '/prefix/': folder }. Every request that was answered with a file goes to `onFile`. */
export async function serve(places, { onFile = () => {}, isolated = false } = {}) {
  const prefixes = Object.keys(places).sort((a, b) => b.length - a.length);
  const server = http.createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    const prefix = prefixes.find((prefix) => path.startsWith(prefix));
    let file = prefix && join(places[prefix], path.slice(prefix.length));
    if (file && existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
    if (!file || !existsSync(file)) {
      response.statusCode = 404;
      response.end();
      return;
    }
    onFile(file);
    for (const [name, value] of Object.entries(isolated ? ISOLATED : {})) response.setHeader(name, value);
    response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
    createReadStream(file).pipe(response);
  });
  await new Promise((started) => server.listen(0, '127.0.0.1', started));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
