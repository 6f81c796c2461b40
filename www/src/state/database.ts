/** A thin promise layer over IndexedDB. Opened by the worker only. What the browser refuses is said in a sentence. */
import { DeskError } from '../worker/failure.ts';

const NAME = 'charloom';
const VERSION = 1;
export const STORES = ['models', 'checkpoints', 'texts', 'views'] as const;
export type StoreName = (typeof STORES)[number];

let opening: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opening ??= new Promise<IDBDatabase>((resolve, reject) => {
    if (!globalThis.indexedDB) throw refused(null);
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const store of STORES) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
      }
    };
    request.onsuccess = () => {
      const db = request.result;
      const forget = () => {
        opening = null;
      };
      // A newer version of the page waits for this one to let go.
      db.onversionchange = () => {
        db.close();
        forget();
      };
      db.onclose = forget;
      resolve(db);
    };
    request.onerror = () => reject(refused(request.error));
    request.onblocked = () => reject(new DeskError('storage-busy', 'an older version of this page is open in another tab and holds the stored models. Close or reload that tab.'));
  });
  opening.catch(() => {
    opening = null;
  });
  return opening.catch((error: unknown) => {
    throw refused(error);
  });
}

/** Why the browser stores nothing. */
function refused(error: unknown): DeskError {
  if (error instanceof DeskError) return error;
  if (error) console.error(error);
  switch ((error as DOMException | null)?.name) {
    case 'QuotaExceededError':
      return new DeskError('storage-full', 'the browser has no room left for this site. Delete models below, or free disk space; download the model to be safe.');
    case 'VersionError':
      return new DeskError('storage-newer', 'the stored models are of a newer version of this page. Reload it.');
    default:
      return new DeskError('storage-refused', 'this window may not store anything (a private window, or a setting of the browser). Download the model to keep it.');
  }
}

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(refused(request.error));
  });
}

export async function read<T>(store: StoreName, key: string): Promise<T | undefined> {
  const db = await open();
  return settle(db.transaction(store).objectStore(store).get(key)) as Promise<T | undefined>;
}

export async function readAll<T>(store: StoreName): Promise<T[]> {
  const db = await open();
  return settle(db.transaction(store).objectStore(store).getAll()) as Promise<T[]>;
}

export async function keys(store: StoreName): Promise<string[]> {
  const db = await open();
  return (await settle(db.transaction(store).objectStore(store).getAllKeys())).map(String);
}

export interface Change {
  store: StoreName;
  key: string;
  /** `undefined` deletes what is there. */
  value: unknown;
}

/** Several changes, all or none. */
export async function change(changes: Change[]): Promise<void> {
  const db = await open();
  const transaction = db.transaction([...new Set(changes.map((each) => each.store))], 'readwrite');
  const done = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(refused(transaction.error));
    transaction.onabort = () => reject(refused(transaction.error));
  });
  for (const { store, key, value } of changes) {
    if (value === undefined) transaction.objectStore(store).delete(key);
    else transaction.objectStore(store).put(value, key);
  }
  await done;
}
