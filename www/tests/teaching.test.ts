/** What the page tells a learner, as pure functions: recitation, stages, parting curves, the glossary. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en as glossaryEn } from '../src/glossary/en.ts';
import { NAMES } from '../src/glossary/names.ts';
import { TERM_OF_OPTION, TERMS } from '../src/glossary/terms.ts';
import { zh as glossaryZh } from '../src/glossary/zh.ts';
import { NETWORK_OPTIONS, TEXT_OPTIONS, TRAINING_OPTIONS } from '../src/i18n/options.ts';
import type { EpochReport, SampledCharacter } from '../src/protocol/engine.ts';
import type { Likeness, LivingSample } from '../src/protocol/messages.ts';
import { advance, bestOf, furthest, parting, stageOf } from '../src/teach/progress.ts';
import { LearntText } from '../src/worker/likeness.ts';

function learnt(text: string): { of: (prefix: string, written: string) => Likeness; learnt: LearntText } {
  const vocabulary = [...new Set(text)];
  const token = (character: string) => vocabulary.indexOf(character);
  const read = new LearntText(Uint32Array.from([...text], token), vocabulary);
  while (!read.prepare(5));
  const characters = (written: string) => [...written].map((character) => ({ character, token: token(character) }) as SampledCharacter);
  return { of: (prefix, written) => read.compare(prefix, characters(written)), learnt: read };
}

const ENGLISH = 'My father kept the lighthouse on the rocks at Carrow Head, and he taught me how to trim the wick.\nThe river runs below the town and never asks me why.\n';
const CHINESE = '末班车停在没有名字的小站\n售票窗口的灯只亮一半\n你把围巾解下来给我戴\n说北方的风来得比雪快\n';

test('passages are found wherever they stand, and only from the stated length on', () => {
  const { of, learnt: read } = learnt(ENGLISH);
  assert.equal(read.passage, 20);
  const passage = 'kept the lighthouse on the';
  const found = of('', `he ${passage}sea`);
  assert.deepEqual(found.spans, [[2, 3 + passage.length]], 'with the space before it, which stands there too');
  assert.equal(found.share, (passage.length + 1) / (passage.length + 6));
  assert.deepEqual(of('', ' kept the lighthouse').spans, [[0, 20]]);
  assert.deepEqual(of('', 'kept the lighthouse').spans, [], '19 characters are no passage');
});

test('a passage that begins in the opening counts for what was written alone', () => {
  const { of } = learnt(ENGLISH);
  const found = of('My father kept ', 'the lighthouse in a bottle');
  assert.deepEqual(found.spans, [[0, 15]]);
  assert.equal(found.share, 15 / 26);
});

test('of a song that took another way, what was kept of it counts, and its beginning does not', () => {
  const { of, learnt: read } = learnt(ENGLISH);
  const whole = of('My father ', 'kept the lighthouse on the sea');
  const token = (character: string) => [...new Set(ENGLISH)].indexOf(character);
  const rest = [...'on the sea'].map((character) => ({ character, token: token(character) }) as SampledCharacter);
  assert.deepEqual(read.compareSong('My father kept the lighthouse ', 20, rest), whole);
  assert.deepEqual(read.compareSong('My father kept the lighthouse ', 0, rest).spans, [[0, 7]], 'a beginning is given, not written');
});

test('every passage of the naive search is found, and no other', () => {
  const text = ENGLISH.repeat(3) + CHINESE;
  const { of, learnt: read } = learnt(text);
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  for (let round = 0; round < 60; round++) {
    let written = '';
    while (written.length < 120) {
      const at = random(text.length - 40);
      written += text.slice(at, at + 3 + random(34));
    }
    const expected = new Set<number>();
    for (let at = 0; at + read.passage <= written.length; at++) {
      if (text.includes(written.slice(at, at + read.passage))) for (let i = 0; i < read.passage; i++) expected.add(at + i);
    }
    const found = new Set(of('', written).spans.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i)));
    assert.deepEqual([...found].sort((a, b) => a - b), [...expected].sort((a, b) => a - b), written);
  }
});

test('Chinese counts from eight characters on, and pairs are its words', () => {
  const { of, learnt: read } = learnt(CHINESE);
  assert.equal(read.passage, 8);
  assert.deepEqual(of('', '有名字的小站\n售').spans, [[0, 8]]);
  assert.deepEqual(of('', '名字的小站').spans, []);
  const { knownWords } = of('', '末班车雪');
  assert.equal(knownWords, 2 / 3, '末班 and 班车 stand there, 车雪 does not');
});

test('words are known whole, and the one still being written does not count', () => {
  const { of } = learnt(ENGLISH);
  assert.equal(of('', 'the lighthouse never rockz at').knownWords, 3 / 4);
  assert.equal(of('', 'fath').knownWords, 0);
  // A word that lies across two pieces of what is read at once.
  const long = `${'la '.repeat(1364)}lighthouse ${'la '.repeat(1000)}`;
  assert.equal(learnt(long).of('', 'lighthouse house la').knownWords, 1 / 2);
});

test('a text longer than the passages asked for, or shorter, does no harm', () => {
  assert.deepEqual(learnt('ab').of('', 'abababab').spans, []);
  assert.deepEqual(learnt(ENGLISH).of('', '').share, 0);
});

const epoch = (number: number, perplexity: number, held: number | null) =>
  ({ epoch: number, perplexity, validation_perplexity: held }) as EpochReport;

test('training and held-back text have parted once one gets easier and the other harder', () => {
  const curve = [epoch(1, 20, 21), epoch(2, 9, 12), epoch(3, 6, 10), epoch(4, 4, 10.5)];
  assert.equal(bestOf(curve)?.epoch, 3);
  assert.equal(parting(curve), null, 'five per cent is noise');
  assert.equal(parting([...curve, epoch(5, 3, 12)])?.epoch, 3);
  assert.equal(parting([...curve, epoch(5, 8, 14)]), null, 'both get harder: that is trouble of another kind');
  assert.equal(parting([epoch(1, 20, null), epoch(2, 9, null)]), null);
  assert.equal(parting([]), null);
});

const sample = (step: number, likeness: Partial<Likeness> | null, text = '') =>
  ({ position: { step }, characters: [...text].map((character) => ({ character })), likeness }) as unknown as LivingSample;

test('the notes go by what is written', () => {
  assert.equal(stageOf(sample(0, { knownWords: 1, share: 1 })), 'noise', 'nothing has been learnt yet');
  assert.equal(stageOf(sample(9, null, 'xqz')), 'noise');
  assert.equal(stageOf(sample(9, { knownWords: 0.2, share: 0 }, 'x\ny\nz\n')), 'lines');
  assert.equal(stageOf(sample(9, { knownWords: 0.7, share: 0 })), 'words');
  assert.equal(advance('words', 'words', 'reciting'), 'verse', 'one sample may be a refrain');
  assert.equal(advance('verse', 'reciting', 'reciting'), 'reciting');
  assert.equal(advance('reciting', 'reciting', 'words'), 'reciting');
  assert.equal(stageOf(sample(9, { knownWords: 0.95, share: 0.1 })), 'verse');
  assert.equal(stageOf(sample(9, { knownWords: 0.95, share: 0.5 })), 'reciting');
  assert.equal(stageOf(sample(9, { knownWords: 0.8, share: 0.1 })), 'words', 'a tenth of it stands in the text: that is not reciting');
  assert.equal(furthest('verse', 'words'), 'verse');
});

test('every term has a name and an explanation in both languages, and its names elsewhere', () => {
  for (const entries of [glossaryEn, glossaryZh]) {
    assert.deepEqual(Object.keys(entries).sort(), [...TERMS].sort());
    for (const [name, book, explanation] of Object.values(entries)) {
      assert.ok(name.trim() && explanation.trim().length > 10);
      assert.notEqual(book, '');
      assert.notEqual(book, name, 'the textbook’s name is given where it is another');
    }
  }
  assert.deepEqual(Object.keys(NAMES).sort(), [...TERMS].sort());
});

/** Options that say in everyday words what they do. */
const PLAIN = new Set(['text.newlines', 'text.max_chars', 'text.lowercase', 'train.warmup_steps', 'train.decay_steps', 'train.gamma', 'train.min_lr', 'train.nesterov', 'train.beta2', 'train.alpha', 'train.eps']);

test('every option with a technical name has its term', () => {
  for (const { path } of [...TEXT_OPTIONS, ...NETWORK_OPTIONS, ...TRAINING_OPTIONS]) {
    assert.equal(path in TERM_OF_OPTION, !PLAIN.has(path), path);
  }
});
