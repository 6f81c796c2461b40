import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { enBelow } from '../src/i18n/en.below.ts';
import { enInside } from '../src/i18n/en.inside.ts';
import { enLater } from '../src/i18n/en.later.ts';
import { enReading } from '../src/i18n/en.reading.ts';
import { enTeach } from '../src/i18n/en.teach.ts';
import { en } from '../src/i18n/en.ts';
import { loadLanguage, preferredLanguage, translate } from '../src/i18n/i18n.ts';
import { zhBelow } from '../src/i18n/zh.below.ts';
import { zhInside } from '../src/i18n/zh.inside.ts';
import { zhLater } from '../src/i18n/zh.later.ts';
import { zhReading } from '../src/i18n/zh.reading.ts';
import { zhTeach } from '../src/i18n/zh.teach.ts';
import { zh } from '../src/i18n/zh.ts';
import * as format from '../src/i18n/format.ts';
import type { Config, Inspection, LayerInside, Session, SessionInfo, TrainReport } from '../src/protocol/engine.ts';
import { allPaths, differences, fromParameters, getOption, toParameters, withOption } from '../src/state/config.ts';
import type { Sampling } from '../src/state/appstate.ts';
import { configFromHash, readHash, samplingFromHash, writeHash } from '../src/state/hash.ts';
import { correlation, gateGrid, hiddenGrid, at, orderUnits } from '../src/state/inside.ts';
import { failureText, loadFailures } from '../src/i18n/failures.ts';
import { frameOf, framesOf, STAGES } from '../src/slow/frames.ts';
import { layOut } from '../src/windows/layout.ts';
import type { Progress } from '../src/protocol/messages.ts';
import { addProgress, newRun } from '../src/state/runs.ts';
import { MOST_POINTS, Series } from '../src/state/series.ts';
import { updatesUntilWords } from '../src/state/estimate.ts';
import { Store } from '../src/state/store.ts';
import type { CommandQueue } from '../src/worker/queue.ts';
import { Trial } from '../src/worker/trial.ts';
import { WWW } from './browser.ts';

/** Any values will do: these tests are about carrying options, not about what they are. */
const CONFIG = {
  text: { newlines: 'keep', lowercase: false, max_chars: null, min_count: 1 },
  model: { cell: 'gru', hidden_size: 64, reset_after: true },
  train: { lr: 0.002, optimizer: 'adam' },
} as unknown as Config;

const SAMPLING: Sampling = { prefix: '', temperature: 1, top_k: 0, top_p: 1, greedy: false, seed: 1, length: 200, count: 1, keepSeed: false, best: false };

test('a long series stays small and keeps its mean', () => {
  const series = new Series(1);
  const count = 50_000;
  for (let i = 0; i < count; i++) series.add(i, [i]);
  assert.ok(series.length < MOST_POINTS);
  assert.ok(series.length >= MOST_POINTS / 2 - 1);
  const column = series.columns[0]!;
  const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
  assert.ok(Math.abs(mean - count / 2) < count * 0.02, `mean ${mean}`);
  assert.ok(series.x.every((x, i) => i === 0 || x > series.x[i - 1]!), 'x rises');
});

test('a series comes back from storage as it was', () => {
  const series = new Series(2);
  for (let i = 0; i < 3000; i++) series.add(i, [i, -i]);
  const back = Series.fromData(structuredClone(series.toData()));
  assert.deepEqual(back.toData(), series.toData());
});

