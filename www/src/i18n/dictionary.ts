/** Messages of a part of the page that is fetched on demand: it brings both languages along. A missing key does not compile. */
import { fill, type Language, type Values } from './i18n.ts';

export function dictionary<Key extends string>(tables: Record<Language, Record<Key, string>>) {
  return (language: Language, key: NoInfer<Key>, values: Values = {}): string => fill(tables[language][key], values);
}
