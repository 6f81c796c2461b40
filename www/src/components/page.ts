/** The page: header, run bar, and three columns. Files may be dropped anywhere. */
import { css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Glossary } from '../glossary/glossary.ts';
import { AppElement } from './base.ts';
import './header.ts';
import './live.ts';
import './living.ts';
import './network.ts';
import './notices.ts';
import type { View } from '../theme/view.ts';
import type { ExplainEvent } from './term.ts';
import './runbar.ts';
import type { Panel } from '../state/parts.ts';
import { shared } from './styles.ts';
import './text.ts';
import './training.ts';
import './writer.ts';

/** The parts that stand in each column, as `hide=` names them. */
const COLUMNS = {
  controls: ['text', 'network', 'training'],
  watch: ['living', 'training', 'charts', 'runs'],
  write: ['writer', 'models'],
};

/** The panels that a view of one part leaves out. */
const LEFT_OUT: Partial<Record<View, readonly Panel[]>> = {
  train: ['header', 'text', 'runs', 'writer', 'models', 'inside', 'slow'],
  write: ['header', 'text', 'network', 'training', 'charts', 'runs', 'models', 'inside', 'slow'],
  curve: ['header', 'text', 'network', 'training', 'living', 'writer', 'models', 'inside', 'slow'],
  inside: ['header', 'text', 'network', 'training', 'charts', 'runs', 'writer', 'models', 'slow'],
};

@customElement('cl-page')
export class Page extends AppElement {
  protected readonly watches = ['hide', 'view', 'engine', 'guide', 'text', 'reading'] as const;
  @state() private dragging = false;

