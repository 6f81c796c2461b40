/** Builds a link: which parts of the page readers see, which they may change, and what is fixed. */
import { css, html, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { AppElement } from '../components/base.ts';
import { copyText } from '../components/clipboard.ts';
import { sheet } from '../components/sheet.ts';
import { shared } from '../components/styles.ts';
import { LANGUAGES, optionKey, type Language } from '../i18n/i18n.ts';
import { allPaths } from '../state/config.ts';
import type { Wishes } from '../state/links.ts';
import { OUTPUTS, PANELS, partNames } from '../state/partnames.ts';
import { CONTROLS, nameOf, type Part } from '../state/parts.ts';
import { say } from './messages.ts';
import { frameFor, tagFor } from './snippets.ts';
import { partLabel } from './partlabels.ts';

type Fate = 'shown' | 'locked' | 'hidden';

@customElement('cl-link')
export class LinkBuilder extends AppElement {
  protected readonly watches = ['config', 'preset', 'text', 'sampling'] as const;
  /** Of the parts that are not simply shown. */
  @state() private fates: ReadonlyMap<string, Fate> = new Map();
  @state() private seed: number | null = null;
  @state() private exact = false;
  @state() private language: Language | null = null;
  @state() private opening: string | null = null;
  @state() private temperature: number | null = null;
  /** Fields in which stands what the link cannot say. */
  @state() private wrong: ReadonlySet<'seed' | 'temperature'> = new Set();
  @state() private copied = false;
  @state() private problem = '';
  @state() private looking = false;
  @query('dialog') private dialog!: HTMLDialogElement;

  static override styles = [
    shared,
    sheet,
    css`
      .parts {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 250px), 1fr));
        gap: 6px 18px;
      }
      .parts label {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        align-items: center;
        gap: 8px;
        font-size: 13.5px;
      }
      .parts select {
        width: auto;
      }
      code {
        color: var(--ink-2);
        font-size: 12px;
      }
      fieldset {
        min-width: 0;
        margin: 0;
        padding: 0;
        border: 0;
      }
      legend {
        padding: 0;
        margin-bottom: 4px;
        font-size: 13px;
        font-weight: 600;
      }
      .fixed {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 200px), 1fr));
        align-items: start;
        gap: 10px 14px;
      }
      iframe {
        width: 100%;
        height: 480px;
        border: 1px solid var(--line);
        border-radius: 8px;
      }
      textarea {
        height: 5.5em;
        overflow-wrap: anywhere;
        font-family: ui-monospace, monospace;
      }
    `,
  ];

  private say(key: Parameters<typeof say>[1], values?: Parameters<typeof say>[2]): string {
    return say(this.state.language, key, values);
  }

  /** Begins with what the page's own address hides and locks. */
  async show(): Promise<void> {
    const { hide, lock } = this.state;
    this.fates = new Map([...lock.map((name) => [name, 'locked'] as const), ...hide.map((name) => [name, 'hidden'] as const)]);
    this.exact = this.app.links.build === 'simd';
    await this.updateComplete;
    this.dialog.showModal();
  }

  private named(fate: Fate): string[] {
    return [...this.fates].filter(([, each]) => each === fate).map(([name]) => name);
  }

  private get fragment(): string {
    const wishes: Wishes = {
      hide: this.named('hidden'),
      lock: this.named('locked'),
      build: this.exact ? 'simd' : null,
      language: this.language,
      seed: this.seed,
      opening: this.opening,
      temperature: this.temperature,
    };
    return this.app.links.fragmentWith(wishes);
  }

  override render() {
    const { config, text } = this.state;
    if (!config) return nothing;
    const { fragment } = this;
    const { address } = this.app.host;
    const href = address + fragment;
    return html`<dialog aria-labelledby="title">
      <div class="body">
        <h2 id="title">${this.say('link.title')}</h2>
        <p class="small muted">${this.say('link.help')}</p>
        ${text && text.kind !== 'corpus' ? html`<p class="small problem">${this.say('link.ownText')}</p>` : nothing}
        ${this.group('link.parts', [...PANELS, ...(Object.keys(CONTROLS) as Part[])], (name) => partLabel(this.state.language, name))}
        <p class="small muted">${this.say('link.lockedHelp')}</p>
        <details>
          <summary>${this.say('link.options')}</summary>
          ${this.group('link.options', allPaths(config).map(nameOf), (name) => this.optionLabel(name))}
        </details>
        ${this.group('link.outputs', OUTPUTS, (name) => partLabel(this.state.language, name))} ${this.fixedParts()}
        <label class="field"
          >${this.say('link.result')}<textarea id="link" readonly .value=${href} @focus=${this.select}></textarea>
        </label>
        <label class="field"
          >${this.say('link.tag')}<textarea id="link-tag" readonly .value=${tagFor(address, fragment)} @focus=${this.select}></textarea>
        </label>
        <label class="field"
          >${this.say('link.frame')}<textarea id="link-frame" readonly .value=${frameFor(address, fragment)} @focus=${this.select}></textarea>
        </label>
        <details @toggle=${(event: ToggleEvent) => (this.looking = event.newState === 'open')}>
          <summary>${this.say('link.look')}</summary>
          ${this.looking ? html`<iframe title=${this.say('link.look')} src=${new URL(`embed.html${fragment}`, address).href}></iframe>` : nothing}
        </details>
        ${this.problem ? html`<p class="small problem" role="alert">${this.problem}</p>` : nothing}
        <div class="row end">
          <button @click=${() => this.dialog.close()}>${this.say('close')}</button>
          <a class="button" id="preview" target="_blank" rel="noopener" href=${href}>${this.say('link.preview')}</a>
          <button class="primary" id="copy-link" @click=${this.copy}>${this.say(this.copied ? 'copied' : 'copy')}</button>
        </div>
      </div>
    </dialog>`;
  }

  private optionLabel(name: string): string {
    const path = allPaths(this.state.config!).find((each) => nameOf(each) === name)!;
    return this.t(optionKey(path, 'label'));
  }

  private group<Name extends string>(title: 'link.parts' | 'link.options' | 'link.outputs', names: readonly Name[], label: (name: Name) => string) {
    const { lock } = partNames(this.state.config!);
    return html`<fieldset>
      <legend>${this.say(title)}</legend>
      <div class="parts">
        ${names.map((name) => {
          const fate = this.fates.get(name) ?? 'shown';
          const choices: Fate[] = lock.includes(name) ? ['shown', 'locked', 'hidden'] : ['shown', 'hidden'];
          return html`<label
            ><span>${label(name)} <code>${name}</code></span>
            <select data-part=${name} @change=${(event: Event) => this.decide(name, (event.target as HTMLSelectElement).value as Fate)}>
              ${choices.map((each) => html`<option value=${each} ?selected=${each === fate}>${this.say(`link.${each}`)}</option>`)}
            </select>
          </label>`;
        })}
      </div>
    </fieldset>`;
  }

  private fixedParts() {
    const { config, sampling } = this.state;
    return html`<div class="fixed">
      ${this.number('seed', { min: 0, max: Number.MAX_SAFE_INTEGER, step: '1', value: this.seed ?? config!.train.seed })}
      <label class="field"
        >${this.say('link.build')}
        <select id="link-build" @change=${(event: Event) => (this.exact = (event.target as HTMLSelectElement).value === 'simd')}>
          <option value="any" ?selected=${!this.exact}>${this.say('link.build.any')}</option>
          <option value="simd" ?selected=${this.exact}>${this.say('link.build.simd')}</option>
        </select>
      </label>
      <label class="field"
        >${this.say('link.language')}
        <select id="link-language" @change=${(event: Event) => (this.language = ((event.target as HTMLSelectElement).value || null) as Language | null)}>
          <option value="" ?selected=${this.language === null}>${this.say('link.language.any')}</option>
          ${(Object.keys(LANGUAGES) as Language[]).map(
            (each) => html`<option value=${each} ?selected=${each === this.language}>${LANGUAGES[each]}</option>`,
          )}
        </select>
      </label>
      <label class="field"
        >${this.say('link.opening')}
        <input
          id="link-opening"
          maxlength="200"
          autocomplete="off"
          .value=${this.opening ?? sampling?.prefix ?? ''}
          @change=${(event: Event) => (this.opening = (event.target as HTMLInputElement).value)}
        />
      </label>
      ${this.number('temperature', { min: 0.1, max: 2, step: 'any', value: this.temperature ?? sampling?.temperature ?? 1 })}
    </div>`;
  }

  /** What is out of range stays as it was typed, beside the reason, and the last good number is in the link. */
  private number(name: 'seed' | 'temperature', { min, max, step, value }: { min: number; max: number; step: string; value: number }) {
    const wrong = this.wrong.has(name);
    return html`<label class="field"
      >${this.say(`link.${name}`)}
      <input
        type="number"
        id="link-${name}"
        min=${min}
        max=${max}
        step=${step}
        .value=${String(value)}
        aria-invalid=${wrong}
        @change=${(event: Event) => {
          const input = event.target as HTMLInputElement;
          const good = input.value !== '' && input.validity.valid;
          this.wrong = new Set([...this.wrong].filter((each) => each !== name).concat(good ? [] : [name]));
          if (good) this[name] = input.valueAsNumber;
        }}
      />
      ${wrong ? html`<span class="small problem" role="alert">${this.t('sample.range', { min, max, value })}</span>` : nothing}
    </label>`;
  }

  private decide(name: string, fate: Fate): void {
    const fates = new Map(this.fates);
    if (fate === 'shown') fates.delete(name);
    else fates.set(name, fate);
    this.fates = fates;
  }

  private select(event: FocusEvent): void {
    (event.target as HTMLTextAreaElement).select();
  }

  private async copy(): Promise<void> {
    this.copied = await copyText(this.app.host.address + this.fragment);
    this.problem = this.copied ? '' : this.say('copy.failed');
    setTimeout(() => (this.copied = false), 1500);
  }
}
