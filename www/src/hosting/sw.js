// Keeps the page's own files, so that it opens again without a network. The build lists those that it made: each has a
// hash in its name, so it never changes and may be kept; everything else, the page itself above all, is asked for anew
// where there is a network. Whatever is kept is this copy's: others of the same origin have other scopes.
const BUILT = new Set(__BUILT_FILES__.map((file) => new URL(file, self.registration.scope).href));
const CACHE = `charloom ${self.registration.scope}`;
/** Of versions that shared one cache among all copies: what lies in this scope is of no more use. */
const SHARED = 'charloom-1';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(Promise.all([self.clients.claim(), leaveShared()])));

async function leaveShared() {
  if (!(await caches.has(SHARED))) return;
  const cache = await caches.open(SHARED);
  const kept = await cache.keys();
  const own = kept.filter(({ url }) => url.startsWith(self.registration.scope));
  await Promise.all(own.map((request) => cache.delete(request)));
  if (own.length === kept.length) await caches.delete(SHARED);
}

// The page says which of its files it used.
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
  const url = request.url.split('#')[0];
  if (request.method !== 'GET' || !url.startsWith(self.registration.scope)) return;
  event.respondWith(
    (async () => {
      const cache = await caches.open(CACHE);
      const navigates = request.mode === 'navigate';
      const kept = await cache.match(request, { ignoreSearch: navigates });
      if (kept && BUILT.has(url)) return kept;
      try {
        const fresh = await fetch(request);
        if (fresh.ok && navigates) await cache.put(url.split('?')[0], fresh.clone());
        return fresh;
      } catch (error) {
        if (kept) return kept;
        throw error;
      }
    })(),
  );
});
