/** The address bar: it says what trains. */
import type { Backend } from '../protocol/engine.ts';
import type { App } from './app.ts';
import { writeHash, type HashState } from './hash.ts';
import { baseConfig, corpusOf } from './presets.ts';

export class LinkControl {
  constructor(
    private readonly app: App,
    private readonly hash: HashState,
  ) {
    app.texts.chosen = hash.corpus !== null || hash.preset !== null;
  }

  /** The device that is asked for travels in the link. */
  wish(backend: Backend): void {
    this.hash.backend = backend;
    this.write();
  }

  write(): void {
    const { boot, session, config, runPreset: preset, text, hide } = this.app.state;
    const trains = session?.config ?? config;
    if (!boot || !trains) return;
    const corpus = text?.kind === 'corpus' && text.name !== corpusOf(boot, preset) ? text.name : null;
    const hash = writeHash({ ...this.hash, corpus, preset, hide }, trains, baseConfig(boot, preset));
    history.replaceState(null, '', hash || location.pathname + location.search);
  }
}
