/** Draws a playground: first what is needed to train and write, and once that works the rest. */
import type { Page } from './components/page.ts';
import { loadLanguage, loadTables } from './i18n/i18n.ts';
import { fetchWhenNear } from './parts.ts';
import type { App } from './state/app.ts';
import './components/page.ts';

export async function draw(app: App, into: Node): Promise<Page> {
  await loadLanguage(app.state.language);
  const page = document.createElement('cl-page') as Page;
  page.app = app;
  into.appendChild(page);
  return page;
}

/** What is there goes on working where the rest cannot be fetched. */
export async function complete(app: App, page: Page): Promise<void> {
  try {
    await loadTables(app.state.language, ['later']);
    const { Recovery } = await import('./later.ts');
    new Recovery(app);
    fetchWhenNear(page.renderRoot, app);
    void app.measureSpeed();
  } catch (error) {
    app.notices.add('problem', 'notice.incomplete');
    throw error;
  }
}
