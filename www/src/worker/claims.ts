/**
 * Who keeps which stored run: each belongs to one worker of one tab at a time, by a Web Lock that goes with the
 * worker, however it ends. Where the browser offers no locks (an insecure address) each tab is on its own.
 */
const PREFIX = 'charloom run ';

function locks(): LockManager | null {
  return navigator.locks ?? null;
}

export type Release = () => void;

/** Takes a run for this worker; answers how to give it back, or null where another tab has it. */
export function claim(id: string): Promise<Release | null> {
  const manager = locks();
  if (!manager) return Promise.resolve(() => undefined);
  return new Promise((resolve) => {
    manager
      .request(PREFIX + id, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(null);
        return new Promise<void>((release) => resolve(release));
      })
      // Refused altogether, as in some private windows.
      .catch(() => resolve(() => undefined));
  });
}

/** The runs that some tab is training. */
export async function claimed(): Promise<ReadonlySet<string>> {
  try {
    const { held = [] } = (await locks()?.query()) ?? {};
    const names = held.map((lock) => lock.name ?? '').filter((name) => name.startsWith(PREFIX));
    return new Set(names.map((name) => name.slice(PREFIX.length)));
  } catch {
    return new Set();
  }
}

/** One tab at a time does this; the name says what. */
export async function alone<T>(name: string, job: () => Promise<T>): Promise<T> {
  const manager = locks();
  if (!manager) return job();
  let answer: Promise<T> | null = null;
  const once = () => (answer ??= job());
  // A lock that is refused is done without; what the job itself says is said below.
  await manager.request(`charloom ${name}`, once).catch(() => undefined);
  return once();
}
