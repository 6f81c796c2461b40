/** Hands a run in: what the file will say, and the file. */
import { html, nothing } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import { AppElement } from '../components/base.ts';
import { saveAs } from '../components/download.ts';
import { sheet } from '../components/sheet.ts';
import { shared } from '../components/styles.ts';
import { textName } from '../i18n/names.ts';
import type { App } from '../state/app.ts';
import { say } from './messages.ts';
import { isExact } from './rerun.ts';
import { FORMAT, sealed, VERSION, type Result } from './result.ts';

/** What the page knows of its run, as a result; null before the first epoch has ended. */
export function resultOf(app: App, author: string): Result | null {
  const { session, position, text, living, device } = app.state;
  const run = app.runs.current;
  if (!session?.fingerprint || !position || !text || !device || !run?.epochs.length) return null;
  return sealed({
    format: FORMAT,
    version: VERSION,
    charloom: import.meta.env.CHARLOOM_VERSION,
    made: new Date().toISOString(),
    author,
    settings: session.config,
    altered: run.altered ?? false,
    build: device.build,
    device: device.backend,
    text: {
      kind: text.kind === 'corpus' ? 'corpus' : 'own',
      name: text.kind === 'corpus' ? text.name : textName(app.state, text.name),
      characters: text.statistics.characters,
      fingerprint: session.fingerprint,
    },
    position: { epoch: position.epoch, step: position.step },
    epochs: run.epochs.map(({ epoch, loss, perplexity, validation_perplexity }) => ({ epoch, loss, perplexity, validation_perplexity })),
    curve: { x: run.steps.x.slice(), loss: run.steps.columns[0]!.slice() },
    sample: { prefix: living?.prefix ?? '', text: living?.characters.map(({ character }) => character).join('') ?? '' },
  });
}

@customElement('cl-handin')
export class HandIn extends AppElement {
  protected readonly watches = ['runsVersion', 'device', 'session'] as const;
  @query('dialog') private dialog!: HTMLDialogElement;

  static override styles = [shared, sheet];

  private say(key: Parameters<typeof say>[1], values?: Parameters<typeof say>[2]): string {
    return say(this.state.language, key, values);
  }

  async show(): Promise<void> {
    await this.updateComplete;
    this.dialog.showModal();
  }

  override render() {
    const result = resultOf(this.app, '');
    return html`<dialog aria-labelledby="title">
      <form class="body" @submit=${this.save}>
        <h2 id="title">${this.say('handin.title')}</h2>
        <p class="small muted">${this.say('handin.help')}</p>
        ${result
          ? html`<label class="field">${this.say('handin.author')}<input id="author" maxlength="100" autocomplete="name" /></label>
              <p class="small" id="repeatable">
                ${this.say(result.altered ? 'handin.altered' : isExact(result) ? 'handin.exact' : 'handin.rough')}
              </p>`
          : html`<p class="small" role="alert">${this.say('handin.nothing')}</p>`}
        <div class="row end">
          <button type="button" @click=${() => this.dialog.close()}>${this.say('close')}</button>
          ${result ? html`<button class="primary" id="save-result">${this.say('handin.save')}</button>` : nothing}
        </div>
      </form>
    </dialog>`;
  }

  private save(event: Event): void {
    event.preventDefault();
    const author = this.renderRoot.querySelector<HTMLInputElement>('#author')!.value.trim();
    const result = resultOf(this.app, author);
    if (!result) return;
    const name = author.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '');
    saveAs(new Blob([JSON.stringify(result, null, 1)], { type: 'application/json' }), `charloom-result${name ? `-${name}` : ''}.json`);
    this.dialog.close();
  }
}
