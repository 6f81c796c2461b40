/**
 * Messages in the page's language. A missing key does not compile. Each language is two tables: what training and
 * writing need, and the rest, which is fetched once the page can train.
 */
import type { OptionPath } from '../state/config.ts';
import type { en } from './en.ts';
import type { enLater } from './en.later.ts';
import type { ChoiceKey, OptionKey } from './options.ts';

export type FirstKey = keyof typeof en;
export type LaterKey = keyof typeof enLater;
export type MessageKey = FirstKey | LaterKey;
export const LANGUAGES = { 'zh-Hans': '中文', en: 'English' } as const;
export type Language = keyof typeof LANGUAGES;
export const ALL_LANGUAGES = Object.keys(LANGUAGES) as Language[];

const FIRST: Record<Language, () => Promise<Record<FirstKey, string>>> = {
  en: async () => (await import('./en.ts')).en,
  'zh-Hans': async () => (await import('./zh.ts')).zh,
};
const LATER: Record<Language, () => Promise<Record<LaterKey, string>>> = {
  en: async () => (await import('./en.later.ts')).enLater,
  'zh-Hans': async () => (await import('./zh.later.ts')).zhLater,
};
const tables: Partial<Record<Language, Partial<Record<MessageKey, string>>>> = {};
/** Whether a language is to be loaded whole. */
let whole = false;

/** Compiles only while every named choice has its label. */
export const EVERY_CHOICE_HAS_A_LABEL: [Exclude<ChoiceKey, MessageKey>] extends [never] ? true : never = true;

/** Must have answered before the language is used. */
export async function loadLanguage(language: Language): Promise<void> {
  const first = FIRST[language]();
  const table = { ...tables[language], ...(await first) };
  if (whole) Object.assign(table, await LATER[language]());
  tables[language] = table;
}

/** From now on languages are loaded whole, the one in use at once. Must have answered before what needs it is drawn. */
export async function loadWhole(inUse: Language): Promise<void> {
  whole = true;
  await loadLanguage(inUse);
}

export type Values = Record<string, string | number>;

export function fill(template: string, values: Values): string {
  return template.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}

export function translate(language: Language, key: MessageKey, values: Values = {}): string {
  return fill(tables[language]![key]!, values);
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
  return Object.values(tables).some((table) => key in table);
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
