/** Light or dark, and which language: as the host's page has it where the element stands, and told when that changes. */
import { languagesAt } from './language.ts';

/** 0 black to 1 white; null where nothing is painted. */
function luminance(colour: string): number | null {
  const [r = 0, g = 0, b = 0, alpha = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  if (!/^rgb/.test(colour)) return painted(colour);
  return alpha < 0.5 ? null : (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

/** Colours of other spaces, by painting a pixel. */
function painted(colour: string): number | null {
  const pixel = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
  if (!pixel) return null;
  pixel.fillStyle = colour;
  pixel.fillRect(0, 0, 1, 1);
  const [r, g, b, alpha] = pixel.getImageData(0, 0, 1, 1).data as unknown as [number, number, number, number];
  return alpha < 128 ? null : (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

function* ancestors(element: Element): Generator<Element> {
  for (let at: Node | null = element; at; at = at instanceof ShadowRoot ? at.host : at.parentNode) if (at instanceof Element) yield at;
}

/**
 * Where the element's surroundings declare a colour scheme, that; else whether what lies behind is dark. A page's meta
 * element says only what it could do: Furo has one, and a switch of its own.
 */
export function isDarkAt(element: HTMLElement, probe: HTMLElement): boolean {
  if (getComputedStyle(element).colorScheme === 'normal') {
    for (const each of ancestors(element)) {
      const behind = luminance(getComputedStyle(each).backgroundColor);
      if (behind !== null) return behind < 0.5;
    }
  }
  // The colour of text in the scheme that is in use here.
  probe.style.color = 'CanvasText';
  const text = luminance(getComputedStyle(probe).color) ?? 0;
  probe.style.color = '';
  return text > 0.5;
}

/** Calls back when theme or language may be others; answers with what ends it. */
export function watchSurroundings(element: HTMLElement, changed: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const observer = new MutationObserver(changed);
  for (const each of ancestors(element)) if (each !== element) observer.observe(each, { attributes: true });
  // Style sheets that are put in, or switched off and on.
  observer.observe(document.head, { childList: true, subtree: true, attributes: true, attributeFilter: ['media', 'disabled', 'href'] });
  system.addEventListener('change', changed);
  // A background that fades is judged when it has.
  document.addEventListener('transitionend', changed);
  addEventListener('languagechange', changed);
  return () => {
    observer.disconnect();
    system.removeEventListener('change', changed);
    document.removeEventListener('transitionend', changed);
    removeEventListener('languagechange', changed);
  };
}

export { languagesAt };
