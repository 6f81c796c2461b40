/** A handed-in result, read only: its settings beside the page's, its curve, numbers and sample; and running it again. */
import { css, html, nothing, svg } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { AppElement } from '../components/base.ts';
import { sheet } from '../components/sheet.ts';
import { shared } from '../components/styles.ts';
import * as format from '../i18n/format.ts';
import { choiceKey, optionKey } from '../i18n/i18n.ts';
import { textName } from '../i18n/names.ts';
import type { Config } from '../protocol/engine.ts';
import type { TextSource } from '../protocol/messages.ts';
import { allPaths, differences, getOption, type OptionPath } from '../state/config.ts';
import { say } from './messages.ts';
import { isExact, Rerun, type Verdict } from './rerun.ts';
import { readResult, refuseTooLarge, ResultError, type Result, type ResultProblem } from './result.ts';

const CURVE = { width: 600, height: 160 };

@customElement('cl-result')
export class ResultView extends AppElement {
  protected readonly watches = ['config', 'boot'] as const;
  @state() private shown: { result: Result; intact: boolean } | null = null;
  @state() private problem: ResultProblem | null = null;
  @state() private rerun: Rerun | null = null;
  @state() private epochs = 0;
  @state() private verdict: Verdict | null = null;
  @query('dialog') private dialog!: HTMLDialogElement;
  @query('input[type=file]') private picker!: HTMLInputElement;

  static override styles = [
    shared,
    sheet,
    css`
      dl {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 3px 16px;
        font-size: 14px;
      }
      dt {
        color: var(--ink-2);
      }
      dd {
        overflow-wrap: anywhere;
      }
      .good {
        color: var(--good);
      }
      svg {
        display: block;
        width: 100%;
        height: auto;
        border-bottom: 1px solid var(--line);
        border-left: 1px solid var(--line);
      }
      polyline {
        fill: none;
        stroke: var(--run-0);
        stroke-width: 2;
        vector-effect: non-scaling-stroke;
      }
      .sample {
        max-height: 14em;
        padding: 10px 12px;
        overflow: auto;
        border-radius: 8px;
        background: var(--surface-2);
        font: 16px/1.65 var(--serif);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .prefix {
        color: var(--accent);
      }
      td {
        overflow-wrap: anywhere;
      }
    `,
  ];

  private say(key: Parameters<typeof say>[1], values?: Parameters<typeof say>[2]): string {
    return say(this.state.language, key, values);
  }

  /** Shows a file, or why it cannot be shown. */
  async show(file: File): Promise<void> {
    this.rerun?.stop();
    this.shown = null;
    this.problem = null;
    this.verdict = null;
    try {
      refuseTooLarge(file.size);
      this.shown = readResult(await file.text(), this.state.boot!.defaults);
    } catch (error) {
      this.problem = error instanceof ResultError ? error.problem : { code: 'not-json' };
    }
    await this.updateComplete;
    if (!this.dialog.open) this.dialog.showModal();
  }

  override render() {
    return html`<dialog aria-labelledby="title" @close=${() => this.rerun?.stop()}>
      <div class="body">
        ${this.shown ? this.content(this.shown.result, this.shown.intact) : nothing} ${this.problem ? this.refusal(this.problem) : nothing}
        <div class="row end">
          <button id="close-result" @click=${() => this.dialog.close()}>${this.say('close')}</button>
        </div>
      </div>
    </dialog>`;
  }

  private refusal({ code, ...values }: ResultProblem) {
    return html`<h2 id="title">${this.say('bad.title')}</h2>
      <p class="problem" role="alert" data-code=${code}>${this.say(`bad.${code}`, values)}</p>`;
  }

  private content(result: Result, intact: boolean) {
    const { language } = this.state;
    const when = Number.isNaN(Date.parse(result.made)) ? result.made : new Date(result.made).toLocaleString(language);
    return html`<div>
        <h2 id="title">${this.say('view.title')}</h2>
        <p>
          <strong>${result.author ? this.say('view.by', { author: result.author }) : this.say('view.noAuthor')}</strong> ·
          ${this.say('view.made', { when, version: result.charloom })}
        </p>
        <p class="small ${intact ? 'good' : 'problem'}" id="checksum">${this.say(intact ? 'view.intact' : 'view.damaged')}</p>
        ${result.altered ? html`<p class="small problem">${this.say('view.altered')}</p>` : nothing}
        <p class="small muted">${this.say('view.readOnly')}</p>
      </div>
      ${this.numbers(result)} ${this.curve(result)}
      <section>
        <h3>${this.say('view.sample')}</h3>
        <p class="sample" tabindex="0"><span class="prefix">${result.sample.prefix}</span>${result.sample.text}</p>
      </section>
      ${this.settings(result.settings)} ${this.again(result)}`;
  }

  private numbers(result: Result) {
    const { language } = this.state;
    const { text, build, device, position, epochs } = result;
    const last = epochs.at(-1);
    const best = epochs.reduce<(typeof epochs)[number] | null>((least, each) => (least && least.perplexity <= each.perplexity ? least : each), null);
    const rows: [string, string][] = [
      [
        this.say('view.text'),
        `${text.kind === 'corpus' ? textName(this.state, text.name) : this.say('view.own', { name: text.name })}, ${this.say('view.characters', { count: format.count(text.characters, language), fingerprint: text.fingerprint })}`,
      ],
      [this.say('view.build'), device === 'webgpu' ? 'WebGPU' : `CPU, ${this.t(`run.build.${build}`)} (${build})`],
      [this.say('view.position'), this.say('view.position.value', position)],
    ];
    if (last) {
      rows.push([this.say('view.loss'), format.fixed(last.loss, 4)], [this.say('view.perplexity'), format.perplexity(last.perplexity)]);
      if (last.validation_perplexity !== null) rows.push([this.say('view.heldBack'), format.perplexity(last.validation_perplexity)]);
    }
    if (best) rows.push([this.say('view.best'), this.say('view.best.value', { perplexity: format.perplexity(best.perplexity), epoch: best.epoch })]);
    return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd class="number">${value}</dd>`)}</dl>`;
  }

