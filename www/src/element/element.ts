/** For bundlers: defines `<char-loom>`; the rest is a chunk of its own. */
import { CharLoom, define } from './tag.ts';

define({ url: () => import.meta.url, load: () => import('./loom.ts') });
export { CharLoom };