  static override styles = [
    shared,
    css`
      /* What floats comes last, and sticks to the lower edge. */
      :host {
        position: relative;
        display: flex;
        flex-direction: column;
      }
      cl-notices {
        order: 9;
      }
      .main {
        display: grid;
        grid-template-columns: var(--left) minmax(0, 1fr) var(--right);
        grid-template-rows: auto 1fr;
        align-items: start;
        gap: 16px;
        box-sizing: border-box;
        width: 100%;
        max-width: 1720px;
        margin: 0 auto;
        padding: 16px 24px 40px;
        --left: minmax(280px, 330px);
        --right: minmax(320px, 400px);
      }
      /* A column that a link hides leaves no hole. */
      .main.no-controls {
        grid-template-columns: minmax(0, 1fr) var(--right);
      }
      .main.no-write {
        grid-template-columns: var(--left) minmax(0, 1fr);
      }
      .main.no-watch {
        grid-template-columns: var(--left) minmax(0, 1fr);
      }
      .main.no-watch.no-controls,
      .main.no-watch.no-write,
      .main.no-controls.no-write {
        grid-template-columns: minmax(0, 1fr);
      }
      section {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 16px;
        min-width: 0;
      }
      /* As tall as the longest note: what stands below moves neither when the notes come nor when they change. */
      cl-guide {
        --guide-height: 146px;
      }
      cl-guide.due:not(:defined) {
        display: block;
        min-height: var(--guide-height);
      }
      /* About as tall as they will be: what stands below is not to move when they come. */
      cl-charts:not(:defined) {
        display: block;
        min-height: 660px;
      }
      cl-live {
        min-height: 76px;
      }
      /* Not shown before there is something in them. */
      .controls.waiting > * {
        visibility: hidden;
      }
      cl-models:not(:defined) {
        display: none;
      }
      /* Parts that are fetched when they come near, and so need a place to come near. */
      cl-slow:not(:defined),
      cl-book:not(:defined),
      cl-runs:not(:defined),
      cl-inside:not(:defined) {
        display: block;
        min-height: 1px;
      }
      cl-inside:not(:defined) {
        min-height: 500px;
      }
      cl-inside {
        scroll-margin-top: 80px;
      }
      /* Half of all elements, and mostly out of sight: they are worked out when they come near. The shadow may leave its box. */
      cl-inside:defined {
        content-visibility: auto;
        contain-intrinsic-block-size: auto 1000px;
        overflow-clip-margin: 24px;
      }
      /* What sticks ends with its parent: below, where the network's inside takes the whole width, nothing lies upon it. */
      .side {
        grid-row: 1 / span 2;
        align-self: stretch;
        min-width: 0;
      }
      /* The controls stay beside whatever is looked at: they scroll by themselves, and are no longer than the window. */
      .controls {
        position: var(--beside, static);
        top: 79px;
        max-height: var(--beside-height, none);
        margin: -4px -8px;
        padding: 4px 8px;
        overflow-y: auto;
        scrollbar-width: thin;
        scrollbar-gutter: stable;
      }
      .inside {
        grid-column: 2 / -1;
      }
      .no-controls .inside,
      .no-watch.no-write .inside {
        grid-column: 1 / -1;
      }
      .no-controls .side,
      .no-watch .watch,
      .no-write .write {
        display: none;
      }
      footer {
        padding: 0 24px 32px;
        text-align: center;
      }
      .drop {
        position: var(--over, absolute);
        inset: 12px;
        z-index: 20;
        display: grid;
        place-items: center;
        border: 3px dashed var(--accent);
        border-radius: 20px;
        background: color-mix(in srgb, var(--accent-soft) 92%, transparent);
        font-size: 20px;
        pointer-events: none;
      }
      .skip {
        position: absolute;
        left: 8px;
        top: -60px;
        z-index: 30;
      }
      .skip:focus {
        top: 8px;
      }
      /* On a wall: what it writes beside how it learns, and the controls beneath. */
      .main.projector {
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
      }
      .projector .side {
        grid-row: auto;
        grid-column: 1 / -1;
        order: 3;
      }
      .projector .controls {
        grid-template-columns: repeat(3, minmax(0, 1fr));
        align-items: start;
        position: static;
        max-height: none;
        margin: 0;
        padding: 0;
        overflow: visible;
      }
      .projector .watch {
        grid-column: 1 / -1;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
        align-items: start;
      }
      .projector .watch cl-live {
        order: -1;
        grid-column: 1 / -1;
        min-height: 0;
      }
      .projector .watch cl-guide,
      .projector .watch cl-book,
      .projector .watch cl-runs {
        grid-column: 1 / -1;
      }
      .projector .write {
        grid-column: 1 / -1;
      }
      .projector .inside {
        grid-column: 1 / -1;
        order: 4;
      }
      @media print {
        :host,
        .main,
        .main.projector {
          display: block;
          max-width: none;
          padding: 0;
        }
        section {
          display: block;
          position: static;
          max-height: none;
          overflow: visible;
        }
        section > * {
          margin-bottom: 12px;
        }
        nav,
        footer,
        cl-notices,
        cl-guide,
        cl-live,
        cl-text,
        cl-training,
        cl-models,
        cl-inside,
        cl-slow {
          display: none !important;
        }
      }
      @container (max-width: 1340px) {
        .main {
          --left: 310px;
          --right: 320px;
        }
        cl-guide {
          --guide-height: 168px;
        }
      }
      @container (max-width: 1180px) {
        .main,
        .main.no-write,
        .main.no-watch {
          grid-template-columns: minmax(270px, 320px) minmax(0, 1fr);
        }
        .main.no-controls {
          grid-template-columns: minmax(0, 1fr);
        }
        .write {
          grid-column: -2 / -1;
        }
        .inside {
          grid-column: 1 / -1;
        }
      }
      @container (max-width: 863px) {
        cl-live {
          min-height: 154px;
        }
      }
      @container (max-width: 739px) {
        cl-guide {
          --guide-height: 214px;
        }
        .main {
          display: flex;
          flex-direction: column;
          align-items: stretch;
          gap: 12px;
          padding: 12px;
        }
        /* On a phone the parts stand one by one: what happens comes before what can be set. */
        section,
        .side {
          display: contents;
        }
        cl-living {
          min-height: 466px;
        }
        cl-writer {
          order: 1;
        }
        cl-charts,
        cl-book,
        cl-runs {
          order: 2;
        }
        cl-text,
        cl-network,
        cl-training {
          order: 3;
        }
        cl-models {
          order: 4;
        }
        cl-inside,
        cl-slow {
          order: 5;
        }
      }
      @container (max-width: 479px) {
        cl-guide {
          --guide-height: 252px;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('explain', this.explain);
    for (const [name, heard] of this.brought) this.app.host.surface.addEventListener(name, heard as EventListener);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const [name, heard] of this.brought) this.app.host.surface.removeEventListener(name, heard as EventListener);
  }

  /** Whether the first text is still on its way. */
  private get waiting(): boolean {
    const { text, engine, reading } = this.state;
    return !text && (engine === 'starting' || reading !== null);
  }

  /** The panels that are not shown. */
  private get leftOut(): readonly string[] {
    return [...this.state.hide, ...(LEFT_OUT[this.state.view] ?? [])];
  }

  /** Which columns have nothing to show. */
  private get emptyColumns(): string {
    const hide = this.leftOut;
    const columns = Object.entries(COLUMNS).filter(([, parts]) => parts.every((part) => hide.includes(part)));
    return columns.map(([name]) => `no-${name}`).join(' ');
  }

  override render() {
    const { app } = this;
    const hidden = this.leftOut;
    const shown = (part: string, content: unknown) => (hidden.includes(part) ? nothing : content);
    const place = `main ${this.emptyColumns} ${this.state.view === 'projector' ? 'projector' : ''}`;
    // A page has one main part, and that is its own.
    const sections = html`<div class="side"><section part="controls" class="controls ${this.waiting ? 'waiting' : ''}" aria-label=${this.t('app.controls')}>
          ${shown('text', html`<cl-text .app=${app}></cl-text>`)}
          ${shown('network', html`<cl-network .app=${app}></cl-network>`)}
          ${shown('training', html`<cl-training .app=${app}></cl-training>`)}
        </section></div>
        <section class="watch" aria-label=${this.t('app.watch')}>
          ${app.host.embedded && !this.state.guide ? nothing : shown('living', html`<cl-guide class=${this.state.guide ? 'due' : ''} .app=${app}></cl-guide>`)}
          ${shown('living', html`<cl-living part="sample" .app=${app}></cl-living>`)}
          ${shown('training', html`<cl-live .app=${app}></cl-live>`)}
          ${shown('charts', html`<cl-charts part="chart" .app=${app}></cl-charts>`)}
          ${shown('charts', html`<cl-book .app=${app}></cl-book>`)}
          ${shown('runs', html`<cl-runs .app=${app}></cl-runs>`)}
        </section>
        <section class="write" @look-inside=${this.showInside} aria-label=${this.t('app.write')}>
          ${shown('writer', html`<cl-writer id="writing" tabindex="-1" .app=${app}></cl-writer>`)}
          ${shown('models', html`<cl-models .app=${app}></cl-models>`)}
        </section>
        <section class="inside" aria-label=${this.t('inside.section')}>
          ${shown('inside', html`<cl-inside .app=${app}></cl-inside>`)}
          ${shown('slow', html`<cl-slow .app=${app}></cl-slow>`)}
        </section>`;
    return html`<cl-glossary .app=${app}></cl-glossary>
      ${app.host.embedded ? nothing : this.top()}
      <cl-runbar part="toolbar" .app=${app}><cl-advice .app=${app}></cl-advice></cl-runbar>
      <cl-notices part="notice" .app=${app}></cl-notices>
      ${app.host.embedded ? html`<div class=${place}>${sections}</div>` : html`<main class=${place}>${sections}</main>`}
      ${app.host.embedded ? nothing : html`<footer class="small muted">${this.t('app.private')}</footer>`}
      ${this.dragging ? html`<div class="drop">${this.t('text.dropHere')}</div>` : nothing}`;
  }

  private top() {
    return html`<nav aria-label=${this.t('app.skip')}>
        <button class="skip" @click=${this.skip}>${this.t('app.skip')}</button>
      </nav>
      ${this.leftOut.includes('header') ? nothing : html`<cl-header .app=${this.app} @open-own-text=${this.openOwnText}></cl-header>`}`;
  }

  /** The glossary is fetched by whoever asks. */
  private readonly explain = async (event: Event) => {
    const { term, anchor, detail } = event as ExplainEvent;
    const opened = await this.glossary();
    await (term ? opened?.explain(term, anchor, detail) : opened?.openAll());
  };

  private async glossary(): Promise<Glossary | null> {
    await this.app.notices.attempt(() => import('../glossary/glossary.ts'));
    const element = this.renderRoot.querySelector<Glossary>('cl-glossary');
    // It was not fetched, or it has just become what it is, and takes up its properties.
    if (!element || !('explain' in element)) return null;
    await element.updateComplete;
    return element;
  }

  private showInside(): void {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.renderRoot.querySelector('cl-inside')?.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: 'start' });
  }

  private openOwnText(): void {
    void this.app.askForText();
  }

  private skip(): void {
    this.renderRoot.querySelector<HTMLElement>('#writing')?.focus();
  }

  private readonly over = (event: DragEvent) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.dragging = true;
  };

  private readonly leave = (event: DragEvent) => {
    if (!event.relatedTarget) this.dragging = false;
  };

  private readonly drop = (event: DragEvent) => {
    this.dragging = false;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    void this.app.openFiles(files, 'drop');
  };

  /** Pasting a file, or a text while no field has the focus, offers it as the text to learn. */
  private readonly paste = (event: ClipboardEvent) => {
    const inField = event.composedPath().some((node) => node instanceof HTMLInputElement || node instanceof HTMLTextAreaElement);
    if (inField || !event.clipboardData) return;
    const files = [...event.clipboardData.files];
    const text = event.clipboardData.getData('text/plain');
    if (files.length) void this.app.openFiles(files, 'paste');
    else if (text.trim()) void this.app.askForText(text);
  };

  /** Files and texts come from wherever the host lets them. */
  private readonly brought = [
    ['dragover', this.over],
    ['dragleave', this.leave],
    ['drop', this.drop],
    ['paste', this.paste],
  ] as const;
}