  private curve({ curve: { x, loss } }: Result) {
    if (x.length < 2) return html`<p class="small muted">${this.say('view.noCurve')}</p>`;
    // Loops, not spreads: a file may hold thousands of points.
    const range = (values: number[]) => [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))] as const;
    const [left, right] = range(x);
    const top = range(loss)[1];
    const { width, height } = CURVE;
    const point = (value: number, i: number) =>
      `${(((x[i]! - left) / (right - left || 1)) * width).toFixed(1)},${(height - (Math.max(0, value) / (top || 1)) * (height - 4)).toFixed(1)}`;
    const label = this.say('view.curve', { first: format.fixed(loss[0], 3), last: format.fixed(loss.at(-1), 3) });
    return html`<figure>
      <svg viewBox="0 0 ${width} ${height}" role="img" aria-label=${label}>${svg`<polyline points=${loss.map(point).join(' ')} />`}</svg>
      <figcaption class="small muted">${label}</figcaption>
    </figure>`;
  }

  private settings(settings: Config) {
    const page = this.state.config!;
    const different = differences(page, settings);
    return html`<section>
      <h3>${this.say('view.settings')}</h3>
      <p class="small">${different.length ? this.say('view.differ', { count: different.length }) : this.say('view.same')}</p>
      ${different.length ? this.table(settings, different) : nothing}
      <details>
        <summary>${this.say('view.all')}</summary>
        ${this.table(settings, allPaths(page))}
      </details>
    </section>`;
  }

  private table(settings: Config, paths: OptionPath[]) {
    const page = this.state.config!;
    const value = (config: Config, path: OptionPath) => {
      const held = getOption(config, path);
      const key = choiceKey(path, String(held));
      return key ? this.t(key) : String(held ?? '–');
    };
    return html`<table>
      <thead>
        <tr>
          <th scope="col">${this.say('view.option')}</th>
          <th scope="col">${this.say('view.file')}</th>
          <th scope="col">${this.say('view.page')}</th>
        </tr>
      </thead>
      <tbody>
        ${paths.map(
          (path) =>
            html`<tr>
              <th scope="row">${this.t(optionKey(path, 'label'))}</th>
              <td>${value(settings, path)}</td>
              <td>${value(page, path)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
  }

  // Once more

  private again(result: Result) {
    const exact = isExact(result);
    const known = result.text.kind === 'corpus' && this.state.boot!.corpora.some(({ id }) => id === result.text.name);
    const device = result.device === 'webgpu' ? 'WebGPU' : 'CPU';
    return html`<section id="again">
      <h3>${this.say('rerun.title')}</h3>
      ${result.epochs.length
        ? html`<p class="small muted">${exact ? this.say('rerun.exact') : this.say('rerun.rough', { build: result.build, device })}</p>
            ${known ? nothing : html`<p class="small">${this.say('rerun.needText')}</p>`}
            <div class="row">
              ${this.rerun
                ? html`<button id="rerun-stop" @click=${() => this.rerun!.stop()}>${this.say('rerun.stop')}</button>
                    <progress max=${result.epochs.length} .value=${this.epochs} aria-label=${this.say('rerun.title')}></progress>
                    <span class="small number">${this.say('rerun.progress', { epoch: this.epochs, epochs: result.epochs.length })}</span>`
                : known
                  ? html`<button id="rerun" @click=${() => this.runAgain(result, { kind: 'corpus', id: result.text.name })}>
                      ${this.say('rerun.go')}
                    </button>`
                  : html`<button id="rerun-pick" @click=${() => this.picker.click()}>${this.say('rerun.pick')}</button>
                      <input type="file" hidden aria-label=${this.say('rerun.pick')} @change=${() => this.picked(result)} />`}
            </div>`
        : html`<p class="small">${this.say('rerun.nothing')}</p>`}
      <p class="small" id="verdict" role="status" data-kind=${this.verdict?.kind ?? nothing}>
        ${this.verdict ? this.outcome(this.verdict, result.altered) : nothing}
      </p>
    </section>`;
  }

  private picked(result: Result): void {
    const file = this.picker.files?.[0];
    this.picker.value = '';
    if (file) void this.runAgain(result, { kind: 'file', file });
  }

  private async runAgain(result: Result, source: TextSource): Promise<void> {
    this.verdict = null;
    this.epochs = 0;
    this.rerun = new Rerun(result, (epochs) => (this.epochs = epochs));
    this.verdict = await this.rerun.run(source);
    this.rerun = null;
  }

  private outcome(verdict: Verdict, altered: boolean): string {
    const { language } = this.state;
    switch (verdict.kind) {
      case 'equal':
        return this.say('rerun.equal', { epochs: verdict.epochs });
      case 'differs':
        return this.say('rerun.differs', { epoch: verdict.epoch, file: verdict.file, here: verdict.here });
      case 'close':
        return this.say(altered ? 'rerun.close.altered' : 'rerun.close', {
          epochs: verdict.epochs,
          most: format.percent(verdict.most, language),
          file: format.fixed(verdict.file, 4),
          here: format.fixed(verdict.here, 4),
        });
      case 'failed':
        return this.say('rerun.failed', { message: this.failureText(verdict.failure) });
      default:
        return this.say(`rerun.${verdict.kind}`);
    }
  }
}
