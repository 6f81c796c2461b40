/**
 * Failures in the page's language. The engine says them in English; other languages have a table by code and fill in
 * the same values. The table is fetched once the page can train, or when something fails before.
 */
import type { Failure } from '../protocol/messages.ts';
import { fill, type Language } from './i18n.ts';

let chinese: Record<string, string> | null = null;

/** Must have answered before a failure is told in the language. */
export async function loadFailures(language: Language): Promise<void> {
  if (language === 'zh-Hans') chinese ??= (await import('./failures.zh.ts')).failures;
}

export function failureText(language: Language, { code, message, field, values = {} }: Failure): string {
  const table = language === 'zh-Hans' ? chinese : null;
  const template = table?.[`${code}.${values['rule']}`] ?? table?.[code];
  if (template) return fill(template, values);
  // The option's name is beside the message already.
  const text = field ? message.replace(`${field}: `, '') : message;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
