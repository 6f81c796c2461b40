/**
 * Messages in the page's language. A missing key does not compile. Each language is several tables: what training and
 * writing need, and others that are fetched with the parts of the page that speak with them.
 */
import type { OptionPath } from '../state/config.ts';
import type { en } from './en.ts';
import type { enBelow } from './en.below.ts';
import type { enInside } from './en.inside.ts';
import type { enLater } from './en.later.ts';
import type { enReading } from './en.reading.ts';
import type { enTeach } from './en.teach.ts';
import type { ChoiceKey, OptionKey } from './options.ts';

export type FirstKey = keyof typeof en;
export type LaterKey = keyof typeof enLater;
export type BelowKey = keyof typeof enBelow;
export type InsideKey = keyof typeof enInside;
export type TeachKey = keyof typeof enTeach;
export type ReadingKey = keyof typeof enReading;
export type MessageKey = FirstKey | LaterKey | BelowKey | InsideKey | TeachKey | ReadingKey;
export const LANGUAGES = { 'zh-Hans': '中文', en: 'English' } as const;
export type Language = keyof typeof LANGUAGES;
export const ALL_LANGUAGES = Object.keys(LANGUAGES) as Language[];

type Table<Key extends MessageKey> = Record<Language, () => Promise<Record<Key, string>>>;
const first: Table<FirstKey> = {
  en: async () => (await import('./en.ts')).en,
  'zh-Hans': async () => (await import('./zh.ts')).zh,
};
const later: Table<LaterKey> = {
  en: async () => (await import('./en.later.ts')).enLater,
  'zh-Hans': async () => (await import('./zh.later.ts')).zhLater,
};
const below: Table<BelowKey> = {
  en: async () => (await import('./en.below.ts')).enBelow,
  'zh-Hans': async () => (await import('./zh.below.ts')).zhBelow,
};
const inside: Table<InsideKey> = {
  en: async () => (await import('./en.inside.ts')).enInside,
  'zh-Hans': async () => (await import('./zh.inside.ts')).zhInside,
};
const teach: Table<TeachKey> = {
  en: async () => (await import('./en.teach.ts')).enTeach,
  'zh-Hans': async () => (await import('./zh.teach.ts')).zhTeach,
};
const reading: Table<ReadingKey> = {
  en: async () => (await import('./en.reading.ts')).enReading,
  'zh-Hans': async () => (await import('./zh.reading.ts')).zhReading,
};
const TABLES = { first, later, below, inside, teach, reading };
export type TableName = keyof typeof TABLES;
export const ALL_TABLES = Object.keys(TABLES) as TableName[];

const messages: Partial<Record<Language, Partial<Record<MessageKey, string>>>> = {};
/** The tables that the page speaks with by now. */
const inUse = new Set<TableName>(['first']);

/** Compiles only while every named choice has its label. */
export const EVERY_CHOICE_HAS_A_LABEL: [Exclude<ChoiceKey, MessageKey>] extends [never] ? true : never = true;

/** Must have answered before the language is used. */
export async function loadLanguage(language: Language): Promise<void> {
  for (let known = 0; known < inUse.size; ) {
    // The page may begin to speak with another table meanwhile.
    known = inUse.size;
    const tables = await Promise.all([...inUse].map((name): Promise<Partial<Record<MessageKey, string>>> => TABLES[name][language]()));
    messages[language] = Object.assign({}, messages[language], ...tables);
  }
}

/** From now on the page speaks with these tables too. Must have answered before what needs them is drawn. */
export async function loadTables(language: Language, names: readonly TableName[]): Promise<void> {
  const added = names.filter((name) => !inUse.has(name));
  for (const name of added) inUse.add(name);
  try {
    await loadLanguage(language);
  } catch (error) {
    for (const name of added) inUse.delete(name);
    throw error;
  }
}

export type Values = Record<string, string | number>;

export function fill(template: string, values: Values): string {
  return template.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}

export function translate(language: Language, key: MessageKey, values: Values = {}): string {
  return fill(messages[language]![key]!, values);
}

export function optionKey(path: OptionPath, part: 'label' | 'help'): MessageKey {
  const key: OptionKey = `option.${path}.${part}`;
  return key;
}

export function choiceKey(path: string, value: string): MessageKey | null {
  const key = `choice.${path}.${value}`;
  return isMessageKey(key) ? key : null;
}

/** Whether there is such a message, for keys that come from the engine. */
export function isMessageKey(key: string): key is MessageKey {
  return Object.values(messages).some((table) => key in table);
}

/** The user's earlier choice, else what the browser asks for. */
export function preferredLanguage(saved: string | null, asked: readonly string[]): Language {
  if (saved && saved in LANGUAGES) return saved as Language;
  for (const tag of asked) {
    if (/^zh\b/i.test(tag)) return 'zh-Hans';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}
