/** A list of options: the simple ones, and the rest behind a disclosure. */
import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { OptionSpec } from '../i18n/options.ts';
import { coversOption } from '../state/parts.ts';
import { AppElement } from './base.ts';
import './option.ts';
import { shared } from './styles.ts';

@customElement('cl-options')
export class Options extends AppElement {
  protected readonly watches = ['config'] as const;
  @property({ attribute: false }) specs: readonly OptionSpec[] = [];
  /** What the disclosure is called. */
  @property() label = '';

  static override styles = [
    shared,
    css`
      .stack {
        gap: 14px;
      }
      details {
        margin-top: 12px;
      }
    `,
  ];

  override render() {
    const config = this.state.config;
    if (!config) return nothing;
    const shown = this.specs.filter((spec) => !coversOption(this.state.hide, spec.path) && (spec.when?.(config) ?? true));
    const simple = shown.filter((spec) => spec.simple);
    const rest = shown.filter((spec) => !spec.simple);
    return html`${simple.length ? this.list(simple) : nothing}
    ${rest.length ? html`<details><summary>${this.label || this.t('options.advanced')}</summary>${this.list(rest)}</details>` : nothing}`;
  }

  private list(specs: OptionSpec[]) {
    return html`<div class="stack">
      ${repeat(
        specs,
        (spec) => spec.path,
        (spec) => html`<cl-option .app=${this.app} .spec=${spec} data-path=${spec.path}></cl-option>`,
      )}
    </div>`;
  }
}