test('steps that are trained once more, after a GPU failed, take the place of the first', () => {
  const run = newRun(0, 0, { config: CONFIG, vocabulary: [], summary: { parameters: 0 } } as unknown as SessionInfo, 'a text');
  const batches = 4;
  const report = (from: number, to: number, loss: number) => {
    const steps = Array.from({ length: to - from }, (_, i) => from + i);
    const epochs = steps.filter((step) => step % batches === batches - 1).map((step) => ({ epoch: (step + 1) / batches, perplexity: loss, seconds: 0 }));
    const position = { epoch: Math.floor(to / batches), step: to, batch: to % batches, batches_per_epoch: batches };
    addProgress(run, { metrics: Float32Array.from(steps.flatMap((step) => [step, loss, 1, 1])), epochs, position, charactersPerSecond: 1 } as unknown as Progress);
  };
  report(0, 11, 5);
  report(6, 9, 3);
  assert.deepEqual(run.steps.x, [0, 1, 2, 3, 4, 5, 6, 7, 8].map((step) => step / batches));
  assert.deepEqual(run.steps.columns[0], [5, 5, 5, 5, 5, 5, 3, 3, 3]);
  assert.deepEqual(run.epochs.map(({ epoch, perplexity }) => [epoch, perplexity]), [[1, 5], [2, 3]]);
});

test('the speed, and with it the time left, does not swing with each report, and follows a change', () => {
  const run = newRun(0, 0, { config: CONFIG, vocabulary: [], summary: { parameters: 0 } } as unknown as SessionInfo, 'a text');
  const position = { epoch: 0, step: 0, batch: 0, batches_per_epoch: 4 };
  const told = (speeds: number[]) =>
    speeds.map((charactersPerSecond) => {
      addProgress(run, { metrics: new Float32Array(), epochs: [], position, charactersPerSecond } as unknown as Progress);
      return run.charactersPerSecond;
    });
  assert.deepEqual(told([10_000]), [10_000], 'the first is believed');
  const swinging = told(Array.from({ length: 100 }, (_, i) => (i % 2 ? 5_000 : 15_000)));
  assert.ok(Math.max(...swinging) < 10_600 && Math.min(...swinging) > 9_400, `${Math.min(...swinging)} to ${Math.max(...swinging)}`);
  assert.ok(told(Array.from({ length: 60 }, () => 40_000)).at(-1)! > 38_000, 'ten reports a second: it is taken up within six');
});

test('options are read and written by path', () => {
  assert.ok(allPaths(CONFIG).includes('model.hidden_size'));
  const changed = withOption(CONFIG, 'model.hidden_size', 128);
  assert.equal(getOption(changed, 'model.hidden_size'), 128);
  assert.equal(getOption(CONFIG, 'model.hidden_size'), 64, 'the original is left alone');
  assert.deepEqual(differences(CONFIG, changed), ['model.hidden_size']);
});

test('a configuration survives the link', () => {
  let config = withOption(CONFIG, 'model.cell', 'lstm');
  config = withOption(config, 'text.max_chars', 10000);
  config = withOption(config, 'model.reset_after', false);
  config = withOption(config, 'train.lr', 1e-4);
  const parameters = toParameters(config, CONFIG);
  assert.deepEqual(fromParameters(new URLSearchParams(parameters.toString()), CONFIG), config);
});

test('nonsense in a link is named and left out, and the rest is taken up', () => {
  const link = readHash('#model.hidden_size=huge&model.reset_after=7&train.lr=&nothing.here=1&model.cell=foo&build=fast&train.optimizer=sgd&hide=text&write.temperature=9&write.prefix=O&write.what=1');
  const { config, mistakes } = configFromHash(link, CONFIG);
  assert.deepEqual(config, withOption(CONFIG, 'train.optimizer', 'sgd'));
  assert.deepEqual(mistakes, ['model.hidden_size=huge', 'model.reset_after=7', 'train.lr=', 'nothing.here=1', 'model.cell=foo', 'build=fast']);
  const written = samplingFromHash(link, SAMPLING);
  assert.deepEqual(written.sampling, { ...SAMPLING, prefix: 'O' });
  assert.deepEqual(written.mistakes, ['write.temperature=9', 'write.what=1']);
});

