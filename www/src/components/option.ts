/** One option: label, control, one sentence, and what is wrong with it if anything is. */
import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { failureText } from '../i18n/failures.ts';
import { choiceKey, optionKey } from '../i18n/i18n.ts';
import { CHOICES, type ChoicePath, type OptionSpec } from '../i18n/options.ts';
import { getOption, isLive, type OptionValue } from '../state/config.ts';
import { AppElement } from './base.ts';
import { segments, shared, stepper } from './styles.ts';

@customElement('cl-option')
export class Option extends AppElement {
  protected readonly watches = ['config', 'problem'] as const;
  @property({ attribute: false }) spec!: OptionSpec;

  static override styles = [
    shared,
    segments,
    stepper,
    css`
      .option {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 3px;
      }
      .label {
        display: flex;
        align-items: center;
        gap: 6px;
        font-size: 13.5px;
        font-weight: 550;
      }
      .live {
        width: 7px;
        height: 7px;
        border-radius: 50%;
        background: var(--good);
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

  private get value(): OptionValue {
    return getOption(this.state.config!, this.spec.path);
  }

  private change(value: OptionValue): void {
    if (value !== this.value) this.app.setOption(this.spec.path, value);
  }

  override render() {
    if (!this.state.config) return nothing;
    const { path, control } = this.spec;
    const problem = this.state.problem?.path === path ? this.state.problem.failure : null;
    const label = html`${this.t(optionKey(path, 'label'))}
    ${isLive(path) ? html`<span class="live" role="img" aria-label=${this.t('options.live')} title=${this.t('options.live')}></span>` : nothing}`;
    return html`<div class="option">
      ${control.kind === 'toggle'
        ? html`<label class="toggle label">
            <input
              type="checkbox"
              aria-describedby="help"
              .checked=${this.value === true}
              @change=${(event: Event) => this.change((event.target as HTMLInputElement).checked)}
            />${label}
          </label>`
        : html`<label class="label" id="label" for="control">${label}</label>${this.control()}`}
      <p class="small muted" id="help">${this.t(optionKey(path, 'help'))}</p>
      ${problem ? html`<p class="small problem" role="alert" id="problem">${failureText(this.state.language, problem)}</p>` : nothing}
    </div>`;
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
    const invalid = this.state.problem?.path === this.spec.path;
    return html`<div class="stepper">
      <button aria-label=${this.t('options.less')} ?disabled=${less === undefined} @click=${() => this.change(less!)}>−</button>
      <input
        id="control"
        type="number"
        step=${whole ? 1 : 'any'}
        aria-describedby=${invalid ? 'help problem' : 'help'}
        aria-invalid=${invalid}
        .value=${String(value)}
        @change=${this.typed}
      />
      <button aria-label=${this.t('options.more')} ?disabled=${more === undefined} @click=${() => this.change(more!)}>+</button>
    </div>`;
  }

  private typed(event: Event): void {
    const input = event.target as HTMLInputElement;
    if (Number.isFinite(input.valueAsNumber)) this.change(input.valueAsNumber);
    else input.value = String(this.value);
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
            .value=${String(this.value)}
            @change=${this.typed}
          />`
        : nothing}
    </div>`;
  }
}
