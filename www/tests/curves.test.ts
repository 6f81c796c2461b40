/** What the curves are made of: smoothing, ranges, marks, tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curvesTable, runsTable } from '../src/export/csv.ts';
import type { Config, Preset, SessionInfo } from '../src/protocol/engine.ts';
import type { Boot, Progress } from '../src/protocol/messages.ts';
import { referencesFor } from '../src/state/presets.ts';
import { addProgress, latest, newRun, restoreRun, saveView, type Run } from '../src/state/runs.ts';
import { centres, nearest, Series, smooth } from '../src/state/series.ts';
import { lookOf } from '../src/theme/looks.ts';
import { lossRange } from '../src/components/range.ts';
import { spikesOf } from '../src/components/spikes.ts';

const STEPS_PER_EPOCH = 100;
const CONFIG = { text: {}, model: { cell: 'gru', hidden_size: 8, num_layers: 1 }, train: { optimizer: 'adam', lr: 0.01, seed: 1 } } as unknown as Config;

/** The same noise every time, between −1 and 1. */
const noise = (step: number) => ((Math.sin(step * 127.1) * 43758.5453) % 1);
/** A loss that falls fast, then slowly, as losses do. */
const lossAt = (step: number) => 1.2 + 6 * Math.exp(-step / 60) + 0.2 * noise(step);

function series(steps: number, loss = lossAt): Series {
  const made = new Series(1);
  for (let step = 0; step < steps; step++) made.add(step / STEPS_PER_EPOCH, [loss(step)]);
  return made;
}

const line = (of: Series) => ({ x: centres(of), y: smooth(of.columns[0]!, of.stride) });

function at({ x, y }: { x: number[]; y: number[] }, epoch: number): number {
  const right = Math.max(1, x.findIndex((each) => each >= epoch));
  const share = (epoch - x[right - 1]!) / (x[right]! - x[right - 1]!);
  return y[right - 1]! * (1 - share) + y[right]! * share;
}

test('equal runs draw equal curves, however long they went on', () => {
  const long = series(80 * STEPS_PER_EPOCH);
  assert.ok(long.stride >= 8, `the long run is averaged, ${long.stride} steps a point`);
  const longLine = line(long);
  for (const epochs of [4, 14, 30]) {
    const shortLine = line(series(epochs * STEPS_PER_EPOCH));
    for (let epoch = 0.5; epoch < epochs - 0.1; epoch += 0.1) {
      const [one, other] = [at(shortLine, epoch), at(longLine, epoch)];
      assert.ok(Math.abs(one - other) < 0.1, `at epoch ${epoch.toFixed(1)} of ${epochs}: ${one} and ${other}`);
    }
    // Where the short run ends, the long one has steps on both sides.
    const [one, other] = [at(shortLine, epochs - 0.06), at(longLine, epochs - 0.06)];
    assert.ok(Math.abs(one - other) < 0.25, `where the run of ${epochs} ends: ${one} and ${other}`);
  }
});

test('the smoothed line follows a falling loss: it lies neither above nor below it', () => {
  for (const steps of [40, 150, 1000, 9000]) {
    const { x, y } = line(series(steps));
    x.forEach((epoch, i) => {
      const truth = lossAt(epoch * STEPS_PER_EPOCH) - 0.2 * noise(epoch * STEPS_PER_EPOCH);
      assert.ok(Math.abs(y[i]! - truth) < 0.3, `${steps} steps, at step ${epoch * STEPS_PER_EPOCH}: ${y[i]} for ${truth}`);
    });
  }
});

test('a flat curve stays flat, and numbers that are none are passed over', () => {
  assert.deepEqual(smooth([5, 5, 5]).map((value) => Number(value.toFixed(6))), [5, 5, 5]);
  assert.deepEqual(smooth([5, 5, NaN, 5, Infinity, 5]).map((value) => Number(value.toFixed(6))), [5, 5, 5, 5, 5, 5]);
  assert.deepEqual(smooth([3]), [3]);
  assert.deepEqual(smooth([]), []);
});

test('the nearest of rising numbers', () => {
  const rising = [0, 1, 2, 4];
  assert.deepEqual([-5, 0.4, 0.6, 2.9, 3.1, 99].map((x) => rising[nearest(rising, x)]), [0, 0, 1, 2, 4, 4]);
  assert.equal(nearest([], 1), -1);
});

