/** For a script tag: `<script type="module" src="…/charloom.js">`. The rest lies beside it. */
import { define } from './tag.ts';

const OWN = 'charloom.js';
const here = URL.canParse(import.meta.url) ? new URL(import.meta.url) : null;
const known = here !== null && /^(https?|file):$/.test(here.protocol);

if (known && !here.pathname.endsWith(`/${OWN}`)) {
  // Addresses beside a name that is not its own lead somewhere else.
  console.error(`Charloom was loaded from ${here.href}. Use the address that ends with /${OWN}; nothing else was fetched.`);
} else {
  const url = (base: string | null) => new URL(import.meta.env.CHARLOOM_UI, base ? new URL(base, document.baseURI) : import.meta.url).href;
  define({
    url,
    load: (base) => {
      if (!known && !base) throw new Error('Charloom stands in the page itself: say where its files are with base="https://…/".');
      return import(/* @vite-ignore */ url(base)) as Promise<typeof import('./loom.ts')>;
    },
  });
}
