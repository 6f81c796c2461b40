// The packages that wasm-pack builds run: `cargo xtask test --only wasm-pack`.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const file = (...path) => join(process.env.CHARLOOM_PACKAGES, ...path);
const load = (target) => import(pathToFileURL(file(target, 'charloom.js')));

/** Trains a little and writes a line. */
async function works(engine) {
  const config = engine.defaults();
  config.model.hidden_size = 16;
  config.train.batch_size = 4;
  config.train.steps = 10;
  const text = 'The river runs to the sea, and the sea runs to the sky.\n'.repeat(20);
  const session = await engine.Session.create(text, config, 'cpu');
  const first = await session.train(1e9, 1);
  const later = await session.train(1e9, 200);
  const loss = (report) => report.metrics.at(-3);
  assert.ok(loss(later) < loss(first) - 1, `${loss(first)} nats, then ${loss(later)}`);
  const model = await session.save();
  assert.ok(model.length > 1000);
}

test('for pages', async () => {
  const engine = await load('web');
  await engine.default({ module_or_path: readFileSync(file('web', 'charloom_bg.wasm')) });
  await works(engine);
});

test('for bundlers', async () => works(await load('bundler')));
