/** The worker by itself: the living sample follows the clock, and a GPU is looked for and compared as it should be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SampleOptions, SampledCharacter, Session, TrainReport } from '../src/protocol/engine.ts';
import type { LivingSample } from '../src/protocol/messages.ts';
import { Device } from '../src/worker/device.ts';
import { Pace, verdict } from '../src/worker/faster.ts';
import { LivingWriter } from '../src/worker/living.ts';
import type { CommandQueue } from '../src/worker/queue.ts';

/** A session whose sampler takes `cost` ms a character; the clock is the test's. */
function studio(cost: number) {
  const clock = { now: 0 };
  let step = 0;
  const sampler = {
    next: (count: number) => {
      clock.now += count * cost;
      return Array.from({ length: count }, () => ({ character: 'a', alternatives: [] }) as unknown as SampledCharacter);
    },
    hidden: () => new Float32Array(4),
    free: () => undefined,
  };
  const session = { sampler: async () => sampler, info: () => ({ position: { epoch: 0, step, batch: 0, batches_per_epoch: 1 } }) } as unknown as Session;
  const samples: LivingSample[] = [];
  const writer = new LivingWriter((sample) => samples.push(sample), () => clock.now);
  writer.setOptions({ prefix: 'O' } as SampleOptions);
  /** Trains for so long, then gives the sample its turn. */
  const slice = async (ms: number, steps: number) => {
    clock.now += ms;
    step += steps;
    await writer.turn(session);
  };
  return { clock, samples, slice };
}

test('the living sample follows the clock, whether slices are short or long', async () => {
  for (const ms of [20, 100, 700]) {
    const { clock, samples, slice } = studio(0.05);
    while (clock.now < 12_000) await slice(ms, 300);
    const complete = samples.filter((sample) => sample.complete);
    // A sample takes little over a second and rests for one; a slice more is waited for at either end.
    assert.ok(complete.length >= 4, `${complete.length} samples in 12 s of slices of ${ms} ms`);
    const behind = complete.map(({ position }, index) => (index ? position.step - complete[index - 1]!.position.step : position.step));
    assert.ok(Math.max(...behind) <= (300 * 3000) / ms + 300, `${behind}`);
  }
});

test('a network that writes slowly does not keep training from its turn', async () => {
  const { clock, slice } = studio(2);
  for (let turn = 0; turn < 20; turn++) {
    const before = clock.now;
    await slice(700, 10);
    assert.ok(clock.now - before - 700 <= 25 + 10 * 2, `${clock.now - before - 700} ms`);
  }
});

test('a GPU is compared with what it would replace', () => {
  assert.equal(verdict(5, null, 4), 'gpu', 'nothing else is known');
  assert.equal(verdict(5, 4, 1), 'cpu');
  assert.equal(verdict(5, 6, 1), 'gpu');
  assert.equal(verdict(5, 6, 4), 'threads-first', 'four threads may need 1.5');
  assert.equal(verdict(5, 40, 4), 'gpu', 'four threads need 10 at the least');
  const pace = new Pace(1000);
  assert.equal(pace.ms, null);
  // One slice that the machine was away for does not count.
  for (const speed of [100_000, 100_000, 5, 100_000, 100_000]) pace.note(speed);
  assert.equal(pace.ms, 10);
});

test('the search for a GPU begins when training is asked for, once for a session', async () => {
  let asked = 0;
  const gpu = { requestAdapter: async () => (asked++, null) };
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, hardwareConcurrency: 1 }, configurable: true });
  const session = { switchBackend: async () => undefined, info: () => ({ backend: 'cpu', config: { train: { batch_size: 1, steps: 1 } } }), backend: 'cpu' } as unknown as Session;
  const told: unknown[] = [];
  const device: Device = new Device(
    { run: async (job: () => unknown) => job() } as unknown as CommandQueue,
    { session: () => session, text: () => 'a text', replace: () => undefined },
    (event) => told.push(event),
  );
  device.setWish('auto');
  device.seek();
  assert.equal(asked, 1, 'before any step');
  device.note(session, { characters_per_second: 1 } as TrainReport);
  device.seek();
  for (let turn = 0; turn < 50 && !told.length; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(asked, 1);
  assert.equal(device.view().choice?.reason, 'unavailable');
});
