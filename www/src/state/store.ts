/** One plain state object. Changes made together are announced together, with the names of what changed. */
export type Listener<T> = (changed: ReadonlySet<keyof T>) => void;

export class Store<T extends object> {
  private readonly listeners = new Set<Listener<T>>();
  private changed = new Set<keyof T>();
  private scheduled = false;
  /** What has changed while nobody could see it; null: somebody can. */
  private unseen: Set<keyof T> | null = null;
  private readonly drawing = new Set<Listener<T>>();

  constructor(private current: T) {}

  get value(): Readonly<T> {
    return this.current;
  }

  set(patch: Partial<T>): void {
    for (const key of Object.keys(patch) as (keyof T)[]) {
      if (!Object.is(this.current[key], patch[key])) this.changed.add(key);
    }
    if (!this.changed.size) return;
    this.current = { ...this.current, ...patch };
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      const changed = this.changed;
      this.changed = new Set();
      for (const listener of [...this.listeners]) listener(changed);
      if (this.unseen) for (const key of changed) this.unseen.add(key);
      else for (const listener of [...this.drawing]) listener(changed);
    });
  }

  /** Whether anybody can see what is drawn: if not, it is drawn when they can. */
  see(visible: boolean): void {
    const missed = this.unseen;
    this.unseen = visible ? null : (missed ?? new Set());
    if (visible && missed?.size) for (const listener of [...this.drawing]) listener(missed);
  }

  /** As `subscribe`, for what draws. */
  draw(listener: Listener<T>): () => void {
    this.drawing.add(listener);
    return () => this.drawing.delete(listener);
  }

  subscribe(listener: Listener<T>): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
