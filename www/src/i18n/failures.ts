/**
 * Failures in the page's language. The engine says them in English; other languages have a table by code and fill in
 * the same values. The table is fetched when something first fails, and for visits without a network.
 */
import type { Failure } from '../protocol/messages.ts';
import { fill, type Language } from './i18n.ts';

let chinese: Record<string, string> | null = null;

/** Whether there is nothing to tell failures with yet. */
export const needsFailures = (language: Language): boolean => language === 'zh-Hans' && !chinese;

/** Must have answered before a failure is told in the language. */
export async function loadFailures(language: Language): Promise<void> {
  if (!needsFailures(language)) return;
  try {
    chinese = (await import('./failures.zh.ts')).failures;
  } catch {
    // The engine's English is better than nothing.
    chinese = {};
  }
}

export function failureText(language: Language, { code, message, field, values = {} }: Failure): string {
  const table = language === 'zh-Hans' ? chinese : null;
  const template = table?.[`${code}.${values['rule']}`] ?? table?.[code];
  // Braces are nothing to read: what holds other values is told as the engine told it.
  if (template && [...template.matchAll(/\{(\w+)\}/g)].every(([, name]) => name! in values)) return fill(template, values);
  // The option's name is beside the message already.
  const text = field ? message.replace(`${field}: `, '') : message;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
