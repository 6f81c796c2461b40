/** Written songs that are kept where the host remembers. */
import type { Memory } from '../state/host.ts';

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

const MOST_KEPT = 200;
const MOST_CHARACTERS = 20_000;

export class ShelfFull extends Error {}

/** What is kept, newest first. What is no song (another version's, damaged) is left out. */
export function keptSongs(memory: Memory): KeptSong[] {
  try {
    const found: unknown = JSON.parse(memory.read('songs') ?? '[]');
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
export function keepSong(memory: Memory, song: Song): KeptSong {
  const songs = keptSongs(memory);
  if (songs.length >= MOST_KEPT) throw new ShelfFull();
  const kept = { ...song, id: `${song.written.toString(36)}-${Math.random().toString(36).slice(2, 8)}` };
  write(memory, [kept, ...songs]);
  return kept;
}

export function dropSong(memory: Memory, id: string): void {
  write(memory, keptSongs(memory).filter((song) => song.id !== id));
}

function write(memory: Memory, songs: KeptSong[]): void {
  memory.write('songs', JSON.stringify(songs));
  changed.dispatchEvent(new Event('change'));
}

const changed = new EventTarget();

/** Calls back when songs are kept or dropped, in this tab or another; answers with what ends it. */
export function onChange(memory: Memory, listener: () => void): () => void {
  const stop = memory.watch('songs', listener);
  changed.addEventListener('change', listener);
  return () => {
    changed.removeEventListener('change', listener);
    stop();
  };
}
