/** The host that an element is: it has its own surface and nothing of the page's. */
import type { Host, Memory, Name } from '../state/host.ts';
import { turnsOf } from '../state/turns.ts';
import type { TextSource, WorkerEvent } from '../protocol/messages.ts';
import { applyTheme, asTheme, type Theme } from '../theme/theme.ts';
import { applyView, type View } from '../theme/view.ts';
import { languagesAt } from './language.ts';
import { isDarkAt } from './surroundings.ts';

/** All elements of a page share the cores. */
const turns = turnsOf(Math.max(1, Math.floor((navigator.hardwareConcurrency || 2) / 2)));

/** Lasts as long as the element; the notes for newcomers are the host page's business. */
function forgetful(): Memory {
  const kept = new Map<Name, string>([['guide', 'seen']]);
  return { read: (name) => kept.get(name) ?? null, write: (name, value) => void kept.set(name, value), watch: () => () => undefined };
}

/** Under a key that the page's author chose. */
function keyed(key: string): Memory {
  const keyOf = (name: Name) => `charloom.${key}.${name}`;
  const session = forgetful();
  return {
    read: (name) => {
      try {
        return localStorage.getItem(keyOf(name)) ?? session.read(name);
      } catch {
        return session.read(name);
      }
    },
    write: (name, value) => {
      session.write(name, value);
      localStorage.setItem(keyOf(name), value);
    },
    watch: (name, changed) => {
      const heard = ({ key: which }: StorageEvent) => {
        if (which === keyOf(name) || which === null) changed();
      };
      addEventListener('storage', heard);
      return () => removeEventListener('storage', heard);
    },
  };
}

export interface Wired {
  changed(fragment: string): void;
  reopen(fragment: string): void;
  text(): Promise<TextSource | null>;
  hear(event: WorkerEvent): void;
}

export class ElementHost implements Host {
  readonly memory: Memory;
  readonly place: string | null;
  readonly embedded = true;
  readonly turns = turns;
  readonly text: () => Promise<TextSource | null>;
  readonly hear: (event: WorkerEvent) => void;
  readonly reopen: (fragment: string) => void;
  private view: View = 'page';

  constructor(
    private readonly element: HTMLElement,
    readonly layer: HTMLElement,
    readonly address: string,
    public fragment: string,
    private readonly wired: Wired,
  ) {
    const key = new URLSearchParams(fragment.slice(1)).get('key');
    this.memory = key ? keyed(key) : forgetful();
    this.place = key ? `element:${key}` : null;
    this.text = wired.text;
    this.hear = wired.hear;
    this.reopen = wired.reopen;
  }

  get surface(): EventTarget {
    return this.layer;
  }

  get languages(): readonly string[] {
    return languagesAt(this.element);
  }

  show(fragment: string): void {
    if (fragment === this.fragment) return;
    this.fragment = fragment;
    this.wired.changed(fragment);
  }

  /** The attribute `theme` decides; `auto` is as the page around it. */
  paint(_theme: Theme, view: View): void {
    this.view = view;
    const asked = asTheme(this.element.getAttribute('theme'));
    const theme = asked === 'auto' ? (isDarkAt(this.element, this.layer.parentNode!.querySelector<HTMLElement>('.poster')!) ? 'dark' : 'light') : asked;
    applyTheme(theme, this.layer);
    applyView(view, this.layer);
  }

  /** The page around may style buttons and what is filled in, however deep they are. */
  drawn(component: HTMLElement & { readonly renderRoot: ParentNode }): void {
    if (!component.hasAttribute('exportparts')) component.setAttribute('exportparts', 'button, field');
    for (const each of component.renderRoot.querySelectorAll(':is(button, select, textarea, input):not([part])')) {
      if (each.matches('[type=checkbox], [type=radio], [type=range], [type=file]')) continue;
      each.part.add(each.localName === 'button' ? 'button' : 'field');
    }
  }

  repaint(): void {
    this.paint('auto', this.view);
  }
}