test('the hash holds what differs and nothing else', () => {
  const hash = readHash('#preset=quick&hide=text,models&backend=cpu&model.cell=rnn');
  assert.deepEqual([hash.preset, hash.hide, hash.backend], ['quick', ['text', 'models'], 'cpu']);
  const state = { corpus: null, preset: null, backend: 'auto', build: null, language: null, key: null, hide: [], lock: [] } as const;
  const linked = { config: CONFIG, base: CONFIG, sampling: SAMPLING, samplingBase: SAMPLING };
  assert.equal(writeHash({ ...state, hide: [], lock: [], view: 'page' }, linked), '');
  const full = writeHash({ ...state, hide: [], lock: [], view: 'page', corpus: 'songs', build: 'simd', language: 'en', key: 'lesson 3' }, { ...linked, sampling: { ...SAMPLING, prefix: '春天', temperature: 0.5, length: 80 } });
  const read = readHash(full);
  assert.deepEqual([read.corpus, read.build, read.language, read.key], ['songs', 'simd', 'en', 'lesson 3']);
  assert.deepEqual(samplingFromHash(read, SAMPLING), { sampling: { ...SAMPLING, prefix: '春天', temperature: 0.5, length: 80 }, mistakes: [] });
  assert.equal(readHash('#backend=toaster').backend, 'auto');
});

const tables: Record<string, string>[][] = [[en, zh], [enLater, zhLater], [enBelow, zhBelow], [enInside, zhInside], [enTeach, zhTeach], [enReading, zhReading]];

test('both languages use the same placeholders', () => {
  const names = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
  for (const [english, chinese] of tables) {
    for (const key of Object.keys(english!)) assert.deepEqual(names(chinese![key]!), names(english![key]!), key);
  }
});

test('no message is empty', () => {
  for (const table of tables.flat()) for (const [key, text] of Object.entries(table)) assert.ok(text.trim(), key);
});

test('the language follows the browser until the user chooses', async () => {
  assert.equal(preferredLanguage(null, ['fr-FR', 'zh-TW', 'en']), 'zh-Hans');
  assert.equal(preferredLanguage(null, ['de', 'en-GB']), 'en');
  assert.equal(preferredLanguage(null, ['fr']), 'en');
  assert.equal(preferredLanguage('zh-Hans', ['en']), 'zh-Hans');
  await loadLanguage('en');
  assert.equal(translate('en', 'time.seconds', { count: 5 }), '5 s');
});

test('no character is shown as nothing', () => {
  const shown = (text: string) => [...text].map((character) => format.visible(character, 'en'));
  assert.deepEqual(shown('a中\u200b\u00a0\u00ad\ufeff\u0007\u2028\ue000\u0301'), ['a', '中', 'ZWSP', 'NBSP', 'SHY', 'BOM', 'U+0007', 'U+2028', 'U+E000', '◌\u0301']);
  // Whatever is neither a letter, a number, a sign nor punctuation.
  for (let code = 0; code <= 0x2ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const character = String.fromCodePoint(code);
    if (/[\p{C}\p{Z}\p{M}]/u.test(character)) assert.notEqual(format.visible(character, 'en'), character, code.toString(16));
  }
});

test('numbers read well', () => {
  assert.equal(format.short(0.003), '0.003');
  assert.equal(format.short(1234.6), '1235');
  assert.equal(format.short(0.00001), '1.0e-5');
  assert.equal(format.perplexity(1.0234), '1.02');
  assert.equal(format.perplexity(Number.POSITIVE_INFINITY), '∞');
  assert.equal(format.percent(0.004, 'en'), '0.4%');
});

test('a store announces changes once, with their names', async () => {
  const store = new Store({ a: 1, b: 1, c: 1 });
  const heard: string[][] = [];
  store.subscribe((changed) => heard.push([...changed].sort()));
  store.set({ a: 2 });
  store.set({ b: 2, c: 1 });
  await Promise.resolve();
  assert.deepEqual(heard, [['a', 'b']]);
  store.set({ a: 2 });
  await Promise.resolve();
  assert.equal(heard.length, 1, 'setting the same value is no change');
});

