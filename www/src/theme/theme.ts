/** Light or dark: as the system says, unless the user chose. */
export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export function asTheme(value: string | null): Theme {
  return THEMES.find((theme) => theme === value) ?? 'auto';
}

export function applyTheme(theme: Theme, root: HTMLElement): void {
  if (theme === 'auto') root.removeAttribute('data-theme');
  else root.setAttribute('data-theme', theme);
}

export function isDark(theme: Theme): boolean {
  return theme === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
}
