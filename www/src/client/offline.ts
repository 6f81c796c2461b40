/**
 * Asks the service worker to keep what this visit used and the next may use, so that it needs no network.
 * `fetchRest` fetches what was not used; it answers with the worker's own files.
 */
export async function keepForOffline(fetchRest: () => Promise<string[]>): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(new URL('./sw.js', document.baseURI), { scope: './' });
    const { active } = await navigator.serviceWorker.ready;
    const usedByWorker = await fetchRest();
    const used = performance.getEntriesByType('resource').map((entry) => entry.name);
    const own = [...used, ...usedByWorker].filter((url) => url.startsWith(location.origin));
    active?.postMessage({ keep: [location.href.split(/[?#]/)[0], ...own] });
  } catch {
    // Not over https, or refused: the page then needs the network each time.
  }
}