test('one spike does not flatten the curve, and is still told of', () => {
  const blind = Math.log(1500);
  const losses = Array.from({ length: 500 }, (_, step) => (step === 250 ? 116 : lossAt(step)));
  const [bottom, top] = lossRange([losses], blind);
  assert.ok(bottom >= 0 && top < 9, `${bottom} to ${top}`);
  assert.deepEqual(spikesOf(losses.map((_, step) => step), losses, top), [{ x: 250, value: 116 }]);
  // Without spikes everything is in the picture.
  const calm = losses.map((loss, step) => (step === 250 ? 1.2 : loss));
  assert.ok(lossRange([calm], blind)[1] > Math.max(...calm));
  // A whole run above blind guessing is no spike.
  const bad = Array.from({ length: 500 }, (_, step) => 9 + noise(step));
  assert.ok(lossRange([bad], blind)[1] >= Math.max(...bad));
  assert.deepEqual(lossRange([[]], null), [0, 1]);
});

function runOf(values: number[], id = 1): Run {
  const run = newRun(id, 0, { config: CONFIG, vocabulary: [...'abc'], summary: { parameters: 9 } } as unknown as SessionInfo, '=evil, "text"');
  addProgress(run, {
    metrics: Float64Array.from(values.flatMap((loss, step) => [step, loss, 0.5, 0.01])),
    epochs: [{ epoch: 1, perplexity: 4, loss: Math.log(4), validation_perplexity: 5, characters_per_second: 1, seconds: 2 }],
    position: { epoch: 1, step: values.length, batch: 0, batches_per_epoch: values.length },
    charactersPerSecond: 10,
  } as Progress);
  return run;
}

test('the perplexity that is shown is e to the loss that is shown', () => {
  const now = latest(runOf([3, 2.5, 2.25]))!;
  assert.equal(now.perplexity, Math.exp(now.loss));
  assert.equal(latest(undefined), null);
});

test('curves and runs as tables', () => {
  const [header, ...rows] = curvesTable([runOf([3, 2])]).trimEnd().split('\r\n');
  assert.equal(rows.length, 3, 'two steps and one epoch');
  const columns = header!.split(',');
  assert.ok(rows.every((row) => row.startsWith('1,') && row.includes(`"'=evil, ""text"""`)), rows[0]);
  const value = (row: string, name: string) => row.split(',').slice(columns.indexOf(name) - columns.length)[0];
  assert.deepEqual([value(rows[0]!, 'loss'), value(rows[1]!, 'loss'), value(rows[2]!, 'perplexity'), value(rows[2]!, 'held_out_perplexity')], ['3', '2', '4', '5']);
  assert.equal(runsTable([runOf([3, 2]), runOf([4, 1], 2)]).trimEnd().split('\r\n').length, 3);
});

test('runs of one cell differ to the eye, and have its colour', () => {
  const looks = [0, 1, 2, 3, 4, 5].map((variant) => lookOf('gru', variant));
  assert.equal(new Set(looks.map((look) => JSON.stringify(look))).size, 6);
  assert.ok(looks.every(({ colour }) => colour.includes('--run-2')));
  assert.notEqual(lookOf('rnn', 0).colour, lookOf('lstm', 0).colour);
});

test('what was measured on a preset\u2019s text is promised for no other', () => {
  const references = [{ epoch: 40, perplexity: 1.02, pytorch: [1.04, 1.1] as [number, number] }];
  const boot = { presets: [{ id: 'book', corpus: 'lyrics-zh', config: CONFIG, references } as unknown as Preset] } as unknown as Boot;
  assert.deepEqual(referencesFor(boot, CONFIG, { kind: 'corpus', name: 'lyrics-zh' }), references);
  assert.deepEqual(referencesFor(boot, CONFIG, { kind: 'file', name: 'lyrics-zh' }), [{ epoch: 40, perplexity: 1.02 }]);
});

test('a curve that was kept before runs knew when they began still opens', () => {
  const view = structuredClone(saveView(runOf([3, 2]))) as unknown as { run: Record<string, unknown> };
  delete view.run['started'];
  assert.equal(restoreRun(view)!.started, 0);
});
