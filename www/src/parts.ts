/**
 * What the first screen does not show: each part is fetched, with the messages it speaks with, when its place in the
 * page comes near the window, or when it is opened. What is not needed to train and write, but in sight, is later.ts.
 */
import type { App } from './state/app.ts';
import { loadTables, type Language, type TableName } from './i18n/i18n.ts';

interface Part {
  tables: readonly TableName[];
  code: () => Promise<unknown>;
}

/** Parts that have a place in the page, by the element that stands there. */
const PLACED: Record<string, Part> = {
  'cl-book': { tables: ['below'], code: () => import('./components/book.ts') },
  'cl-runs': { tables: ['below'], code: () => import('./components/runs.ts') },
  'cl-inside': { tables: ['inside'], code: () => import('./components/inside.ts') },
  'cl-slow': { tables: ['inside'], code: () => import('./slow/desk.ts') },
};
/** Parts that someone opens. */
const OPENED = {
  slow: { tables: ['inside'], code: () => import('./slow/player.ts') },
  lessons: { tables: ['teach'], code: () => import('./teach/lessons.ts') },
  reading: { tables: ['reading'], code: () => import('./components/reading.ts') },
  windows: { tables: ['inside'], code: () => import('./windows/windows.ts') },
  // These bring their messages along.
  songs: { tables: [], code: () => Promise.all([import('./components/continuation.ts'), import('./songs/shelf.ts')]) },
  ownText: { tables: [], code: () => import('./owntext/sheet.ts') },
  teacher: { tables: [], code: () => Promise.all([import('./teacher/open.ts'), import('./state/partnames.ts')]) },
} satisfies Record<string, Part>;

/** How far below the window a part is fetched: about one turn of a wheel. */
const NEAR = '100px';

async function fetchPart({ tables, code }: Part, language: Language): Promise<void> {
  // In this order: the code draws itself at once.
  await loadTables(language, tables);
  await code();
}

export function openPart(name: keyof typeof OPENED, language: Language): Promise<void> {
  return fetchPart(OPENED[name], language);
}

/** Everything, for visits without a network. */
export async function fetchParts(language: Language): Promise<void> {
  for (const part of [...Object.values(PLACED), ...Object.values(OPENED)]) await fetchPart(part, language);
}

/** Watches the places of parts in `root`. A part that could not be fetched is tried again when it next comes near. */
export function fetchWhenNear(root: ParentNode, app: App): void {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        fetchPart(PLACED[target.localName]!, app.state.language).then(
          () => observer.unobserve(target),
          () => app.notices.add('problem', 'notice.incomplete'),
        );
      }
    },
    { rootMargin: NEAR },
  );
  for (const name of Object.keys(PLACED)) for (const element of root.querySelectorAll(name)) observer.observe(element);
}
