/** The result file without a browser: what is written is read again, and nothing else is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../src/protocol/engine.ts';
import { compare, isExact } from '../src/teacher/rerun.ts';
import { checksumOf, readResult, refuseTooLarge, ResultError, sealed, type Result } from '../src/teacher/result.ts';

const DEFAULTS = {
  text: { newlines: 'keep', lowercase: false, nfc: true, max_chars: null, min_count: 1, validation: 0 },
  model: { cell: 'gru', hidden_size: 256 },
  train: { lr: 0.005, seed: 1, epochs: 0 },
} as unknown as Config;

const RESULT: Result = sealed({
  format: 'charloom-result',
  version: 1,
  charloom: '0.1.0',
  made: '2026-01-02T03:04:05.678Z',
  author: '王小明',
  settings: DEFAULTS,
  altered: false,
  build: 'simd',
  device: 'cpu',
  text: { kind: 'corpus', name: 'lyrics-zh', characters: 12345, fingerprint: '0123456789abcdef' },
  position: { epoch: 2, step: 40 },
  epochs: [
    { epoch: 1, loss: 5.123456789, perplexity: 167.9, validation_perplexity: null },
    { epoch: 2, loss: 4.1, perplexity: 60.3, validation_perplexity: 71.25 },
  ],
  curve: { x: [0.5, 1, 1.5], loss: [5.5, 5, 4.2] },
  sample: { prefix: '窗外', text: '的麻雀\n在' },
});

const problemOf = (json: string) => {
  try {
    readResult(json, DEFAULTS);
  } catch (error) {
    assert.ok(error instanceof ResultError, String(error));
    return error.problem;
  }
  return null;
};
const changed = (change: (copy: Record<string, any>) => void) => {
  const copy = structuredClone(RESULT) as Record<string, any>;
  change(copy);
  return JSON.stringify(copy);
};

test('a result comes back as it was written, however its JSON is laid out', () => {
  for (const json of [JSON.stringify(RESULT), JSON.stringify(RESULT, null, 2), JSON.stringify(Object.fromEntries(Object.entries(RESULT).reverse()))]) {
    assert.deepEqual(readResult(json, DEFAULTS), { result: RESULT, intact: true });
  }
});

test('the checksum is FNV-1a with 64 bits', () => {
  const slow = (text: string) => {
    let hash = 0xcbf29ce484222325n;
    for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
    return hash.toString(16).padStart(16, '0');
  };
  for (const value of [{}, { a: 'x' }, { a: '窗外'.repeat(99) }]) assert.equal(checksumOf(value as never), slow(JSON.stringify(value)));
});

test('every changed number is found', () => {
  const forged = changed((copy) => (copy['epochs'][1].loss = 0.1));
  assert.equal(readResult(forged, DEFAULTS).intact, false);
  assert.equal(readResult(changed((copy) => (copy['extra'] = 1)), DEFAULTS).intact, false);
});

test('a field of another version is done without, an option that it did not know has its default', () => {
  const { epochs: _, ...train } = RESULT.settings.train;
  const { checksum: __, ...content } = RESULT;
  const older = sealed({ ...content, settings: { ...RESULT.settings, train: train as Config['train'] }, ...{ note: 'of another version' } });
  const { result, intact } = readResult(JSON.stringify(older), DEFAULTS);
  assert.equal(intact, true);
  assert.equal(result.settings.train.epochs, 0);
  assert.equal('note' in result, false);
});

test('whatever is wrong with a file is named', () => {
  assert.deepEqual(problemOf(''), { code: 'not-json' });
  assert.deepEqual(problemOf(JSON.stringify(RESULT).slice(0, -20)), { code: 'not-json' });
  for (const other of ['null', '[]', '7', '{}', '"charloom-result"', '{"format":"other"}']) assert.deepEqual(problemOf(other), { code: 'not-result' });
  assert.deepEqual(problemOf(changed((copy) => (copy['version'] = 2))), { code: 'newer', version: 2 });
  const fields: [string, (copy: Record<string, any>) => void][] = [
    ['author', (copy) => (copy['author'] = 7)],
    ['author', (copy) => (copy['author'] = 'x'.repeat(201))],
    ['settings', (copy) => (copy['settings'] = null)],
    ['settings.train', (copy) => (copy['settings'].train = [])],
    ['settings.train.lr', (copy) => (copy['settings'].train.lr = '0.1')],
    ['settings.model.cell', (copy) => (copy['settings'].model.cell = { toString: 1 })],
    ['build', (copy) => (copy['build'] = 'constructor')],
    ['text.characters', (copy) => (copy['text'].characters = -1)],
    ['epochs[1].loss', (copy) => (copy['epochs'][1].loss = null)],
    ['epochs', (copy) => (copy['epochs'] = { length: 1e9 })],
    ['curve.loss', (copy) => copy['curve'].loss.pop()],
    ['curve.x', (copy) => (copy['curve'].x = new Array(5001).fill(1))],
    ['sample.text', (copy) => delete copy['sample'].text],
    ['checksum', (copy) => delete copy['checksum']],
  ];
  for (const [field, change] of fields) assert.deepEqual(problemOf(changed(change)), { code: 'field', field });
});

test('hostile files end in a sentence too', () => {
  assert.ok(problemOf('['.repeat(1_000_000)));
  assert.ok(problemOf('{"format":"charloom-result","version":1,"__proto__":{"author":"x"}}'));
  const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
  const nested = JSON.stringify(RESULT).replace('"author":', `"more":${deep},"author":`);
  assert.equal(readResult(nested, DEFAULTS).intact, false);
  assert.equal(({} as { author?: string }).author, undefined);
  assert.throws(() => refuseTooLarge(8_000_001), ResultError);
  refuseTooLarge(8_000_000);
});

test('epochs are compared to the digit, or roughly', () => {
  const { epochs } = RESULT;
  const other = epochs.map((each) => ({ ...each, loss: each.epoch === 2 ? 4.1000001 : each.loss }));
  assert.deepEqual(compare(epochs, structuredClone(epochs), true), { kind: 'equal', epochs: 2 });
  assert.deepEqual(compare(epochs, other, true), { kind: 'differs', epoch: 2, file: 4.1, here: 4.1000001 });
  const rough = compare(epochs, other, false);
  assert.ok(rough.kind === 'close' && rough.most > 0 && rough.most < 1e-7);
  assert.equal(isExact({ build: 'simd', device: 'cpu' }), true);
  assert.equal(isExact({ build: 'simd', device: 'webgpu' }), false);
  assert.equal(isExact({ build: 'relaxed', device: 'cpu' }), false);
});
