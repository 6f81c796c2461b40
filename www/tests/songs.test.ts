/** Songs without a browser: where they end, what of them can be seen, what is kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ceilingOf, Ending } from '../src/songs/ending.ts';
import { endingOf, structureOf } from '../src/songs/structure.ts';

const VOCABULARY = ['\n', ' ', ...'abcdefghijklmnopqrstuvwxyz', ...'我们在'];

/** What is written of a stream of characters. */
function written(stream: string, length: number, vocabulary = VOCABULARY): string {
  const ending = new Ending(length, vocabulary);
  let text = '';
  for (const character of stream) {
    const turn = ending.take(character);
    if (turn !== 'skip') text += character;
    if (turn !== 'on') return text;
  }
  throw new Error('it did not end');
}

test('a song ends with the line in which it reaches its length', () => {
  assert.equal(written('one line\nanother line\nmore\n', 10), 'one line\nanother line');
  assert.equal(written('one line\nanother line\nmore\n', 8), 'one line');
});

test('a verse may end it a little sooner, but not much', () => {
  assert.equal(written('12345678\n\nmore and more\n', 10), '12345678\n');
  assert.equal(written('1234\n\nmore and more\nx', 10), '1234\n\nmore and more');
});

test('without a line end it stops at the ceiling, whatever comes', () => {
  for (const length of [1, 10, 200, 5000]) {
    assert.equal(written('x'.repeat(20_000), length).length, ceilingOf(length));
    assert.ok(ceilingOf(length) > length);
  }
});

test('where lines became spaces, a space ends it; where there is neither, the length', () => {
  assert.equal(written('one two three four', 5, [' ', 'o', 'n', 'e']), 'one two');
  assert.equal(written('abcdefghijkl', 5, ['a', 'b']), 'abcde');
});

test('an empty line at the beginning ends nothing', () => {
  assert.equal(written('\n\nabc\nd', 3), '\n\nabc');
});

test('what a line ends on', () => {
  const cases: [string, string | null][] = [
    ['the light of the night', 'ight'],
    ['so far away,', 'ay'],
    ['all I ever loved — love!', 'ove'],
    ['she said “stay”', 'ay'],
    ['I don’t', 'ont'],
    ['mmm hmm', 'mm'],
    ['窗外的麻雀', '雀'],
    ['在电线杆上多嘴。', '嘴'],
    ['你说 yeah', 'yeah'],
    ['42', null],
    ['… !', null],
    ['', null],
  ];
  for (const [line, ending] of cases) assert.equal(endingOf(line), ending, line);
});

test('lines of a verse that end alike share a letter, and only those', () => {
  const { verses, lines, script } = structureOf('the night\nis long\nthe light\nis gone\n\n\nthe night\nalone\r\na stone');
  assert.equal(lines, 7);
  assert.equal(script, 'letters');
  assert.deepEqual(verses.map((verse) => verse.map(({ rhyme }) => rhyme)), [['A', null, 'A', null], [null, 'A', 'A']]);
  const chinese = structureOf('窗外的麻雀\n在电线杆上多嘴\n你说这一句\n很有夏天的嘴');
  assert.equal(chinese.script, 'ideographs');
  assert.deepEqual(chinese.verses[0]!.map(({ rhyme }) => rhyme), [null, 'A', null, 'A']);
});

test('any text has a structure', () => {
  for (const text of ['', '\n\n\n', ' ', '\u0000\ud800x\n\udc00', 'a'.repeat(50_000), 'x\n'.repeat(5000)]) {
    const { lines, verses } = structureOf(text);
    assert.equal(lines, verses.flat().length);
  }
});
