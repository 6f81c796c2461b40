/** What is done to the styles and templates in our scripts, for the page and for the package. */
import type { Plugin } from 'vite';

/** Without comments and spaces that say nothing. */
export const smallCss = (css: string) =>
  css
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/(\$\{[^}]*\})| ?([{};,]) ?/g, (_, inserted?: string, mark?: string) => inserted ?? mark!)
    .replace(/: /g, ':')
    .replace(/;}/g, '}');

/** Type is written in px of a root of 16; shipped it follows `--rem`: its reader's own size, and the projector's. Drawings scale as a whole. */
const scalableType = (css: string) =>
  css.replace(/([^{}]*)\{([^{}]*)\}/g, (rule, selector: string) =>
    /(^|[\s,])text\b/.test(selector)
      ? rule
      : rule.replace(/(\bfont(?:-size)?:[^;}]*?)(\d+(?:\.\d+)?)px/g, (_, before: string, px: string) => `${before}max(var(--least),${Number(px) / 16}*var(--rem))`),
  );

const STYLES = /(?<=\bcss`)[^`]*(?=`)/g;
const OWN = /\/www\/src\/.*\.ts$/;

export const scalable: Plugin = {
  name: 'scalable-type',
  enforce: 'pre',
  transform: (code, id) => (OWN.test(id) ? { code: code.replace(STYLES, scalableType), map: null } : null),
};

/** Styles and templates are strings, which no minifier touches: here they lose comments and indentation. */
export const smallTemplates: Plugin = {
  name: 'small-templates',
  apply: 'build',
  enforce: 'pre',
  transform: (code, id) =>
    OWN.test(id)
      ? { code: code.replace(STYLES, smallCss).replace(/\n\s+/g, '\n'), map: null }
      : null,
};
