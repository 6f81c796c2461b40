/**
 * The documents of `docs/en` and `docs/zh` as pages of the site: `docs/en/embed.md` becomes `docs/en/embed.html`. Plain
 * files without scripts; links between documents and code that is copied stay as they are written.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Marked } from 'marked';
import type { Plugin } from 'vite';

const FOLDER = new URL('../../docs/', import.meta.url);
/** Each language's folder, tag and name. */
const LANGUAGES = { en: ['en', 'English'], zh: ['zh-Hans', '中文'] } as const;
type Folder = keyof typeof LANGUAGES;
const FOLDERS = Object.keys(LANGUAGES) as Folder[];

const STYLE = `:root{color-scheme:light dark}
body{margin:0 auto;max-width:46rem;padding:1.5rem 1rem 4rem;font:1rem/1.6 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;overflow-wrap:break-word}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;font-size:.875rem}
h1{font-size:1.625rem;line-height:1.25}h2{margin-top:2.25rem;font-size:1.25rem}
a{color:light-dark(#2f4bb3,#93a8ff)}
code,pre{font:.875rem/1.5 ui-monospace,monospace;background:light-dark(#f3f4f1,#1e252b);border-radius:4px}
code{padding:.1em .3em}pre{padding:.75rem 1rem;overflow-x:auto}pre code{padding:0}
table{display:block;overflow-x:auto;border-collapse:collapse}td,th{padding:.3rem .75rem .3rem 0;border-bottom:1px solid light-dark(#dde1de,#2a343b);text-align:start;vertical-align:top}`;

export interface Document {
  /** Its file's name without an ending. */
  name: string;
  title: string;
  html: string;
}

const namesIn = (folder: Folder) =>
  readdirSync(new URL(`${folder}/`, FOLDER))
    .filter((file) => file.endsWith('.md'))
    .map((file) => file.slice(0, -'.md'.length))
    .sort();

/** The GitHub form of a heading's address, which links within documents use. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}\s-]/gu, '')
    .replace(/\s+/g, '-');

function read(folder: Folder, name: string): Document {
  const source = readFileSync(new URL(`${folder}/${name}.md`, FOLDER), 'utf8');
  const title = /^# (.+)$/m.exec(source)?.[1];
  if (!title) throw new Error(`docs/${folder}/${name}.md has no title.`);
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${anchorOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        // Between documents the site has pages where the repository has files.
        return `<a href="${href.replace(/\.md(?=#|$)/, '.html')}">${this.parser.parseInline(tokens)}</a>`;
      },
    },
  });
  return { name, title, html: marked.parse(source, { async: false }) };
}

function page(folder: Folder, { name, title, html }: Document, all: Document[]): string {
  const [tag] = LANGUAGES[folder];
  const others = FOLDERS.filter((each) => each !== folder && namesIn(each).includes(name));
  const links = [
    '<a href="../../">Charloom</a>',
    ...all.map((each) => (each.name === name ? `<strong>${title}</strong>` : `<a href="./${each.name}.html">${each.title}</a>`)),
    ...others.map((each) => `<a href="../${each}/${name}.html" lang="${LANGUAGES[each][0]}">${LANGUAGES[each][1]}</a>`),
  ];
  return `<!doctype html>
<html lang="${tag}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Charloom</title>
<link rel="icon" href="../../icon.svg" type="image/svg+xml">
<style>${STYLE}</style>
<nav>${links.join('\n')}</nav>
<main>
${html}</main>
</html>
`;
}

export const docs: Plugin = {
  name: 'docs',
  apply: 'build',
  generateBundle() {
    for (const folder of FOLDERS) {
      const all = namesIn(folder).map((name) => read(folder, name));
      for (const each of all) this.emitFile({ type: 'asset', fileName: `docs/${folder}/${each.name}.html`, source: page(folder, each, all) });
    }
  },
};