/** Two units over four characters: unit 0 fires on line ends only, unit 1 alternates. */
const LAYER = {
  hidden: Float32Array.from([0, 1, 1, 0, 0, 1, 1, 0]),
  gates: Float32Array.from([0, 1, 10, 11, 2, 3, 12, 13, 4, 5, 14, 15, 6, 7, 16, 17]),
} as unknown as LayerInside;
const LOOKED_AT = {
  places: ['a', '\n', 'b', '\n', 'c'].map((character) => ({ character, surprise: null })),
} as unknown as Inspection;

test('gates are found in their blocks', () => {
  const grid = gateGrid(LAYER, 1, 2, 2);
  assert.equal(grid.steps, 4);
  assert.deepEqual([at(grid, 0, 0), at(grid, 0, 1), at(grid, 3, 1)], [10, 11, 17]);
});

test('units are ordered by what they react to', () => {
  const grid = hiddenGrid(LAYER, 2);
  const { units, scores } = orderUnits(grid, 'newline', LOOKED_AT, 0);
  assert.equal(units.length, 2);
  assert.ok(Math.abs(scores[0]! - 1) < 1e-6, 'unit 0 follows line ends');
  assert.ok(Math.abs(scores[1]! + 1) < 1e-6, 'unit 1 goes against them');
  assert.equal(correlation([1, 1, 1], [1, 2, 3]), 0, 'what never changes follows nothing');
  assert.deepEqual(orderUnits(grid, 'index', LOOKED_AT, 0).units, [0, 1]);
});

const queue = { run: async (job: () => unknown) => job() } as CommandQueue;

/** A session that trains as fast as it is told. */
function pretend(pace: () => number, stopped: unknown = null) {
  return { train: async () => (await new Promise((done) => setTimeout(done, 40)), { characters_per_second: pace(), stopped }) } as unknown as Session;
}

async function tryThreads(present: number, copy: Session): Promise<number | null> {
  const trial = new Trial(queue, copy, () => true);
  let over = false;
  const gain = trial.gain().finally(() => (over = true));
  while (!over) {
    trial.note({ characters_per_second: present } as TrainReport);
    await new Promise((done) => setTimeout(done, 5));
  }
  return gain;
}

test('a trial of threads compares medians of warm slices', async () => {
  let slices = 0;
  // Slow while it is compiled, and once while something else runs.
  const copy = pretend(() => (++slices <= 4 || slices === 28 ? 1 : 300));
  assert.equal(await tryThreads(200, copy), 1.5);
});

test('a trial of threads ends with the training, and with the session', async () => {
  assert.equal(await tryThreads(200, pretend(() => 300, { reason: 'finished' })), null);
  let current = true;
  const trial = new Trial(queue, pretend(() => 300), () => current);
  const gain = trial.gain();
  await new Promise((done) => setTimeout(done, 60));
  current = false;
  trial.abandon();
  assert.equal(await gain, null);
});

test('slow motion walks forward through time, then backward', () => {
  const frames = framesOf(3);
  const times = (stage: string) => frames.filter((frame) => frame.stage === stage).map(({ at }) => at);
  assert.deepEqual(times('recurrence'), [0, 1, 2]);
  assert.deepEqual(times('gradients'), [2, 1, 0]);
  assert.deepEqual([...new Set(frames.map(({ stage }) => stage))], [...STAGES]);
  assert.equal(frames[frameOf(frames, 'gradients', 1)]!.at, 1);
  assert.equal(frames[frameOf(frames, 'softmax', 0)]!.stage, 'softmax', 'its one frame');
});

