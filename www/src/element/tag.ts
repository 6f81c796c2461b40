/**
 * The tag `<char-loom>`: small, because every visitor of the host's page fetches it. It shows what stands in it until it is
 * seen, then fetches the playground (`loom.ts`) and passes on to it what the page's script asks.
 */
import { languagesAt } from './language.ts';
import type { Engine, Loom, LoomState, Place, WriteOptions, Written } from './loom.ts';
import { ATTRIBUTES, fragmentOf, propertyOf, STATUSES, type Attribute, type Kind, type LoomEvent, type Status } from './names.ts';
import { OUTPUTS, PANELS } from '../state/partnames.ts';
import { CONTROLS } from '../state/parts.ts';
import { codeOf, isChinese, lacks, OPEN, RETRY, troubleOf, type Trouble } from './trouble.ts';

/** Fetches the playground; `url` is for whoever looks for the reason where it does not come. */
export interface Source {
  url(base: string | null): string;
  load(base: string | null): Promise<typeof import('./loom.ts')>;
  /** Subresource integrity of what the engine fetches, by the file's name, where files come as they were released. */
  integrity?: Record<string, string>;
}

export interface LoomTag {
  preset: string | null;
  corpus: string | null;
  corpusUrl: string | null;
  modelUrl: string | null;
  config: string | null;
  cell: string | null;
  units: number | string | null;
  layers: number | string | null;
  epochs: number | string | null;
  seed: number | string | null;
  view: string | null;
  hide: readonly string[] | string | null;
  lock: readonly string[] | string | null;
  startWith: string | null;
  temperature: number | string | null;
  loading: string | null;
  autostart: boolean | string | null;
  theme: string | null;
  backend: string | null;
  build: string | null;
  storageKey: string | null;
  base: string | null;
}

const STYLE = `
:host { display: block; position: relative; min-height: 420px; contain: style; }
:host([hidden]) { display: none; }
:host([view="write"]) { min-height: 320px; }
.frame { all: initial; display: none; }
.frame.shown { display: block; }
.poster[hidden] { display: none; }
.trouble, .open { all: initial; box-sizing: border-box; display: flex; flex-wrap: wrap; gap: 12px; align-items: center; margin: 12px 0; font: 15px/1.5 system-ui, sans-serif; color: CanvasText; }
.trouble { padding: 12px 16px; border: 1px solid; border-left: 4px solid #ad3f2b; border-radius: 8px; color: #1b2327; background: #fbeae6; }
button { font: inherit; padding: 6px 14px; min-height: 32px; cursor: pointer; }
@media print { .open { display: none; } }
`;

