/** The runs of this visit. The last is the current one. Changed in place; the state's `runsVersion` tells. */
import type { Cell } from '../protocol/engine.ts';
import type { AppState } from './appstate.ts';
import { MOST_RUNS, type Run } from './runs.ts';
import type { Store } from './store.ts';

export class RunList {
  all: readonly Run[] = [];
  private lastId = 0;

  constructor(private readonly store: Store<AppState>) {}

  get current(): Run | undefined {
    return this.all.at(-1);
  }

  nextId(): number {
    return ++this.lastId;
  }

  /** One that no other kept run of this cell has. */
  freeVariant(cell: Cell): number {
    const taken = this.all.filter((run) => run.step > 0 && run.config.model.cell === cell).map(({ variant }) => variant);
    let variant = 0;
    while (taken.includes(variant)) variant++;
    return variant;
  }

  /** The new run replaces one that never trained; the oldest makes room. */
  add(run: Run): void {
    this.all = [...this.all.filter((each) => each.step > 0).slice(-(MOST_RUNS - 1)), run];
    this.store.set({ living: null });
    this.touch();
  }

  show(id: number, visible: boolean): void {
    const run = this.all.find((each) => each.id === id);
    if (run) run.visible = visible;
    this.touch();
  }

  remove(id: number): void {
    this.all = this.all.filter((run) => run.id !== id || run === this.current);
    this.touch();
  }

  touch(): void {
    this.store.set({ runsVersion: this.store.value.runsVersion + 1 });
  }
}