test('windows are laid on lines without losing a character', () => {
  const { lines, pieces } = layOut([0, 95, 390], 10, 400, 100);
  assert.deepEqual(lines, [100, 100, 100, 100]);
  assert.deepEqual(pieces.map(({ row, line, x, width }) => [row, line, x, width]), [
    [0, 0, 0, 10],
    [1, 0, 95, 5],
    [1, 1, 0, 5],
    [2, 3, 90, 10],
  ]);
});

test('a failure is complete in both languages', async () => {
  await loadFailures('zh-Hans');
  const values = { rule: 'between', found: '5000', low: '1', high: '4096' };
  const failure = { code: 'config', message: 'batch_size: 5000 is not between 1 and 4096', field: 'batch_size', values };
  assert.equal(failureText('zh-Hans', failure), '5000 不在 1 到 4096 之间。');
  assert.equal(failureText('en', failure), '5000 is not between 1 and 4096');
  const unknown = { code: 'something-new', message: 'something happened' };
  assert.equal(failureText('zh-Hans', unknown), 'Something happened');
});

/**
 * Codes that are no failures: what was done to a file in reading it, and what programs tell each other across frames. And
 * what the tag says in both languages before any messages are there.
 */
const TOLD_ELSEWHERE = /reading\/src\/note\.rs|src\/frame\/|src\/teacher\/|src\/element\/trouble\.ts/;

test('every failure that the engine and the page know has a Chinese sentence', async () => {
  const { failures } = await import('../src/i18n/failures.zh.ts');
  const root = join(WWW, '..');
  const sources = (folder: string, ending: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
  const codes = new Map<string, string>();
  for (const file of [...sources('src', '.rs'), ...sources('reading/src', '.rs'), ...sources('www/src', '.ts')]) {
    if (TOLD_ELSEWHERE.test(file)) continue;
    const code = readFileSync(join(root, file), 'utf8').split('#[cfg(test)]')[0]!;
    const arms = [...code.matchAll(/fn code\(&self\)[^{]*\{([^]*?)\n    \}/g)].flatMap(([, body]) => [...body!.matchAll(/=>\s*"([a-z-]+)"/g)]);
    const thrown = code.matchAll(file.endsWith('.rs') ? /\berror\(\s*"([a-z-]+)"/g : /(?:DeskError\(|refused\(|\bcode: )\s*'([a-z-]+)'/g);
    for (const [, name] of [...arms, ...thrown]) codes.set(name!, file);
  }
  assert.ok(codes.size > 60, `only ${codes.size} codes were found`);
  const missing = [...codes].filter(([name]) => !(name in failures));
  assert.deepEqual(missing, []);
});

test('a sentence is never told with a brace in it', async () => {
  await loadFailures('zh-Hans');
  const told = failureText('zh-Hans', { code: 'not-found', message: 'it was not found.', values: { url: 'a' } });
  assert.equal(told, 'It was not found.');
  assert.match(failureText('zh-Hans', { code: 'not-found', message: '', values: { rule: 'address', url: 'a', status: '404' } }), /^a 取不到.*404/);
});

/**
 * Updates of the quick presets' network, fitted to the text, until the guide's measure of words was reached (the mean
 * of four samples of 300 characters): the beginnings of the lyrics by `charloom train` and `sample`, two passages each
 * where there are two numbers.
 */
test('the estimate holds for the runs that it was made from', () => {
  const measured: [dense: boolean, characters: number, ...updates: number[]][] = [
    [false, 300, 96],
    [false, 1000, 147, 196],
    [false, 4000, 222],
    [false, 15_000, 336],
    [false, 33_864, 324],
    [true, 300, 48],
    [true, 1000, 63, 63],
    [true, 4000, 54],
    [true, 13_669, 84],
  ];
  for (const [dense, characters, ...updates] of measured) {
    const [low, high] = updatesUntilWords(characters, dense);
    for (const each of updates) assert.ok(low <= each && each <= high, `${characters}, ${dense}: ${each} not in ${low.toFixed(0)} to ${high.toFixed(0)}`);
  }
});
