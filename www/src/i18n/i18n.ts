/** Messages in the page's language. A missing key does not compile. */
import type { OptionPath } from '../state/config.ts';
import { en, type MessageKey } from './en.ts';
import type { ChoiceKey, OptionKey } from './options.ts';
import { zh } from './zh.ts';

export type { MessageKey };
export const LANGUAGES = { 'zh-Hans': '中文', en: 'English' } as const;
export type Language = keyof typeof LANGUAGES;

const TABLES: Record<Language, Record<MessageKey, string>> = { en, 'zh-Hans': zh };

export type Values = Record<string, string | number>;

export function translate(language: Language, key: MessageKey, values: Values = {}): string {
  return TABLES[language][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function optionKey(path: OptionPath, part: 'label' | 'help'): MessageKey {
  const key: OptionKey = `option.${path}.${part}`;
  return key;
}

export function choiceKey(path: string, value: string): MessageKey | null {
  const key = `choice.${path}.${value}`;
  return key in en ? (key as ChoiceKey) : null;
}

/** Compiles only while every named choice has its label. */
export const everyChoiceHasALabel: Record<ChoiceKey, string> = en;

export function isMessageKey(key: string): key is MessageKey {
  return key in en;
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
