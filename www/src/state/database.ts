/** A thin promise layer over IndexedDB. Opened by the worker only. */
const NAME = 'charloom';
const VERSION = 1;
export const STORES = ['models', 'checkpoints', 'texts', 'views'] as const;
export type StoreName = (typeof STORES)[number];

let opening: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opening ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const store of STORES) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
      }
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB cannot be opened.'));
    request.onblocked = () => reject(new Error('IndexedDB is held by an older page of this site.'));
  });
  opening.catch(() => {
    opening = null;
  });
  return opening;
}

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB request failed.'));
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
    transaction.onerror = () => reject(transaction.error ?? new Error('IndexedDB write failed.'));
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB write was aborted.'));
  });
  for (const { store, key, value } of changes) {
    if (value === undefined) transaction.objectStore(store).delete(key);
    else transaction.objectStore(store).put(value, key);
  }
  await done;
}
