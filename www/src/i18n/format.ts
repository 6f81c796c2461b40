/** Numbers, sizes and times as people read them. */
import { translate, type Language } from './i18n.ts';

export function count(value: number, language: Language): string {
  return Math.round(value).toLocaleString(language);
}

/** 12.3k, 4.5M: for rates and parameter counts, where four digits are too many. */
export function compact(value: number, language: Language): string {
  return new Intl.NumberFormat(language, {
    notation: 'compact',
    maximumFractionDigits: value >= 1000 ? 1 : 0,
  }).format(value);
}

/** Two significant digits: the rest of a measured rate is noise, and flickers. */
export function rate(value: number, language: Language): string {
  const notation = value >= 1e6 ? 'compact' : 'standard';
  return new Intl.NumberFormat(language, { notation, maximumSignificantDigits: 2 }).format(value);
}

export function percent(value: number, language: Language): string {
  const digits = value >= 0.0995 ? 0 : value >= 0.00995 ? 1 : 2;
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: digits }).format(value);
}

/** About three significant digits, without exponents in the middle range. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return '∞';
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(1).replace('e+', 'e');
  if (size >= 1000) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
}

export function fixed(value: number | null | undefined, digits: number): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  return Number.isFinite(value) ? value.toFixed(digits) : '∞';
}

/** A loss: three decimals, unless there is no room for them. */
export function loss(value: number | null | undefined): string {
  return value === null || value === undefined || value < 100 ? fixed(value, 3) : short(value);
}

/** A perplexity: two decimals when small, none when large. */
export function perplexity(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value >= 1e5) return short(value);
  return fixed(value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

export function bytes(value: number, language: Language): string {
  const megabytes = value / 1e6;
  const digits = megabytes >= 10 ? 0 : 1;
  return `${megabytes.toLocaleString(language, { maximumFractionDigits: digits, minimumFractionDigits: digits })} MB`;
}

export function duration(seconds: number, language: Language): string {
  if (seconds < 99.5) return translate(language, 'time.seconds', { count: Math.max(1, Math.round(seconds)) });
  if (seconds < 5700) return translate(language, 'time.minutes', { count: Math.round(seconds / 60) });
  return translate(language, 'time.hours', { count: (seconds / 3600).toFixed(1) });
}

export function ago(time: number, language: Language, now = Date.now()): string {
  const seconds = (time - now) / 1000;
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  if (seconds > -45) return translate(language, 'time.justNow');
  if (seconds > -3600) return relative.format(Math.round(seconds / 60), 'minute');
  if (seconds > -86400) return relative.format(Math.round(seconds / 3600), 'hour');
  return relative.format(Math.round(seconds / 86400), 'day');
}

export function clock(time: number, language: Language): string {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(time);
}

/** Characters that nobody sees, by their usual short names. */
const NAMES: Record<string, string> = {
  '\u00a0': 'NBSP',
  '\u00ad': 'SHY',
  '\u200b': 'ZWSP',
  '\u200c': 'ZWNJ',
  '\u200d': 'ZWJ',
  '\u200e': 'LRM',
  '\u200f': 'RLM',
  '\u2060': 'WJ',
  '\ufeff': 'BOM',
};

/** A character that can be seen: blanks get a sign, the invisible their name, an accent something to stand on. */
export function visible(character: string, language: Language): string {
  if (character === '\n') return '↵';
  if (character === '\t') return '⇥';
  if (character === ' ' || character === '\u3000') return '␣';
  if (NAMES[character]) return NAMES[character];
  if (/^[\p{C}\p{Z}\u034f\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}]$/u.test(character)) return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  if (/^\p{M}$/u.test(character)) return `◌${character}`;
  return character || translate(language, 'text.space');
}
