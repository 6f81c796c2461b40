/** How large the page is drawn: for whoever sits before it, or on a wall for a class. And how it is drawn on paper. */
export const VIEWS = ['page', 'projector'] as const;
export type View = (typeof VIEWS)[number];

export function applyView(view: View, root: HTMLElement): void {
  if (view === 'page') root.removeAttribute('data-view');
  else root.setAttribute('data-view', view);
}

/** How much larger than usual the type in drawings is. */
export function typeScale(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--drawn')) || 1;
}

/** Paper is white: while the page is printed its colours are the light ones, in the charts too. */
export function lightOnPaper(root: HTMLElement): void {
  let theme: string | null = null;
  addEventListener('beforeprint', () => {
    theme = root.getAttribute('data-theme');
    root.setAttribute('data-theme', 'light');
  });
  addEventListener('afterprint', () => {
    if (theme === null) root.removeAttribute('data-theme');
    else root.setAttribute('data-theme', theme);
  });
}
