/** One plain state object. Changes made together are announced together, with the names of what changed. */
export type Listener<T> = (changed: ReadonlySet<keyof T>) => void;

export class Store<T extends object> {
  private readonly listeners = new Set<Listener<T>>();
  private changed = new Set<keyof T>();
  private scheduled = false;

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
    });
  }

  subscribe(listener: Listener<T>): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
