import { appearance, applyTheme, asTheme, type Theme } from './theme.ts';

/** What is drawn, and how large: all of it for whoever sits before it, or on a wall for a class; or one part. And how it is drawn on paper. */
export const VIEWS = ['page', 'projector', 'train', 'write', 'curve', 'inside'] as const;
export type View = (typeof VIEWS)[number];

export function applyView(view: View, root: HTMLElement): void {
  if ((root.getAttribute('data-view') ?? 'page') === view) return;
  if (view === 'page') root.removeAttribute('data-view');
  else root.setAttribute('data-view', view);
  appearance.dispatchEvent(new Event('sizes'));
}

/** How much larger than usual the type in drawings is, where `drawing` stands. */
export function typeScale(drawing: Element): number {
  return Number.parseFloat(getComputedStyle(drawing).getPropertyValue('--drawn')) || 1;
}

/** Paper is white: while the page is printed its colours are the light ones, in the charts too. Answers with what ends it. */
export function lightOnPaper(root: HTMLElement): () => void {
  let theme: Theme = 'auto';
  const before = () => {
    theme = asTheme(root.getAttribute('data-theme'));
    applyTheme('light', root);
  };
  const after = () => applyTheme(theme, root);
  addEventListener('beforeprint', before);
  addEventListener('afterprint', after);
  return () => {
    removeEventListener('beforeprint', before);
    removeEventListener('afterprint', after);
  };
}
