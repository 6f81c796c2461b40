/** For a script tag: `<script type="module" src="…/charloom.js">`. The rest lies beside it. */
import { folderOf } from './base.ts';
import { define } from './tag.ts';
import { noBase } from './trouble.ts';

const OWN = 'charloom.js';
const here = import.meta.url;
const known = /^(https?|file):/.test(here);

if (known && !new URL(here).pathname.endsWith(`/${OWN}`)) {
  // Addresses beside a name that is not its own lead somewhere else.
  console.error(`Charloom was loaded from ${here}. Use the address that ends with /${OWN}; nothing else was fetched.`);
} else {
  const url = (base: string | null) => (!known && !base ? here : new URL(import.meta.env.CHARLOOM_UI, base ? folderOf(base) : here).href);
  define({
    url,
    integrity: import.meta.env.CHARLOOM_INTEGRITY,
    load: async (base) => {
      if (!known && !base) throw noBase();
      return import(/* @vite-ignore */ url(base)) as Promise<typeof import('./loom.ts')>;
    },
  });
}
