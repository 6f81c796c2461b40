/** The site's documents: both languages say the same, and every link leads somewhere. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { enLater } from '../src/i18n/en.later.ts';
import { zhLater } from '../src/i18n/zh.later.ts';
import { WWW } from './browser.ts';

const DIST = join(WWW, 'dist');
const SOURCES = join(WWW, '../docs');
const FOLDERS = ['en', 'zh'] as const;
const namesOf = (folder: string) => readdirSync(join(SOURCES, folder)).sort();
const source = (folder: string, name: string) => readFileSync(join(SOURCES, folder, name), 'utf8');

test('both languages have the same documents, sections, tables and code', () => {
  assert.deepEqual(namesOf('en'), namesOf('zh'));
  for (const name of namesOf('en')) {
    // What is language, and nothing else, may differ: the embedded text, sentences inside code, and their line ends.
    const form = (folder: string) => {
      const text = source(folder, name);
      return {
        headings: [...text.matchAll(/^#+/gm)].map(String),
        rows: [...text.matchAll(/^\| (`[^|]*`) \|/gm)].map(([, cell]) => cell!.match(/`[^`]+`/g)),
        tags: [...text.matchAll(/^<\/?[a-z-]+|^\w+[ =:(].*;$/gm)].map(([line]) => line.replace(/zh/g, 'en').replace(/`.*`/g, '``')),
        events: [...new Set(text.match(/loom-[a-z]+/g))].sort(),
      };
    };
    assert.deepEqual(form('zh'), form('en'), name);
  }
});

test('every document is a page of the site, and every link in it leads to a file and a section', () => {
  for (const folder of FOLDERS) {
    for (const name of namesOf(folder)) {
      const path = join('docs', folder, name.replace(/md$/, 'html'));
      const html = readFileSync(join(DIST, path), 'utf8');
      assert.match(html, /<h1 id=/, path);
      assert.equal(html.includes('<script'), false, 'it runs nothing');
      for (const [, href] of html.matchAll(/href="([^"]+)"/g)) {
        if (/^https:\/\//.test(href!)) continue;
        const [file, anchor] = href!.split('#') as [string, string?];
        const target = normalize(join(dirname(path), file));
        const at = join(DIST, target.endsWith('/') || target === '.' ? join(target, 'index.html') : target);
        assert.ok(existsSync(at), `${path} links to ${href}`);
        if (anchor) assert.ok(readFileSync(at, 'utf8').includes(`id="${decodeURIComponent(anchor)}"`), `${path} links to ${href}`);
      }
    }
  }
});

test('a button that a document names is on the page', () => {
  const labels = { en: Object.values<string>(enLater), zh: Object.values<string>(zhLater) };
  for (const folder of FOLDERS) {
    const named = namesOf(folder).flatMap((name) => [...source(folder, name).matchAll(/\*\*([^*]+…)\*\*/g)].map(([, label]) => label!));
    assert.equal(named.length, 2);
    for (const label of named) assert.ok(labels[folder].includes(label), label);
  }
});
