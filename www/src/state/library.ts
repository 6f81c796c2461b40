/**
 * Models kept in this browser: one autosave per run (the latest few), and those the user named. A text is stored
 * once, however many models were trained on it, and goes when the last of them goes.
 */
import type { ModelEntry } from '../protocol/messages.ts';
import { change, keys, read, readAll } from './database.ts';

const AUTOSAVES_KEPT = 3;

/** `Text` is whatever the caller needs to open the text again. */
export interface KeptModel<Text> {
  entry: ModelEntry;
  checkpoint: Blob;
  textKey: string | null;
  text: Text | null;
  view: unknown;
}

type Row = ModelEntry & { textKey: string | null };

export async function listModels(): Promise<ModelEntry[]> {
  const rows = await readAll<Row>('models');
  return rows.map(({ textKey: _, ...entry }) => entry).sort((a, b) => b.updated - a.updated);
}

export async function keepModel<Text>(model: KeptModel<Text>): Promise<void> {
  const { entry, checkpoint, textKey, text, view } = model;
  await change([
    { store: 'models', key: entry.id, value: { ...entry, textKey } satisfies Row },
    { store: 'checkpoints', key: entry.id, value: checkpoint },
    ...(view === undefined ? [] : [{ store: 'views' as const, key: entry.id, value: view }]),
    ...(textKey && text ? [{ store: 'texts' as const, key: textKey, value: text }] : []),
  ]);
  if (entry.kind === 'auto') await prune();
}

export async function keepView(id: string, view: unknown): Promise<void> {
  if (await read('models', id)) await change([{ store: 'views', key: id, value: view }]);
}

export async function openModel<Text>(id: string): Promise<KeptModel<Text> | null> {
  const row = await read<Row>('models', id);
  const checkpoint = await read<Blob>('checkpoints', id);
  if (!row || !checkpoint) return null;
  const { textKey, ...entry } = row;
  const text = textKey ? ((await read<Text>('texts', textKey)) ?? null) : null;
  return { entry, checkpoint, textKey, text, view: await read('views', id) };
}

export async function renameModel(id: string, name: string): Promise<void> {
  const row = await read<Row>('models', id);
  if (row) await change([{ store: 'models', key: id, value: { ...row, name, kind: 'named' } }]);
}

export async function removeModel(id: string): Promise<void> {
  await change((['models', 'checkpoints', 'views'] as const).map((store) => ({ store, key: id, value: undefined })));
  await dropUnusedTexts();
}

async function prune(): Promise<void> {
  const autosaves = (await listModels()).filter((entry) => entry.kind === 'auto');
  for (const old of autosaves.slice(AUTOSAVES_KEPT)) await removeModel(old.id);
}

async function dropUnusedTexts(): Promise<void> {
  const used = new Set((await readAll<Row>('models')).map((row) => row.textKey));
  const unused = (await keys('texts')).filter((key) => !used.has(key));
  if (unused.length) await change(unused.map((key) => ({ store: 'texts', key, value: undefined })));
}
