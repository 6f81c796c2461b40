/** `import 'charloom/svelte'`: the tag, and its types in Svelte 5's markup. */
import type { HTMLAttributes } from 'svelte/elements';
import type { CharLoom, CharLoomAttributes } from './element.js';

export * from './element.js';

declare module 'svelte/elements' {
  interface SvelteHTMLElements {
    'char-loom': Omit<HTMLAttributes<CharLoom>, keyof CharLoomAttributes> & CharLoomAttributes;
  }
}
