/** The sampling desk: one's own beginning, and how boldly to go on. Works while training, without stopping it. */
import { css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { asFailure } from '../client/client.ts';
import { textName } from '../i18n/names.ts';
import type { SampledCharacter } from '../protocol/engine.ts';
import type { Failure } from '../protocol/messages.ts';
import type { Sampling } from '../state/appstate.ts';
import type { Song } from '../songs/kept.ts';
import { openPart } from '../parts.ts';
import { AppElement } from './base.ts';
import type { BranchEvent, Continuation } from './continuation.ts';
import { shared } from './styles.ts';
import { mark } from './term.ts';

const ALTERNATIVES = 8;
/** More is work for the command line: every character here can be pointed at. */
const LONGEST = 5000;
/** New seeds are short enough to be told to somebody. */
const NEW_SEEDS = 1_000_000;
const MOST_SEED = Number.MAX_SAFE_INTEGER - 4;
let nextId = 1;


@customElement('cl-writer')
export class Writer extends AppElement {
  protected readonly watches = ['sampling', 'session', 'engine'] as const;
  @state() private continuations: Continuation[] = [];
  @state() private failure: Failure | null = null;
  @state() private unknown: string[] = [];
  @state() private surprise = true;
  /** The options that were given what is no number in their range: it stays where it was typed. */
  @state() private outOfRange: ReadonlySet<string> = new Set();

  static override styles = [
    shared,
    css`
      form {
        display: grid;
        gap: 10px;
      }
      @media print {
        form,
        .unwritten {
          display: none;
        }
      }
      .begin {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 8px;
        align-items: end;
      }
      .begin input {
        min-height: 40px;
        font-family: var(--serif);
        font-size: 16px;
      }
      .begin button {
        min-height: 40px;
        min-width: 84px;
      }
      label {
        display: grid;
        gap: 3px;
        font-size: 13px;
        font-weight: 550;
      }
      label.check {
        display: flex;
        align-items: center;
        gap: 8px;
      }
      .light {
        font-weight: 400;
      }
      .slider {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) minmax(2.4em, auto);
        align-items: center;
        gap: 10px;
      }
      .grid label {
        align-content: start;
      }
      .grid {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 10px 12px;
      }
      .outputs {
        display: grid;
        gap: 8px;
        margin-block: 12px;
      }
      cl-continuation:not(:defined),
      cl-song:not(:defined),
      cl-songs:not(:defined) {
        display: none;
      }
    `,
  ];

  private get writing(): boolean {
    return this.continuations.some((each) => each.status === 'writing');
  }

  override render() {
    const { sampling, session } = this.state;
    return html`<section class="card ${this.continuations.length ? '' : 'unwritten'}" aria-labelledby="title">
      <div class="head"><h2 id="title">${this.t('sample.title')}</h2></div>
      <form novalidate @submit=${this.submit}>
        <div class="begin">
          <label ?hidden=${!this.shows('opening')}
            >${this.t('sample.prefix')}
            <input
              id="prefix"
              autocomplete="off"
              spellcheck="false"
              ?disabled=${this.fixed('opening')}
              placeholder=${this.t('sample.prefix.placeholder')}
              .value=${sampling?.prefix ?? ''}
              @change=${(event: Event) => this.app.setSampling({ prefix: (event.target as HTMLInputElement).value })}
            />
          </label>
          ${this.writing
            ? html`<button type="button" id="stop" @click=${this.stop}>${this.t('sample.stop')}</button>`
            : html`<button class="primary" id="write" ?disabled=${!session}>${this.t('sample.write')}</button>`}
        </div>
        ${this.problem()}
        <label class="slider" ?hidden=${!this.shows('temperature')}
          >${this.t('sample.temperature')}
          <input
            type="range"
            id="temperature"
            min="0.1"
            max="2"
            step="0.05"
            aria-describedby="temperature-help"
            .value=${String(sampling?.temperature ?? 1)}
            ?disabled=${(sampling?.greedy ?? true) || this.fixed('temperature')}
            @input=${this.number('temperature')}
          />
          <span class="number">${sampling?.temperature.toFixed(2) ?? '–'}</span>
        </label>
        <p class="small muted" id="temperature-help" ?hidden=${!this.shows('temperature')}>${this.t('sample.temperature.help')} ${mark(this, 'temperature', this.t('sample.temperature'))}</p>
        ${sampling ? this.more(sampling) : nothing}
      </form>
      <div class="outputs" @branch=${this.branch}>
        ${repeat(
          this.continuations,
          (each) => each.id,
          (each, index) =>
            html`<cl-continuation
              .app=${this.app}
              .continuation=${each}
              .number=${index + 1}
              .surprise=${this.surprise}
            ></cl-continuation>
            ${each.status === 'writing' ? nothing : html`<cl-song .app=${this.app} .song=${this.songOf(each)}></cl-song>`}`,
        )}
      </div>
      ${this.continuations.length ? this.tools() : nothing}
      <cl-songs .app=${this.app}></cl-songs>
    </section>`;
  }

  override firstUpdated(): void {
    if (this.app.host.memory.read('songs')) this.loadSongs();
  }

  /** What shows songs is needed once there is one. */
  private loadSongs(): void {
    void this.app.notices.attempt(() => openPart('songs', this.state.language));
  }

  private songOf({ prefix, characters, seed, by }: Continuation): Song {
    const text = (prefix + characters.map(({ character }) => character).join('')).trim();
    return { ...by, text, seed };
  }

  private more(sampling: Sampling) {
    return html`<details>
      <summary>${this.t('sample.more')}</summary>
      <div class="grid">
        ${this.field('length', sampling.length, 1, LONGEST, 1)} ${this.field('count', sampling.count, 1, 4, 1)}
        ${this.field('top_k', sampling.top_k, 0, undefined, 1, html`${this.t('sample.top_k.help')} ${mark(this, 'top-k', this.t('sample.top_k'))}`)}
        ${this.field('top_p', sampling.top_p, 0.01, 1, 0.01, html`${this.t('sample.top_p.help')} ${mark(this, 'top-p', this.t('sample.top_p'))}`)}
        ${this.field('seed', sampling.seed, 0, MOST_SEED, 1, mark(this, 'seed', this.t('sample.seed')))}
        <label class="check">
          <input
            type="checkbox"
            id="keep-seed"
            .checked=${sampling.keepSeed}
            @change=${(event: Event) => this.app.setSampling({ keepSeed: (event.target as HTMLInputElement).checked })}
          />${this.t('sample.keepSeed')}
        </label>
        <label class="check">
          <input
            type="checkbox"
            .checked=${sampling.greedy}
            @change=${(event: Event) => this.app.setSampling({ greedy: (event.target as HTMLInputElement).checked })}
          />${this.t('sample.greedy')} ${mark(this, 'greedy', this.t('sample.greedy'))}
        </label>
      </div>
    </details>`;
  }

  private field(
    name: 'length' | 'count' | 'top_k' | 'top_p' | 'seed',
    value: number,
    min: number,
    max: number | undefined,
    step: number,
    help?: unknown,
  ) {
    return html`<label
      >${this.t(`sample.${name}`)}
      <input
        type="number"
        id=${name}
        min=${min}
        max=${max ?? nothing}
        step=${step}
        .value=${String(value)}
        aria-invalid=${this.outOfRange.has(name)}
        @change=${this.number(name)}
      />
      ${this.outOfRange.has(name)
        ? html`<span class="small problem light" role="alert">${this.t('sample.range', { min, max: max ?? '∞', value })}</span>`
        : help
          ? html`<span class="small muted light">${help}</span>`
          : nothing}
    </label>`;
  }

  private number(name: 'temperature' | 'length' | 'count' | 'top_k' | 'top_p' | 'seed') {
    return (event: Event) => {
      const input = event.target as HTMLInputElement;
      const valid = input.validity.valid && Number.isFinite(input.valueAsNumber);
      const others = [...this.outOfRange].filter((each) => each !== name);
      this.outOfRange = new Set(valid ? others : [...others, name]);
      // Who types a seed wants that one.
      if (valid) this.app.setSampling({ [name]: input.valueAsNumber, ...(name === 'seed' ? { keepSeed: true } : {}) });
    };
  }

  private problem() {
    if (!this.failure) return nothing;
    const text = this.unknown.length
      ? this.t('sample.unknown', { characters: this.unknown.map((each) => `“${each}”`).join(this.state.language === 'en' ? ', ' : '、') })
      : this.failureText(this.failure);
    return html`<div class="row problem small" role="alert" id="sample-problem" data-code=${this.failure.code}>
      <span>${text}</span>
      ${this.failure.code === 'unknown-character'
        ? html`<button type="button" id="skip" @click=${() => this.write(true)}>${this.t('sample.skip')}</button>`
        : nothing}
    </div>`;
  }

  private tools() {
    return html`<div class="row">
      <button id="inside" ?disabled=${this.writing} @click=${this.lookInside}>${this.t('inside.title')}</button>
      <label class="check">
        <input
          type="checkbox"
          .checked=${this.surprise}
          @change=${(event: Event) => (this.surprise = (event.target as HTMLInputElement).checked)}
        />${this.t('sample.surprise')}
      </label>
    </div>`;
  }

  private readonly lookInside = () => {
    const first = this.continuations[0];
    if (first) this.app.lookInside(first.prefix + first.characters.map(({ character }) => character).join(''));
    this.dispatchEvent(new Event('look-inside', { bubbles: true, composed: true }));
  };

  private submit(event: Event): void {
    event.preventDefault();
    const prefix = this.renderRoot.querySelector<HTMLInputElement>('#prefix')!.value;
    this.app.setSampling({ prefix });
    void this.write(false);
  }

  private async write(skipUnknown: boolean): Promise<void> {
    if (!this.state.sampling!.keepSeed) this.app.setSampling({ seed: Math.floor(Math.random() * NEW_SEEDS) });
    const { count, length, seed, prefix, temperature } = this.state.sampling!;
    this.loadSongs();
    this.stop();
    this.failure = null;
    const { session, text } = this.state;
    const { cell, hidden_size: units } = session!.config.model;
    const epoch = this.state.position?.epoch ?? 0;
    const by = { temperature, cell, units, epoch, learntFrom: text ? textName(this.state, text.name) : '?', written: Date.now() };
    this.continuations = Array.from({ length: count }, (_, index) => ({
      id: nextId++,
      prefix,
      seed: seed + index,
      by,
      characters: [],
      status: 'writing' as const,
      skipped: [],
      likeness: null,
    }));
    await Promise.all(this.continuations.map((each) => this.stream(each, prefix, each.seed, length, skipUnknown)));
  }

  /** Writes on until the length is reached or someone stops it. */
  private async stream(target: Continuation, prefix: string, seed: number, length: number, skipUnknown: boolean, written = 0): Promise<void> {
    const { temperature, top_k, top_p, greedy } = this.state.sampling!;
    const options = { prefix, skip_unknown: skipUnknown, temperature, top_k, top_p, greedy, seed, alternatives: ALTERNATIVES };
    const { id } = target;
    const update = (change: (present: Continuation) => Partial<Continuation>) => {
      this.continuations = this.continuations.map((each) => (each.id === id ? { ...each, ...change(each) } : each));
    };
    try {
      const request = { id, options, length, best: this.state.sampling!.best, written };
      const { skipped, stopped, likeness } = await this.app.client.write(request, (more: SampledCharacter[]) =>
        update((present) => ({ characters: [...present.characters, ...more] })),
      );
      update(() => ({ status: stopped ? 'stopped' : 'done', skipped, likeness }));
    } catch (error) {
      this.failure = asFailure(error);
      this.unknown = this.failure.code === 'unknown-character' ? this.unknownIn(prefix) : [];
      this.continuations = this.continuations.filter((each) => each.id !== id);
    }
  }

  private unknownIn(prefix: string): string[] {
    const known = new Set(this.state.session?.vocabulary ?? []);
    return [...new Set(prefix)].filter((character) => !known.has(character));
  }

  private branch(event: BranchEvent): void {
    const from = this.continuations.find((each) => each.id === event.continuation);
    if (!from) return;
    const characters = [...from.characters.slice(0, event.keep), event.character];
    const branched: Continuation = { ...from, id: nextId++, characters, status: 'writing', likeness: null };
    this.continuations = this.continuations.map((each) => (each === from ? branched : each));
    const text = from.prefix + characters.map(({ character }) => character).join('');
    const { length, seed } = this.state.sampling!;
    void this.stream(branched, text, seed + nextId, Math.max(1, length - characters.length), true, characters.length);
  }

  private stop(): void {
    for (const each of this.continuations) {
      if (each.status === 'writing') void this.app.client.stopWriting(each.id);
    }
  }
}
