/** The worker's name. It is unlike every other page's, for by it the engine's threads tell the page that they broke. */
export const workerName = () => `charloom ${Date.now()} ${Math.random()}`;
