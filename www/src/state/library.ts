/**
 * Models kept in this browser: one autosave per run (the latest few of each place), and those the user named. A text is stored
 * once, however many models were trained on it, and goes when the last of them goes. Files are kept as their bytes:
 * WebKit's private windows keep no Blob.
 */
import type { ModelEntry } from '../protocol/messages.ts';
import { alone, claimed } from '../worker/claims.ts';
import { change, keys, read, readAll, type Change } from './database.ts';

const AUTOSAVES_KEPT = 3;

/** `Text` is whatever the caller needs to open the text again. */
export interface KeptModel<Text> {
  entry: ModelEntry;
  checkpoint: Blob;
  textKey: string | null;
  text: Text | null;
  view: unknown;
}

type Row = Omit<ModelEntry, 'hasText'> & { textKey: string | null };

/** One change at a time, over all tabs: whether a text is still there must not change under whoever counts on it. */
let turn: Promise<unknown> = Promise.resolve();

function inTurn<T>(job: () => Promise<T>): Promise<T> {
  const answer = turn.then(() => alone('shelf', job));
  turn = answer.catch(() => undefined);
  return answer;
}

/** A Blob as its bytes; so are those that an object holds. */
async function bytesOf(value: unknown): Promise<unknown> {
  if (value instanceof Blob) return value.arrayBuffer();
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(async ([name, held]) => [name, held instanceof Blob ? await held.arrayBuffer() : held] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** The reverse. Earlier versions kept Blobs. */
function blobsOf<T>(value: unknown): T {
  const blobOf = (held: unknown) => (held instanceof ArrayBuffer ? new Blob([held]) : held);
  if (value instanceof ArrayBuffer) return blobOf(value) as T;
  if (value === null || typeof value !== 'object' || value instanceof Blob) return value as T;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, blobOf(held)])) as T;
}

export async function listModels(): Promise<ModelEntry[]> {
  const rows = await readAll<Row>('models');
  // Earlier versions noted neither place nor preset.
  return rows.map(({ textKey, ...entry }) => ({ ...entry, place: entry.place ?? '', preset: entry.preset ?? null, hasText: textKey !== null })).sort((a, b) => b.updated - a.updated);
}

export function keepModel<Text>({ entry, checkpoint, textKey, text, view }: KeptModel<Text>): Promise<void> {
  const { hasText: _, ...row } = entry;
  return inTurn(async () => {
    const changes: Change[] = [
      { store: 'models', key: entry.id, value: { ...row, textKey } satisfies Row },
      { store: 'checkpoints', key: entry.id, value: await bytesOf(checkpoint) },
    ];
    if (view !== undefined) changes.push({ store: 'views', key: entry.id, value: view });
    if (textKey && text && !(await keys('texts')).includes(textKey)) {
      changes.push({ store: 'texts', key: textKey, value: await bytesOf(text) });
    }
    await change(changes);
    if (entry.kind === 'auto') await prune(entry.place);
  });
}

export function keepView(id: string, view: unknown): Promise<void> {
  return inTurn(async () => {
    if (await read('models', id)) await change([{ store: 'views', key: id, value: view }]);
  });
}

export async function openModel<Text>(id: string): Promise<KeptModel<Text> | null> {
  const row = await read<Row>('models', id);
  const checkpoint = blobsOf<Blob | undefined>(await read('checkpoints', id));
  if (!row || !checkpoint) return null;
  const { textKey, ...entry } = row;
  const text = textKey ? (blobsOf<Text | undefined>(await read('texts', textKey)) ?? null) : null;
  return { entry: { ...entry, hasText: textKey !== null }, checkpoint, textKey, text, view: await read('views', id) };
}

/** An autosave goes on being written: under a name, it is kept as it is now, as a model of its own. */
export function renameModel(id: string, name: string, copyId: string): Promise<void> {
  return inTurn(async () => {
    const row = await read<Row>('models', id);
    if (!row) return;
    if (row.kind === 'named') return change([{ store: 'models', key: id, value: { ...row, name } }]);
    const [checkpoint, view] = [await read('checkpoints', id), await read('views', id)];
    await change([
      { store: 'models', key: copyId, value: { ...row, id: copyId, name, kind: 'named' } },
      { store: 'checkpoints', key: copyId, value: checkpoint },
      { store: 'views', key: copyId, value: view },
    ]);
  });
}

export function removeModel(id: string): Promise<void> {
  return inTurn(() => remove(id));
}

async function remove(id: string): Promise<void> {
  await change((['models', 'checkpoints', 'views'] as const).map((store) => ({ store, key: id, value: undefined })));
  await dropUnusedTexts();
}

/** Only of this place, and nothing that a tab still trains. */
async function prune(place: string): Promise<void> {
  const inUse = await claimed();
  const autosaves = (await listModels()).filter((entry) => entry.kind === 'auto' && entry.place === place);
  for (const old of autosaves.slice(AUTOSAVES_KEPT)) if (!inUse.has(old.id)) await remove(old.id);
}

async function dropUnusedTexts(): Promise<void> {
  const used = new Set((await readAll<Row>('models')).map((row) => row.textKey));
  const unused = (await keys('texts')).filter((key) => !used.has(key));
  if (unused.length) await change(unused.map((key) => ({ store: 'texts', key, value: undefined })));
}
