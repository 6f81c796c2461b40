/** `import 'charloom/vue'`: the tag, and its types in templates. Vue must know that it is no component of its own: `isCustomElement`. */
import type { DefineComponent } from 'vue';
import type { CharLoomAttributes } from './element.js';

export * from './element.js';

declare module 'vue' {
  interface GlobalComponents {
    'char-loom': DefineComponent<CharLoomAttributes>;
  }
}
