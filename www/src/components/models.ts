/** Keep and share: download and open model files, models kept in this browser, the link to these settings. */
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import * as format from '../i18n/format.ts';
import script from '../export/charloom_torch.py?url';
import type { ModelEntry } from '../protocol/messages.ts';
import { AppElement } from './base.ts';
import { saveAs } from './download.ts';
import { shared } from './styles.ts';

@customElement('cl-models')
export class Models extends AppElement {
  protected readonly watches = ['models', 'session', 'saved', 'position'] as const;
  @query('input[type=file]') private picker!: HTMLInputElement;
  @state() private naming: { id: string | null; name: string } | null = null;
  @state() private deleting: string | null = null;

  static override styles = [
    shared,
    css`
      li {
        display: grid;
        gap: 1px;
        padding: 7px 0;
        border-top: 1px solid var(--line);
      }
      li .name {
        font-size: 14px;
        font-weight: 550;
        overflow-wrap: anywhere;
      }
      .about {
        display: block;
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 2px;
        margin-left: -7px;
      }
      .actions button {
        min-height: 28px;
        padding: 0 7px;
        font-size: 13px;
      }
      .actions .open {
        color: var(--accent);
        font-weight: 600;
      }
      .naming {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto auto;
        gap: 6px;
        margin-top: 10px;
      }
      h3 {
        margin: 14px 0 4px;
      }
    `,
  ];

  override render() {
    const { session, models, saved, language } = this.state;
    const keeps = this.app.host.place !== null;
    return html`<section class="card" aria-labelledby="title">
      <div class="head">
        <h2 id="title">${this.t('model.title')}</h2>
        ${saved
          ? html`<span class="small muted" id="autosaved" data-step=${saved.step}
              >${this.t('model.autosaved', { when: format.ago(saved.at, language) })}</span>`
          : nothing}
      </div>
      <div class="row">
        <button id="save" title=${this.t('model.save.help')} ?disabled=${!session} @click=${this.download}>
          ${this.t('model.save')}
        </button>
        <button id="load" ?disabled=${this.fixed('models')} @click=${() => this.picker.click()}>${this.t('model.load')}</button>
        ${keeps
          ? html`<button id="keep" ?disabled=${!session} @click=${() => (this.naming = { id: null, name: this.suggestion() })}>
              ${this.t('model.keep')}
            </button>`
          : nothing}
        <a class="button" href=${script} download="charloom_torch.py" title=${this.t('model.pytorch.help')}>${this.t('model.pytorch')}</a>
        <button id="share" @click=${this.share}>${this.t('share.link')}</button>
        <button id="build-link" @click=${() => this.open((dialogs) => dialogs.openLinkBuilder(this.app))}>${this.t('share.build')}</button>
        <button id="hand-in" @click=${() => this.open((dialogs) => dialogs.openHandIn(this.app))}>${this.t('share.handIn')}</button>
        <button id="open-result" @click=${this.pickResult}>${this.t('share.openResult')}</button>
        <input type="file" hidden accept=".safetensors" aria-label=${this.t('model.load')} @change=${this.picked} />
      </div>
      ${this.naming ? this.nameForm(this.naming) : nothing}
      ${keeps ? html`<h3 id="list">${this.t('model.list')}</h3>` : nothing}
      ${!keeps
        ? nothing
        : models.length
        ? html`<ul aria-labelledby="list">
            ${models.map((entry) => this.entry(entry))}
          </ul>`
        : html`<p class="small muted">${this.t('model.none')}</p>`}
    </section>`;
  }

  private suggestion(): string {
    const { session, position } = this.state;
    if (!session) return '';
    const { cell, hidden_size } = session.config.model;
    return `${this.t(`choice.model.cell.${cell}`)} ${hidden_size}, ${this.t('chart.epoch.axis')} ${position?.epoch ?? 0}`;
  }

  private nameForm(naming: { id: string | null; name: string }) {
    return html`<form class="naming" @submit=${this.named} @keydown=${this.escape}>
      <input id="name" aria-label=${this.t('model.keep.name')} required maxlength="80" .value=${naming.name} />
      <button class="primary">${this.t('model.keep.ok')}</button>
      <button type="button" @click=${() => (this.naming = null)}>${this.t('text.cancel')}</button>
    </form>`;
  }