/** Imports in Node have no elements, and need none. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface CharLoom extends LoomTag {}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class CharLoom extends Base {
  static readonly version: string = import.meta.env.CHARLOOM_VERSION;
  /** Names that `hide` and `lock` take, besides those of options. */
  static readonly parts: readonly string[] = [...PANELS, ...Object.keys(CONTROLS), ...OUTPUTS];
  static readonly observedAttributes: readonly string[] = [...Object.keys(ATTRIBUTES), 'lang', 'dir'];
  static source: Source;

  /** Answers when it first can train. */
  readonly ready: Promise<void>;
  private readonly becameReady: () => void;
  /** Old browsers have none: they are told that they are too old. */
  private readonly internals: ElementInternals | null = this.attachInternals?.() ?? null;
  private readonly poster = document.createElement('div');
  private readonly frame = document.createElement('div');
  private readonly notice = document.createElement('div');
  private opening: Promise<Loom> | null = null;
  private loom: Loom | null = null;
  private current: Status = 'idle';
  private leaving: ReturnType<typeof setTimeout> | undefined;
  private sight: IntersectionObserver | null = null;

  constructor() {
    super();
    let resolve!: () => void;
    this.ready = new Promise((done) => (resolve = done));
    this.becameReady = resolve;
    const shadow = this.attachShadow({ mode: 'open' });
    if ('adoptedStyleSheets' in shadow) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      shadow.adoptedStyleSheets = [sheet];
    }
    const caption = document.createElement('slot');
    caption.name = 'caption';
    caption.part = 'caption';
    this.poster.part = 'poster';
    this.poster.className = 'poster';
    const picture = document.createElement('slot');
    picture.name = 'poster';
    this.poster.append(picture, document.createElement('slot'));
    this.frame.part = 'frame';
    this.frame.className = 'frame';
    shadow.append(this.poster, this.notice, this.frame, caption);
  }

  get status(): Status {
    return this.current;
  }

  get position(): Place | null {
    return this.loom?.position ?? null;
  }

  get engine(): Engine | null {
    return this.loom?.engine ?? null;
  }

  connectedCallback(): void {
    clearTimeout(this.leaving);
    this.takeEarlyProperties();
    if (this.loom) return this.loom.attach();
    if (this.opening) return;
    const { loading } = this;
    if (loading === 'eager') void this.open().catch(() => undefined);
    else if (loading === 'click') this.offer();
    else this.openWhenSeen();
  }

  /** Moved within one task, it goes on as if nothing had happened. */
  disconnectedCallback(): void {
    clearTimeout(this.leaving);
    this.leaving = setTimeout(() => {
      if (this.isConnected) return;
      this.sight?.disconnect();
      this.sight = null;
      this.loom?.detach();
    });
  }

  /** With this, `moveBefore` moves it without any of the above. */
  connectedMoveCallback(): void {
    this.loom?.moved();
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before !== now) this.loom?.changed(name);
  }

  /** What a framework set before the tag was defined. An own `undefined` was never meant. */
  private takeEarlyProperties(): void {
    for (const attribute of Object.keys(ATTRIBUTES)) {
      const name = propertyOf(attribute) as keyof LoomTag;
      if (!Object.prototype.hasOwnProperty.call(this, name)) continue;
      const value = this[name];
      delete (this as Partial<LoomTag>)[name];
      if (value !== undefined) (this as Record<string, unknown>)[name] = value;
    }
  }

  private openWhenSeen(): void {
    this.sight ??= new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      this.sight?.disconnect();
      this.sight = null;
      void this.open().catch(() => undefined);
    });
    this.sight.observe(this);
  }

  private get chinese(): boolean {
    return isChinese(languagesAt(this));
  }

  private offer(): void {
    this.ask('open', '', OPEN[this.chinese ? 1 : 0]);
  }

  /** A sentence, and what can be done about it. */
  private ask(kind: 'open' | 'trouble', message: string, action: string): void {
    const button = document.createElement('button');
    button.type = 'button';
    button.part = 'button';
    button.textContent = action;
    button.addEventListener('click', () => void this.open().catch(() => undefined));
    this.notice.className = kind;
    this.notice.part = kind === 'open' ? '' : 'notice';
    if (kind === 'trouble') this.notice.role = 'alert';
    this.notice.replaceChildren(message, button);
  }

  private open(): Promise<Loom> {
    this.opening ??= this.start().catch((error: unknown) => {
      this.opening = null;
      throw error;
    });
    return this.opening;
  }

  private async start(): Promise<Loom> {
    this.sight?.disconnect();
    this.sight = null;
    this.notice.replaceChildren();
    this.notice.className = '';
    this.become('loading');
    let blocked: string | null = null;
    const violated = ({ effectiveDirective }: SecurityPolicyViolationEvent) => (blocked = effectiveDirective);
    document.addEventListener('securitypolicyviolation', violated);
    const url = CharLoom.source.url(this.base);
    try {
      const lacking = lacks();
      if (lacking) throw this.fail(troubleOf(lacking, '', this.chinese));
      const notCome = async (error: unknown) => {
        console.error(error);
        if ((error as Partial<Trouble>).code === 'no-base') return this.fail(troubleOf('no-base', '', this.chinese));
        // The browser tells of a policy a moment after the failure.
        await new Promise((resolve) => setTimeout(resolve));
        // Most browsers name the file.
        const file = /https?:\S+/.exec(String(error))?.[0] ?? url;
        const code = await codeOf(file, blocked);
        return this.fail(troubleOf(code, code === 'csp' ? blocked! : file, this.chinese));
      };
      const { Loom } = await CharLoom.source.load(this.base).catch(async (error: unknown) => {
        throw await notCome(error);
      });
      const loom = new Loom(this, this.frame, {
        integrity: CharLoom.source.integrity,
        fragment: () => fragmentOf((name) => this.getAttribute(name)),
        become: (status) => this.become(status),
        tell: (name, detail) => this.tell(name, detail),
        fail: (trouble) => void this.fail(trouble),
      });
      await loom.open().catch(async (error: Error | Trouble) => {
        loom.dispose();
        throw error instanceof Error ? await notCome(error) : this.fail(error);
      });
      this.loom = loom;
      this.poster.hidden = true;
      this.frame.classList.add('shown');
      this.becameReady();
      this.tell('ready', { version: CharLoom.version, engine: loom.engine });
      loom.begin();
      return loom;
    } finally {
      document.removeEventListener('securitypolicyviolation', violated);
    }
  }

  /** Ends the playground; what stands in the tag is seen again. */
  private close(): void {
    this.loom?.dispose();
    this.loom = null;
    this.opening = null;
    this.frame.classList.remove('shown');
    this.frame.replaceChildren();
    this.poster.hidden = false;
  }

  /** Says once what is the matter. */
  private fail(trouble: Trouble): Error {
    this.close();
    this.ask('trouble', trouble.message, RETRY[this.chinese ? 1 : 0]);
    this.become('failed');
    this.tell('error', trouble);
    return Object.assign(new Error(trouble.message), { code: trouble.code });
  }

  private become(status: Status): void {
    if (status === this.current) return;
    this.current = status;
    for (const each of STATUSES) this.internals?.states?.delete(each);
    this.internals?.states?.add(status);
    this.tell('status', { status });
  }

  /** After the task that caused it. */
  private tell(name: LoomEvent, detail: object): void {
    setTimeout(() => this.dispatchEvent(new CustomEvent(`loom-${name}`, { detail, bubbles: true, composed: true })));
  }

  // What a page's script can ask

  async load(): Promise<void> {
    await this.open();
  }

  async train(): Promise<void> {
    await (await this.open()).train();
  }

  async pause(): Promise<void> {
    await this.loom?.pause();
  }

  async step(count = 1): Promise<void> {
    await (await this.open()).step(count);
  }

  async reset(): Promise<void> {
    await (await this.open()).reset();
  }

  async *write(options: WriteOptions = {}): AsyncGenerator<Written> {
    yield* (await this.open()).write(options);
  }

  async setCorpus(corpus: string | Blob | { url: string }): Promise<void> {
    await (await this.open()).setCorpus(corpus);
  }

  async set(options: Record<string, unknown>): Promise<void> {
    await (await this.open()).set(options);
  }

  async getState(): Promise<LoomState> {
    return (await this.open()).getState();
  }

  async setState(state: LoomState): Promise<void> {
    await (await this.open()).setState(state);
  }

  async saveModel(): Promise<Blob> {
    return (await this.open()).saveModel();
  }

  async openModel(file: Blob): Promise<void> {
    await (await this.open()).openModel(file);
  }

  async link(): Promise<string> {
    return (await this.open()).link();
  }

  /** Ends it: the worker, its memory, what was learnt. It can be loaded again. */
  dispose(): void {
    this.close();
    this.become('idle');
  }
}

