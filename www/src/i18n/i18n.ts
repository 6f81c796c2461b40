/** Messages in the page's language. A missing key does not compile. A table is fetched when its language is. */
import type { OptionPath } from '../state/config.ts';
import type { MessageKey } from './en.ts';
import type { ChoiceKey, OptionKey } from './options.ts';

export type { MessageKey };
export const LANGUAGES = { 'zh-Hans': '中文', en: 'English' } as const;
export type Language = keyof typeof LANGUAGES;

type Table = Record<MessageKey, string>;
const LOADERS: Record<Language, () => Promise<Table>> = {
  en: async () => (await import('./en.ts')).en,
  'zh-Hans': async () => (await import('./zh.ts')).zh,
};
const tables: Partial<Record<Language, Table>> = {};

/** Compiles only while every named choice has its label. */
export const EVERY_CHOICE_HAS_A_LABEL: [Exclude<ChoiceKey, MessageKey>] extends [never] ? true : never = true;

/** Must have answered before the language is used. */
export async function loadLanguage(language: Language): Promise<void> {
  tables[language] ??= await LOADERS[language]();
}

export type Values = Record<string, string | number>;

export function fill(template: string, values: Values): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function translate(language: Language, key: MessageKey, values: Values = {}): string {
  return fill(tables[language]![key], values);
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
