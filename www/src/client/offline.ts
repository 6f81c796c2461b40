/** Asks the service worker to keep what this visit used, so that the next needs no network. */
export async function keepForOffline(usedByWorker: readonly string[]): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(new URL('./sw.js', document.baseURI), { scope: './' });
    const { active } = await navigator.serviceWorker.ready;
    const used = performance.getEntriesByType('resource').map((entry) => entry.name);
    const own = [...used, ...usedByWorker].filter((url) => url.startsWith(location.origin));
    active?.postMessage({ keep: [location.href.split(/[?#]/)[0], ...own] });
  } catch {
    // Not over https, or refused: the page then needs the network each time.
  }
}
