/** Small choices remembered between visits. Storage may be denied: then nothing is remembered. */
type Name = 'language' | 'theme' | 'rate' | 'songs' | 'guide';

export function remembered(name: Name): string | null {
  try {
    return localStorage.getItem(`charloom.${name}`);
  } catch {
    return null;
  }
}

export function remember(name: Name, value: string): void {
  try {
    localStorage.setItem(`charloom.${name}`, value);
  } catch {
    // Private windows may refuse: the choice then lasts as long as the page.
  }
}
