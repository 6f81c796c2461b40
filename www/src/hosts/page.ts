/** The stand-alone page: the address says what trains, the whole window takes files and texts, and the browser remembers. */
import type { Host, Memory, Name } from '../state/host.ts';
import { applyTheme, type Theme } from '../theme/theme.ts';
import { applyView, lightOnPaper, type View } from '../theme/view.ts';

const keyOf = (name: Name) => `charloom.${name}`;
/** A draft outlives a reload, not the visit. */
const storageOf = (name: Name) => (name === 'draft' ? sessionStorage : localStorage);

export const browserMemory: Memory = {
  read: (name) => {
    try {
      return storageOf(name).getItem(keyOf(name));
    } catch {
      return null;
    }
  },
  write: (name, value) => {
    if (value) storageOf(name).setItem(keyOf(name), value);
    else storageOf(name).removeItem(keyOf(name));
  },
  watch: (name, changed) => {
    const heard = ({ key }: StorageEvent) => {
      if (key === keyOf(name) || key === null) changed();
    };
    addEventListener('storage', heard);
    return () => removeEventListener('storage', heard);
  },
};

export class PageHost implements Host {
  readonly memory = browserMemory;
  readonly surface = window;
  readonly embedded = false;
  readonly turns = null;
  private readonly root = document.documentElement;

  constructor() {
    lightOnPaper(this.root);
  }

  get fragment(): string {
    return location.hash;
  }

  get address(): string {
    return location.href.split('#')[0]!;
  }

  get place(): string {
    return location.pathname;
  }

  get languages(): readonly string[] {
    return navigator.languages ?? [navigator.language];
  }

  get layer(): HTMLElement {
    return document.body;
  }

  show(fragment: string): void {
    history.replaceState(null, '', fragment || location.pathname + location.search);
  }

  reopen(fragment: string): void {
    this.show(fragment);
    location.reload();
  }

  paint(theme: Theme, view: View): void {
    applyTheme(theme, this.root);
    applyView(view, this.root);
  }
}
