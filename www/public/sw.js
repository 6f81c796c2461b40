// Keeps the page's own files, so that it opens again without a network. The page says which files it used.
const CACHE = 'charloom-1';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
  const { keep } = event.data ?? {};
  if (!Array.isArray(keep)) return;
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      const wanted = new Set(keep.map((url) => new URL(url, self.registration.scope).href));
      for (const request of await cache.keys()) if (!wanted.has(request.url)) await cache.delete(request);
      for (const url of wanted) if (!(await cache.match(url))) await cache.add(url).catch(() => undefined);
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  // Files with a hash in their name never change; the page itself is asked for anew where there is a network.
  const unchanging = /\/assets\//.test(url.pathname);
  event.respondWith(
    (async () => {
      const cache = await caches.open(CACHE);
      const kept = await cache.match(request, { ignoreSearch: request.mode === 'navigate' });
      if (unchanging && kept) return kept;
      try {
        const fresh = await fetch(request);
        if (fresh.ok && request.mode === 'navigate') await cache.put(request.url.split(/[?#]/)[0], fresh.clone());
        return fresh;
      } catch (error) {
        if (kept) return kept;
        throw error;
      }
    })(),
  );
});
