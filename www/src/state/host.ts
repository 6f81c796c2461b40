/**
 * What the place that a playground stands in lets it do. A page of its own lets it have the address, the whole window and
 * the browser's storage (`hosts/page.ts`); an element in somebody's page has nothing but itself (`element/host.ts`).
 */
import type { TextSource, WorkerEvent } from '../protocol/messages.ts';
import type { Theme } from '../theme/theme.ts';
import type { View } from '../theme/view.ts';
import type { Turns } from './turns.ts';

/** What is remembered between visits, and where. */
export type Name = 'language' | 'theme' | 'rate' | 'songs' | 'guide' | 'draft';

export interface Memory {
  /** Null where nothing is remembered, or nothing can be. */
  read(name: Name): string | null;
  /** Throws where this browser keeps nothing, or no more. */
  write(name: Name, value: string): void;
  /** Calls back when another tab changes it; answers with what ends that. */
  watch(name: Name, changed: () => void): () => void;
}

export interface Host {
  /** The link that says what trains: `#name=value&…`, or nothing. */
  readonly fragment: string;
  /** What a link has before its fragment. */
  readonly address: string;
  /** Tells this playground from others of its origin, in what is kept; null: no model is kept. */
  readonly place: string | null;
  /** Languages that readers here understand, best first. */
  readonly languages: readonly string[];
  readonly memory: Memory;
  /** Dialogs stand in it. It has the tokens of `theme/tokens.css`. */
  readonly layer: HTMLElement;
  /** Where files are dropped and texts are pasted. */
  readonly surface: EventTarget;
  /** Whether it is one part of somebody's page, which has a heading and a language of its own. */
  readonly embedded: boolean;
  /** Who trains when there are several; null: there is one. */
  readonly turns: Turns | null;
  /** What trains, or how it writes, has changed. */
  show(fragment: string): void;
  /** Another engine is asked for: all begins anew, with this link. */
  reopen(fragment: string): void;
  paint(theme: Theme, view: View): void;
  /** A text that the host brings along; what is wrong with it is thrown as an EngineError. */
  text?(): Promise<TextSource | null>;
  /** A component has drawn itself anew. */
  drawn?(component: HTMLElement & { readonly renderRoot: ParentNode }): void;
  /** What the worker tells, after the page has taken it up. */
  hear?(event: WorkerEvent): void;
}

/** For choices that last as long as the page where storage is denied. */
export function remember(memory: Memory, name: Name, value: string): void {
  try {
    memory.write(name, value);
  } catch {
    // Private windows may refuse.
  }
}
