/** The language of the place that an element stands in: the nearest `lang`, across shadow roots, else the browser's. */
export function languagesAt(element: Element): readonly string[] {
  for (let at: Node | null = element; at; at = at instanceof ShadowRoot ? at.host : at.parentNode) {
    const lang = at instanceof Element ? at.getAttribute('lang') : null;
    if (lang) return [lang, ...navigator.languages];
  }
  return navigator.languages;
}
