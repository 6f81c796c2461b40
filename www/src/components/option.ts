/** One option: label, control, one sentence, and what is wrong with it if anything is. */
import { css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { choiceKey, optionKey } from '../i18n/i18n.ts';
import { CHOICES, type ChoicePath, type OptionSpec } from '../i18n/options.ts';
import { getOption, type OptionValue } from '../state/config.ts';
import { coversOption } from '../state/parts.ts';
import { TERM_OF_OPTION } from '../glossary/terms.ts';
import { AppElement } from './base.ts';
import { segments, shared, stepper } from './styles.ts';
import { mark } from './term.ts';

/** Builds without fused arithmetic give the same bits on every machine. */
const EXACT_BUILDS: readonly string[] = ['simd', 'scalar'];

@customElement('cl-option')
export class Option extends AppElement {
  protected readonly watches = ['config', 'problem', 'device'] as const;
  @property({ attribute: false }) spec!: OptionSpec;
  /** In one line; the help is a tooltip. */
  @property({ type: Boolean, reflect: true }) compact = false;

  static override styles = [
    shared,
    segments,
    stepper,
    css`
      .option {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 3px;
        min-width: 0;
        margin: 0;
        padding: 0;
        border: 0;
      }
      .label {
        display: flex;
        align-items: center;
        gap: 6px;
        font-size: 13.5px;
        font-weight: 550;
      }
      .toggle {
        display: flex;
        align-items: center;
        gap: 8px;
        cursor: pointer;
      }
      .stepper input {
        text-align: center;
        font-variant-numeric: tabular-nums;
        appearance: textfield;
      }
      input::-webkit-inner-spin-button {
        display: none;
      }
      :host([compact]) .option {
        grid-template-columns: auto minmax(0, 1fr);
        align-items: center;
        gap: 3px 8px;
      }
      /* The question mark stays beside its word. */
      :host([compact]) .row {
        flex-wrap: nowrap;
        gap: 5px;
      }
      :host([compact]) .row cl-term {
        flex: none;
      }
      :host([compact]) .problem {
        grid-column: 1 / -1;
      }
      :host([compact]) .stepper {
        grid-template-columns: 30px minmax(56px, 76px) 30px;
      }
      :host([compact]) .stepper input {
        padding-inline: 2px;
      }
      @container (max-width: 719px) {
        :host([compact]) .option {
          grid-template-columns: minmax(0, 1fr);
        }
        :host([compact]) .stepper {
          grid-template-columns: 26px minmax(0, 1fr) 26px;
          gap: 3px;
        }
      }
      .limit {
        display: flex;
        gap: 6px;
      }
      .limit select {
        flex: 1;
      }
      .limit input {
        flex: 1;
      }
    `,
  ];

  /** What was typed is no number: it stays where it is, to be mended. */
  @state() private notNumber = false;

  private get value(): OptionValue {
    return getOption(this.state.config!, this.spec.path);
  }

  private change(value: OptionValue): void {
    this.notNumber = false;
    if (value !== this.value) this.app.setOption(this.spec.path, value);
  }

  override render() {
    if (!this.state.config) return nothing;
    const { path, control } = this.spec;
    const locked = coversOption(this.state.lock, path);
    const problem = this.problem();
    const label = this.t(optionKey(path, 'label'));
    const seed = path === 'train.seed';
    const exact = seed && this.state.device?.backend === 'cpu' && EXACT_BUILDS.includes(this.state.device.build);
    const help = exact ? this.t('seed.exact') : this.t(optionKey(path, 'help'));
    return html`<fieldset class="option" ?disabled=${locked} title=${this.compact ? help : nothing}>
      ${control.kind === 'toggle'
        ? html`<div class="row"><label class="toggle label">
            <input
              type="checkbox"
              aria-describedby="help"
              .checked=${this.value === true}
              @change=${(event: Event) => this.change((event.target as HTMLInputElement).checked)}
            />${label}
          </label>${this.term(label)}</div>`
        : html`<div class="row"><label class="label" id="label" for="control">${label}</label>${this.term(label)}</div>${this.control()}`}
      <p class=${this.compact ? 'sr' : 'small muted'} id="help">${locked ? html`<strong>${this.t('options.locked')}</strong> ` : nothing}${help}${this.terms()}${seed && !exact && this.state.session ? html` <a href=${this.app.links.exact}>${this.t('seed.exact.use')}</a>` : nothing}</p>
      ${problem ? html`<p class="small problem" role="alert" id="problem">${problem}</p>` : nothing}
    </fieldset>`;
  }

  private term(label: string) {
    const term = TERM_OF_OPTION[this.spec.path];
    return term ? mark(this, term, label) : nothing;
  }

  /** Of the optimiser's sentence, the first to speak of both. */
  private terms() {
    if (this.spec.path !== 'train.optimizer') return nothing;
    return html` ${mark(this, 'gradient', this.t('option.gradient'))} ${mark(this, 'learning-rate', this.t('option.train.lr.label'))}`;
  }

  private problem(): string | null {
    const { problem } = this.state;
    if (this.notNumber) return this.t('options.notNumber', { value: String(this.value) });
    return problem?.path === this.spec.path ? this.failureText(problem.failure) : null;
  }

  private control() {
    const { control } = this.spec;
    switch (control.kind) {
      case 'choice':
        return control.wide ? this.buttons() : this.select();
      case 'number':
        return this.stepper(control.steps, control.whole === true);
      case 'limit':
        return this.limit(control.suggestion);
      case 'toggle':
        return nothing;
    }
  }

  /** The choices, and the present value where it is none of them. */
  private choices(): { value: string; label: string }[] {
    const named: readonly string[] = CHOICES[this.spec.path as ChoicePath] ?? [];
    const values = named.includes(String(this.value)) ? named : [...named, String(this.value)];
    return values.map((value) => {
      const key = choiceKey(this.spec.path, value);
      return { value, label: key ? this.t(key) : value };
    });
  }

  private buttons() {
    return html`<div class="segments" role="group" aria-labelledby="label" aria-describedby="help">
      ${this.choices().map(
        ({ value, label }) =>
          html`<button data-value=${value} aria-pressed=${value === this.value} @click=${() => this.change(value)}>${label}</button>`,
      )}
    </div>`;
  }

  private select() {
    return html`<select
      id="control"
      aria-describedby="help"
      @change=${(event: Event) => this.change((event.target as HTMLSelectElement).value)}
    >
      ${this.choices().map(({ value, label }) => html`<option value=${value} ?selected=${value === this.value}>${label}</option>`)}
    </select>`;
  }

  private stepper(steps: readonly number[], whole: boolean) {
    const value = Number(this.value);
    const less = steps.findLast((step) => step < value);
    const more = steps.find((step) => step > value);
    const invalid = this.problem() !== null;
    const option = this.t(optionKey(this.spec.path, 'label'));
    return html`<div class="stepper">
      <button aria-label=${this.t('options.less', { option })} ?disabled=${less === undefined} @click=${() => this.change(less!)}>−</button>
      <input
        id="control"
        type="number"
        step=${whole ? 1 : 'any'}
        aria-describedby=${invalid ? 'help problem' : 'help'}
        aria-invalid=${invalid}
        .value=${String(value)}
        @change=${this.typed}
      />
      <button aria-label=${this.t('options.more', { option })} ?disabled=${more === undefined} @click=${() => this.change(more!)}>+</button>
    </div>`;
  }

  private typed(event: Event): void {
    const { valueAsNumber } = event.target as HTMLInputElement;
    this.notNumber = !Number.isFinite(valueAsNumber);
    if (!this.notNumber) this.change(valueAsNumber);
  }

  private limit(suggestion: number) {
    const limited = this.value !== null;
    return html`<div class="limit">
      <select
        id="control"
        aria-describedby="help"
        @change=${(event: Event) => this.change((event.target as HTMLSelectElement).value === 'limited' ? suggestion : null)}
      >
        <option value="all" ?selected=${!limited}>${this.t('options.unlimited')}</option>
        <option value="limited" ?selected=${limited}>${this.t('options.limited')}</option>
      </select>
      ${limited
        ? html`<input
            type="number"
            aria-label=${this.t(optionKey(this.spec.path, 'label'))}
            aria-invalid=${this.problem() !== null}
            .value=${String(this.value)}
            @change=${this.typed}
          />`
        : nothing}
    </div>`;
  }
}
