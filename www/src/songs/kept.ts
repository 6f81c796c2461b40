/** Written songs that are kept in this browser. */
export interface Song {
  text: string;
  seed: number;
  temperature: number;
  /** What wrote it: cell, units, epoch, and the text it had learnt from. */
  cell: string;
  units: number;
  epoch: number;
  learntFrom: string;
  written: number;
}

export interface KeptSong extends Song {
  id: string;
}

const KEY = 'charloom.songs';
const MOST_KEPT = 200;
const MOST_CHARACTERS = 20_000;

export class ShelfFull extends Error {}

/** What is kept, newest first. What is no song (another version's, damaged) is left out. */
export function keptSongs(): KeptSong[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? found.filter(isSong) : [];
  } catch {
    return [];
  }
}

function isSong(value: unknown): value is KeptSong {
  const song = value as Partial<Record<keyof KeptSong, unknown>> | null;
  const strings = ['id', 'text', 'cell', 'learntFrom'] as const;
  const numbers = ['seed', 'temperature', 'units', 'epoch', 'written'] as const;
  return (
    typeof song === 'object' &&
    song !== null &&
    strings.every((name) => typeof song[name] === 'string') &&
    numbers.every((name) => Number.isFinite(song[name])) &&
    (song.text as string).length <= MOST_CHARACTERS
  );
}

/** Throws where this browser keeps nothing, or no more. */
export function keepSong(song: Song): KeptSong {
  const songs = keptSongs();
  if (songs.length >= MOST_KEPT) throw new ShelfFull();
  const kept = { ...song, id: `${song.written.toString(36)}-${Math.random().toString(36).slice(2, 8)}` };
  write([kept, ...songs]);
  return kept;
}

export function dropSong(id: string): void {
  write(keptSongs().filter((song) => song.id !== id));
}

function write(songs: KeptSong[]): void {
  localStorage.setItem(KEY, JSON.stringify(songs));
  changed.dispatchEvent(new Event('change'));
}

const changed = new EventTarget();

/** Calls back when songs are kept or dropped, in this tab or another; answers with what ends it. */
export function onChange(listener: () => void): () => void {
  const elsewhere = ({ key }: StorageEvent) => {
    if (key === KEY || key === null) listener();
  };
  changed.addEventListener('change', listener);
  addEventListener('storage', elsewhere);
  return () => {
    changed.removeEventListener('change', listener);
    removeEventListener('storage', elsewhere);
  };
}
