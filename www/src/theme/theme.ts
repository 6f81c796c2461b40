/** Light or dark: as the system says, unless the user chose. */
export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export function asTheme(value: string | null): Theme {
  return THEMES.find((theme) => theme === value) ?? 'auto';
}

/** `root` has the tokens of `tokens.css`. */
export function applyTheme(theme: Theme, root: HTMLElement): void {
  if (asTheme(root.getAttribute('data-theme')) === theme) return;
  if (theme === 'auto') root.removeAttribute('data-theme');
  else root.setAttribute('data-theme', theme);
  appearance.dispatchEvent(new Event('colours'));
}

/** Tells of `colours` and `sizes` that have changed: what is drawn on a canvas is drawn again. */
export const appearance = new EventTarget();

/**
 * Answers with what ends it. Nothing is to be measured at once: whatever asks for a style or a size now makes the browser
 * work out the whole page's, and it will do so again once the components have followed.
 */
export function onAppearance(colours: () => void, sizes: () => void = () => undefined): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', colours);
  appearance.addEventListener('colours', colours);
  appearance.addEventListener('sizes', sizes);
  return () => {
    system.removeEventListener('change', colours);
    appearance.removeEventListener('colours', colours);
    appearance.removeEventListener('sizes', sizes);
  };
}

/** What a token, or CSS, is as a colour at an element: a canvas needs it resolved. The browser works out styles anew for each, so each is asked for once. */
export class Colours {
  private readonly known = new Map<string, string>();

  constructor(private readonly place: () => HTMLElement) {}

  readonly of = (colour: string): string => {
    const known = this.known.get(colour);
    if (known) return known;
    const place = this.place();
    place.style.color = colour.startsWith('--') ? `var(${colour})` : colour;
    const resolved = getComputedStyle(place).color;
    place.style.color = '';
    this.known.set(colour, resolved);
    return resolved;
  };

  /** The appearance has changed. */
  forget(): void {
    this.known.clear();
  }
}

/** A canvas in the processor's memory: to read one of the GPU's the page would wait for all that is being drawn. */
let pixel: CanvasRenderingContext2D | null = null;
const read = new Map<string, readonly number[]>();

/** Red, green and blue of a resolved colour, 0 to 255. */
export function channels(colour: string): readonly number[] {
  const known = read.get(colour);
  if (known) return known;
  pixel ??= document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
  pixel.fillStyle = colour;
  pixel.fillRect(0, 0, 1, 1);
  const found = [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3);
  read.set(colour, found);
  return found;
}