/** A property takes what its attribute takes, and its own type: attributes are the one place where values are. */
function defineProperty(attribute: Attribute): void {
  const kind: Kind = ATTRIBUTES[attribute];
  Object.defineProperty(CharLoom.prototype, propertyOf(attribute), {
    configurable: true,
    enumerable: true,
    get(this: CharLoom) {
      const text = this.getAttribute(attribute);
      if (kind === 'switch') return text !== null;
      if (kind === 'list') return (text ?? '').split(',').map((name) => name.trim()).filter(Boolean);
      return text === null || kind === 'text' ? text : Number(text);
    },
    set(this: CharLoom, value: unknown) {
      if (value === undefined || value === null || value === false) this.removeAttribute(attribute);
      else this.setAttribute(attribute, value === true ? '' : Array.isArray(value) ? value.join(',') : String(value));
    },
  });
}
for (const attribute of Object.keys(ATTRIBUTES) as Attribute[]) defineProperty(attribute);

/** The first version in a page wins: its files are fetched, and no others'. */
export function define(source: Source): void {
  if (!globalThis.customElements) return;
  const there = customElements.get('char-loom') as typeof CharLoom | undefined;
  if (there) {
    if (there !== CharLoom) console.warn(`charloom ${CharLoom.version}: this page has <char-loom> already, of version ${there.version ?? '?'}, which stays in use.`);
    return;
  }
  CharLoom.source = source;
  customElements.define('char-loom', CharLoom);
}