  private nameOf(entry: ModelEntry): string {
    return entry.kind === 'auto' ? this.t('model.auto') : entry.name;
  }

  private entry(entry: ModelEntry) {
    const { language } = this.state;
    const { cell, hidden_size } = entry.config.model;
    if (this.deleting === entry.id) {
      return html`<li>
        <span class="small">${this.t('model.deleteSure', { name: this.nameOf(entry) })}</span>
        <span class="actions">
          <button @click=${() => this.app.shelf.remove(entry.id)}>${this.t('model.delete')}</button>
          <button class="quiet" @click=${() => (this.deleting = null)}>${this.t('text.cancel')}</button>
        </span>
      </li>`;
    }
    return html`<li>
      <span>
        <span class="name">${this.nameOf(entry)}</span>
        <span class="small muted number about"
          >${this.t('model.details', {
            cell: this.t(`choice.model.cell.${cell}`),
            hidden: hidden_size,
            epoch: entry.position.epoch,
            when: format.ago(entry.updated, language),
          })}</span
        >
      </span>
      <span class="actions">
        <button class="quiet open" ?disabled=${this.fixed('models')} @click=${() => this.app.openModel(entry)}>${this.t('model.open')}</button>
        <button class="quiet" @click=${() => this.export(entry)}>${this.t('model.export')}</button>
        <button class="quiet" @click=${() => (this.naming = { id: entry.id, name: this.nameOf(entry) })}>
          ${this.t('model.rename')}
        </button>
        <button class="quiet" @click=${() => (this.deleting = entry.id)}>${this.t('model.delete')}</button>
      </span>
    </li>`;
  }

  /** What is to be typed has the focus, ready to be replaced. */
  protected override updated(changed: PropertyValues): void {
    if (!changed.has('naming') || !this.naming) return;
    const field = this.renderRoot.querySelector<HTMLInputElement>('#name');
    field?.focus();
    field?.select();
  }

  private escape(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.naming = null;
  }

  private async named(event: Event): Promise<void> {
    event.preventDefault();
    const name = this.renderRoot.querySelector<HTMLInputElement>('#name')!.value.trim();
    const naming = this.naming;
    this.naming = null;
    if (!name || !naming) return;
    if (naming.id === null) await this.app.shelf.keep(name);
    else await this.app.shelf.rename(naming.id, name);
  }

  private async download(): Promise<void> {
    await this.app.notices.attempt(async () => {
      const { session, position } = this.state;
      const file = await this.app.client.exportModel();
      saveAs(file, `charloom-${session!.config.model.cell}-epoch${position?.epoch ?? 0}.safetensors`);
    });
  }

  private async export(entry: ModelEntry): Promise<void> {
    await this.app.notices.attempt(async () => {
      const name = entry.kind === 'auto' ? `charloom-${entry.config.model.cell}` : entry.name.replace(/[\\/:*?"<>|]/g, '-');
      saveAs(await this.app.client.modelFile(entry.id), `${name}.safetensors`);
    });
  }

  private picked(): void {
    const file = this.picker.files?.[0];
    this.picker.value = '';
    if (file) void this.app.importModel(file);
  }

  private async open(show: (dialogs: typeof import('../teacher/open.ts')) => Promise<void>): Promise<void> {
    await this.app.notices.attempt(async () => show(await import('../teacher/open.ts')));
  }

  private pickResult(): void {
    const picker = document.createElement('input');
    picker.type = 'file';
    picker.accept = '.json';
    picker.addEventListener('change', () => {
      const file = picker.files?.[0];
      if (file) void this.open((dialogs) => dialogs.openResult(this.app, file));
    });
    picker.click();
  }

  private async share(): Promise<void> {
    const copied = await this.app.notices.attempt(() => navigator.clipboard.writeText(this.app.links.href));
    if (copied) this.app.notices.add('info', 'share.copied');
  }
}
