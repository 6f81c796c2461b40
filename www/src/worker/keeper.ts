/** Saves the running model: every so often while it trains, when it pauses, and under a name when asked. */
import type { Session } from '../protocol/engine.ts';
import { NOWHERE, type ModelEntry, type RunLabel, type WorkerEvent } from '../protocol/messages.ts';
import * as library from '../state/library.ts';
import { claim, type Release } from './claims.ts';
import { DeskError, toFailure } from './failure.ts';
import type { CommandQueue } from './queue.ts';
import { newId, type LoadedText, type StoredText } from './text.ts';

const AUTOSAVE_EVERY_MS = 4000;
/** Saving may take at most this share of the time. */
const SHARE_OF_TIME = 0.02;

export class Keeper {
  private runId = newId();
  private release: Release = () => undefined;
  private label: RunLabel = { place: '', preset: null };
  private created = Date.now();
  private nextAt = 0;
  private savedStep = -1;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private perplexity: number | null = null;
  /** Only what is asked for is kept. */
  onlyAsked = false;

  constructor(
    private readonly queue: CommandQueue,
    private readonly session: () => Session | null,
    private readonly text: () => LoadedText | null,
    private readonly publish: (event: WorkerEvent) => void,
  ) {}

  setLabel(label: RunLabel): void {
    this.label = label;
  }

  /** A new model, which `step` steps made elsewhere: its autosave gets an id of its own. */
  newRun(step = 0): void {
    this.begin(newId(), Date.now(), step, null);
  }

  /** Asks to go on as a stored autosave; null where it is none, or another tab has it. */
  async claim({ id, kind }: ModelEntry): Promise<Release | null> {
    if (kind !== 'auto') return null;
    return id === this.runId ? this.release : claim(id);
  }

  /** What was claimed is not needed. */
  giveBack(release: Release | null): void {
    if (release !== this.release) release?.();
  }

  /** Goes on with a stored model: under its id where that was claimed, else as a copy. */
  goOn({ id, created, position, perplexity }: ModelEntry, claimed: Release | null): void {
    this.begin(claimed ? id : newId(), created, position.step, perplexity, claimed ?? undefined);
  }

  private begin(id: string, created: number, step: number, perplexity: number | null, release?: Release): void {
    if (id !== this.runId) this.release();
    this.runId = id;
    this.created = created;
    this.savedStep = step;
    this.perplexity = perplexity;
    this.nextAt = performance.now() + AUTOSAVE_EVERY_MS / 2;
    if (release) {
      this.release = release;
      return;
    }
    this.release = () => undefined;
    // So that other tabs know that it is in use.
    void claim(id).then((mine) => {
      if (this.runId === id) this.release = mine ?? this.release;
      else mine?.();
    });
  }

  noteEpoch(perplexity: number): void {
    this.perplexity = perplexity;
  }

  async whenDue(): Promise<void> {
    if (performance.now() >= this.nextAt) await this.autosave();
  }

  /** Saves when it is due, also where no training goes on that would ask. */
  saveSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.autosave(), this.nextAt - performance.now());
  }

  /** Saves unless nothing was learnt since. A full disk must not stop the training. */
  async autosave(): Promise<void> {
    if (this.onlyAsked) return;
    const started = performance.now();
    try {
      const step = await this.queue.run(() => this.session()?.info().position?.step);
      if (step === this.savedStep) return;
      const entry = await this.keep(null, undefined);
      this.publish({ type: 'saved', entry });
    } catch (error) {
      this.publish({ type: 'save-failed', error: toFailure(error) });
    } finally {
      const cost = performance.now() - started;
      this.nextAt = performance.now() + Math.max(AUTOSAVE_EVERY_MS, cost / SHARE_OF_TIME);
    }
  }

  /** The page may not come back. */
  async saveRun(view: unknown): Promise<void> {
    await this.autosave();
    await library.keepView(this.runId, view);
  }

  async keep(name: string | null, view: unknown): Promise<ModelEntry> {
    // All of it at once: another run may begin before this one is stored.
    const { bytes, info, text, runId, created, perplexity, label } = await this.queue.run(async () => {
      const session = this.session();
      if (!session) throw new DeskError('no-session', 'There is no model yet.');
      const { runId, created, perplexity, label } = this;
      return { bytes: await session.save(), info: session.info(), text: this.text(), runId, created, perplexity, label };
    });
    const entry: ModelEntry = {
      id: name === null ? runId : newId(),
      kind: name === null ? 'auto' : 'named',
      name: name ?? '',
      created: name === null ? created : Date.now(),
      updated: Date.now(),
      bytes: bytes.length,
      config: info.config,
      position: info.position ?? NOWHERE,
      perplexity,
      textName: text?.view.name ?? '',
      textKind: text?.view.kind ?? 'paste',
      hasText: text !== null,
      ...label,
    };
    await library.keepModel<StoredText>({
      entry,
      checkpoint: new Blob([bytes as Uint8Array<ArrayBuffer>]),
      textKey: text?.key ?? null,
      text: text?.stored ?? null,
      view,
    });
    if (name === null && runId === this.runId) this.savedStep = entry.position.step;
    return entry;
  }
}
