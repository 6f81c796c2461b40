/** Starts the page: connects the worker, hands the App to the components, follows the page's life. */
import { setAssets } from './client/assets.ts';
import { connect } from './client/client.ts';
import { keepForOffline } from './client/offline.ts';
import { pageAssets } from './client/pageassets.ts';
import { loadFailures } from './i18n/failures.ts';
import { ALL_LANGUAGES, loadLanguage, translate } from './i18n/i18n.ts';
import { complete, draw } from './opening.ts';
import { fetchParts } from './parts.ts';
import { App } from './state/app.ts';
import { readHash } from './state/hash.ts';
import { PageHost } from './hosts/page.ts';
import './theme/tokens.css';
import './theme/page.css';

setAssets(pageAssets());
const host = new PageHost();
const app = new App(connect(readHash(host.fragment).build), host);

function describeDocument(): void {
  const { language } = app.state;
  document.documentElement.lang = language;
  document.title = `Charloom · ${translate(language, 'app.tagline')}`;
}

/** First what is needed to train and write; the rest follows once that works. */
async function begin(): Promise<void> {
  const started = app.start();
  const page = await draw(app, document.body);
  describeDocument();
  app.store.subscribe((changed) => {
    if (changed.has('language')) describeDocument();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') app.shelf.saveQuietly();
  });
  addEventListener('pagehide', () => app.shelf.saveQuietly());
  addEventListener('hashchange', () => app.links.follow());
  await started;
  await complete(app, page);
  await keepForOffline(async () => {
    await fetchParts(app.state.language);
    await import('./glossary/glossary.ts').then(({ ENTRIES }) => Promise.all(Object.values(ENTRIES).map((entries) => entries())));
    await Promise.all(ALL_LANGUAGES.flatMap((each) => [loadLanguage(each), loadFailures(each)]));
    return app.client.files();
  });
}

begin().catch((error: unknown) => {
  dispatchEvent(new Event('cannot-start'));
  throw error;
});
