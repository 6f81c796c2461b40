/**
 * `charloom/anywidget`, for Jupyter Book 2, JupyterLab and marimo: the tag in a cell. The model's traits are the tag's
 * attributes. A notebook may run this file from a Blob, where nothing lies beside it: then `base` says where the files are.
 */
import { folderOf } from './base.ts';
import { define } from './tag.ts';
import { noBase } from './trouble.ts';
import { ATTRIBUTES, propertyOf } from './names.ts';

/** What of anywidget's model is used. */
interface Model {
  get(name: string): unknown;
  on(name: string, listener: () => void): void;
  off(name: string, listener: () => void): void;
}

const known = /^(https?|file):/.test(import.meta.url);

function defineOnce(): void {
  // Without a base the load below says what is missing.
  const url = (base: string | null) => !known && !base ? import.meta.url : new URL(import.meta.env.CHARLOOM_UI, base ? folderOf(base) : import.meta.url).href;
  define({
    url,
    load: async (base) => {
      if (!known && !base) throw noBase();
      return import(/* webpackIgnore: true */ /* @vite-ignore */ url(base)) as Promise<typeof import('./loom.ts')>;
    },
  });
}

/** A trait may be called as the attribute or as Python writes it: `start-with`, `start_with`. */
const traitsOf = (attribute: string) => [attribute.replaceAll('-', '_'), propertyOf(attribute), attribute];

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  defineOnce();
  const tag = document.createElement('char-loom');
  const stop: (() => void)[] = [];
  for (const attribute of Object.keys(ATTRIBUTES)) {
    for (const trait of new Set(traitsOf(attribute))) {
      const take = () => {
        const value = model.get(trait);
        if (value === undefined || value === null || value === false) return;
        tag.setAttribute(attribute, Array.isArray(value) ? value.join(',') : value === true ? '' : String(value));
      };
      take();
      model.on(`change:${trait}`, take);
      stop.push(() => model.off(`change:${trait}`, take));
    }
  }
  el.append(tag);
  return () => {
    for (const each of stop) each();
    tag.remove();
  };
}

export default { render };
