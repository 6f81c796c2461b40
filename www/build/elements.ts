/**
 * `custom-elements.json`, by which editors and documentation tools know the tag: names are the source's, types those of
 * the package's declarations, descriptions those of docs/en/api.md. A test holds it against the running class.
 */
import { ATTRIBUTES, EVENTS, propertyOf, STATUSES } from '../src/element/names.ts';

const MODULE = 'dist/element.js';

interface Sources {
  /** packages/npm/element.d.ts */
  declarations: string;
  /** docs/en/api.md */
  api: string;
}

interface Member {
  kind: 'field' | 'method';
  name: string;
  [more: string]: unknown;
}

/** The body of a type in the declarations, which are written one member a line. */
function bodyOf(declarations: string, head: string): string {
  const body = new RegExp(`${head} \\{\\n([^]*?)\\n\\}`).exec(declarations)?.[1];
  if (body === undefined) throw new Error(`element.d.ts has no ${head}`);
  return body;
}

/** What the tables of the document say, by each name in their first column. */
function descriptions(api: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, names, meaning] of api.matchAll(/^\| (.*?`) \| (.*?) ?\|$/gm)) {
    // Links lead nowhere from here.
    const text = meaning!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim();
    for (const [, name] of names!.matchAll(/`([\w-]+)/g)) if (text && !found.has(name!)) found.set(name!, text);
  }
  return found;
}

/** The names that a sentence of the document lists. */
function listed(api: string, start: string): string[] {
  const sentence = new RegExp(`${start}: ([^]*?)\\.\\s`).exec(api)?.[1];
  if (!sentence) throw new Error(`api.md has no sentence that begins with “${start}”`);
  return [...sentence.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!);
}

/** `type` of `name: type` or `name?: type`, split at the commas that are not inside brackets. */
function parametersOf(list: string): { name: string; type: { text: string }; optional?: true }[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const letter of list) {
    if ('<({['.includes(letter)) depth++;
    if ('>)}]'.includes(letter)) depth--;
    if (letter === ',' && depth === 0) parts.push(part), (part = '');
    else part += letter;
  }
  if (part.trim()) parts.push(part);
  return parts.map((each) => {
    const [, name, optional, type] = /^\s*(\w+)(\?)?: ([^]*)$/.exec(each)!;
    return { name: name!, type: { text: type! }, ...(optional ? { optional: true as const } : {}) };
  });
}

export function customElements({ declarations, api }: Sources): object {
  const said = descriptions(api);
  const described = (name: string) => (said.has(name) ? { description: said.get(name) } : {});
  const types = new Map([...bodyOf(declarations, 'interface CharLoomProperties').matchAll(/^ {2}(\w+): (.*);$/gm)].map(([, name, type]) => [name!, type!]));
  const attributes = Object.keys(ATTRIBUTES).map((name) => {
    const fieldName = propertyOf(name);
    const text = types.get(fieldName);
    if (!text) throw new Error(`element.d.ts does not declare ${fieldName}`);
    return { name, fieldName, type: { text }, ...described(name) };
  });
  const members: Member[] = attributes.map(({ name, fieldName, ...rest }) => ({ kind: 'field', name: fieldName, attribute: name, reflects: true, ...rest }));
  for (const [, isStatic, name, type] of bodyOf(declarations, 'class CharLoom extends HTMLElement').matchAll(/^ {2}(static )?readonly (\w+): (.*);$/gm)) {
    members.push({ kind: 'field', name: name!, type: { text: type! }, readonly: true, ...(isStatic ? { static: true } : {}), ...described(name!) });
  }
  for (const [, name, parameters, type] of bodyOf(declarations, 'class CharLoom extends HTMLElement').matchAll(/^ {2}(\w+)\((.*)\): (.*);$/gm)) {
    members.push({ kind: 'method', name: name!, parameters: parametersOf(parameters!), return: { type: { text: type! } }, ...described(name!) });
  }
  const eventTypes = new Map([...bodyOf(declarations, 'interface CharLoomEventMap').matchAll(/^ {2}'(loom-\w+)': (.*);$/gm)].map(([, name, type]) => [name!, type!]));
  const events = EVENTS.map((short) => {
    const name = `loom-${short}`;
    const text = eventTypes.get(name);
    if (!text) throw new Error(`element.d.ts does not declare ${name}`);
    return { name, type: { text }, ...described(name) };
  });
  const named = (start: string) => listed(api, start).map((name) => ({ name }));
  return {
    schemaVersion: '2.1.0',
    readme: 'README.md',
    modules: [
      {
        kind: 'javascript-module',
        path: MODULE,
        declarations: [
          {
            kind: 'class',
            customElement: true,
            name: 'CharLoom',
            tagName: 'char-loom',
            description: 'A playground that trains a small recurrent network on a text, character by character, and lets it write.',
            superclass: { name: 'HTMLElement' },
            attributes,
            members,
            events,
            slots: [{ name: '' }, ...named('Slots')],
            cssParts: named('Parts for styling'),
            cssProperties: named('Custom properties'),
            cssStates: STATUSES.map((name) => ({ name })),
          },
        ],
        exports: [
          { kind: 'js', name: 'CharLoom', declaration: { name: 'CharLoom', module: MODULE } },
          { kind: 'custom-element-definition', name: 'char-loom', declaration: { name: 'CharLoom', module: MODULE } },
        ],
      },
    ],
  };
}
