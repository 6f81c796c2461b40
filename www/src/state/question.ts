/**
 * The one question: whatever would end a run that has learnt something is put to the user first, in the run bar. What
 * was changed is drawn; nothing has happened to the run until the answer, and until then it can be undone.
 */
import type { App } from './app.ts';
import { differences, isLive } from './config.ts';
import { answerTo, type PageEvent } from './machine.ts';

/** What waits for the answer, beside the options that were changed. */
export interface Proposal {
  event: PageEvent;
  /** The text, model or preset by name, where it has one. */
  name: string;
  /** Once agreed to. */
  act: () => Promise<unknown>;
  /** Where something was drawn already. */
  undo?: () => void;
}

const LOOKED_AT: ReadonlySet<PageEvent> = new Set(['text', 'file', 'paste', 'drop', 'encoding', 'reset', 'link', 'resume', 'import']);

export class Question {
  /** The step that the present model came with: a file, or a stored model, still has it. */
  safe = 0;

  constructor(private readonly app: App) {}

  /** Whether the present run has learnt something here. */
  get work(): boolean {
    const { phase } = this.app.state;
    return phase === 'training' || (this.app.runs.current?.step ?? 0) > this.safe;
  }

  /** Does it, or asks first, as the phase has it. */
  async put(proposal: Proposal): Promise<void> {
    const { app } = this;
    switch (answerTo(proposal.event, app.state.phase, this.work)) {
      case 'do':
        this.drop();
        await proposal.act();
        break;
      case 'ask':
        app.store.value.proposal?.undo?.();
        app.store.set({ proposal });
        break;
      case 'wait':
        await app.texts.idle();
        return this.put(proposal);
      case 'say':
      case 'ignore':
        break;
    }
  }

  /** Start new: what was asked for, and training begins; but who resets, or opens something, looks at it first. */
  async accept(): Promise<void> {
    const { app } = this;
    const { proposal } = app.state;
    this.drop();
    if (proposal) await proposal.act();
    else await app.run.begin();
    if (app.state.phase === 'ready' && !(proposal && LOOKED_AT.has(proposal.event))) await app.run.train();
  }

  undo(): void {
    this.app.state.proposal?.undo?.();
    this.drop();
    this.app.options.restore();
  }

  private drop(): void {
    if (this.app.state.proposal) this.app.store.set({ proposal: null });
  }

  /** Compares the controls with what runs. */
  notePending(): void {
    const { session, config } = this.app.state;
    this.app.store.set({ pending: session && config ? differences(session.config, config).filter((path) => !isLive(path)) : [] });
  }
}
