/** `import 'charloom/react'`: the tag, and its types in JSX, for React 19. */
import type { DetailedHTMLProps, HTMLAttributes } from 'react';
import type { CharLoom, CharLoomAttributes } from './element.js';

export * from './element.js';

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'char-loom': Omit<DetailedHTMLProps<HTMLAttributes<CharLoom>, CharLoom>, keyof CharLoomAttributes> & CharLoomAttributes;
    }
  }
}
