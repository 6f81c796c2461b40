/** Slow motion and windows: what is shown is what training does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Windows } from '../src/protocol/engine.ts';
import * as derive from '../src/slow/derive.ts';
import type { StepView } from '../src/slow/view.ts';
import { openSite, until, type Site } from './browser.ts';

let site: Site;

before(async () => {
  site = await openSite();
});

after(async () => {
  await site?.close();
});

interface Inner {
  client: {
    beginSlow(): Promise<{ rows: number; layers: number; units: number }>;
    slowView(row: number, layer: number, unit: number): Promise<StepView>;
    windows(sampling: string, epoch: number, batch: number): Promise<Windows>;
  };
  runs: { current: { step: number; steps: { columns: number[][] } } };
}

/** What the page itself uses, without the clicks. */
function inner<T, A>(page: Page, call: (app: Inner, argument: A) => T | Promise<T>, argument?: A): Promise<T> {
  return page.evaluate(
    ({ source, argument: passed }) => {
      const { app } = document.querySelector('cl-page') as unknown as { app: Inner };
      return (0, eval)(source)(app, passed) as T;
    },
    { source: `(${call.toString()})`, argument },
  );
}

function holds(derived: derive.Derived, where: string): void {
  const { value, computed } = derived;
  // The page's formulas in f64 against the engine's f32, whose sums run over a few hundred terms.
  assert.ok(Math.abs(value - computed) <= 2e-6 + 2e-4 * Math.abs(computed), `${where}: ${derived.formula}: ${value} is not ${computed}`);
}

const small = 'model.hidden_size=12&train.batch_size=4&train.steps=9';
const CONFIGURATIONS = [
  `${small}&model.cell=rnn&train.optimizer=sgd&train.lr=0.5&train.momentum=0.9&train.nesterov=true&train.clip=value&train.clip_threshold=0.01`,
  `${small}&model.cell=rnn&model.nonlinearity=relu&model.bias=false&train.optimizer=adagrad&train.clip=none`,
  `${small}&model.cell=lstm&model.num_layers=2&model.dropout=0.3&model.input=embedding&train.optimizer=adamw&train.weight_decay=0.1`,
  `${small}&model.cell=lstm&train.sampling=random&train.optimizer=adam&train.weight_decay=0.01&train.clip=tensor-norm&train.clip_threshold=0.01`,
  `${small}&model.cell=gru&model.reset_after=true&train.optimizer=rmsprop&train.momentum=0.5&train.clip_threshold=0.02`,
  `${small}&model.cell=gru&model.reset_after=false&model.num_layers=2&train.optimizer=sgd&train.momentum=0.9&train.lr=0.5`,
];

for (const hash of CONFIGURATIONS) {
  test(`every number comes from its formula, and the step is the one that training takes: ${hash.replace(`${small}&`, '')}`, async () => {
    const page = await site.open({}, `#${hash}`);
    await page.locator('#train:enabled').waitFor();
    // The optimiser's first update and a later one.
    for (const steps of [0, 2]) {
      for (let i = 0; i < steps; i++) await page.locator('#step:enabled').click();
      if (steps) await until(page, 'the steps', () => inner(page, (app, wanted) => app.runs.current.step >= (wanted as number), steps + 1));
      const size = await inner(page, (app) => app.client.beginSlow());
      let told: StepView | null = null;
      for (let layer = 0; layer < size.layers; layer++) {
        for (const [row, unit] of [[0, 0], [3, 7]] as const) {
          const view = await inner(page, (app, [r, l, u]) => app.client.slowView(r!, l!, u!), [row, layer, unit]);
          told = view;
          view.places.forEach((place, at) => {
            const where = `layer ${layer}, row ${row}, unit ${unit}, character ${at}`;
            for (const each of derive.recurrence(view, place)) {
              // A vanilla cell's gate is its sum: only h is shown.
              holds(each, where);
            }
            for (const each of [...derive.softmax(place), derive.loss(place)]) holds(each, where);
            const last = at === view.places.length - 1;
            for (const each of derive.gradients(view, place, last)) holds(each, where);
            assert.equal(place.fromOutput === null, layer < size.layers - 1);
          });
          holds(derive.globalNorm(view), 'all gradients');
          for (const tensor of view.tensors) {
            assert.notEqual(tensor.gradient, 0, tensor.name);
            for (const each of derive.update(view, tensor)) holds(each, `${tensor.name}[${tensor.index.join()}]`);
          }
        }
      }
      // The step itself.
      await page.locator('#step:enabled').click();
      await until(page, 'the step', () => inner(page, (app, wanted) => app.runs.current.step >= (wanted as number), told!.position.step + 1));
      const [loss, norm] = await inner(page, (app) => app.runs.current.steps.columns.map((column) => column.at(-1)!));
      assert.equal(told!.loss, loss);
      assert.equal(told!.norm, norm);
    }
    await page.context().close();
  });
}

test('slow motion by keyboard: begin, walk, play, pause, pick another unit', async () => {
  const page = await site.open({}, '#model.hidden_size=12&train.steps=9');
  await page.locator('#train:enabled').waitFor();
  const body = page.locator('cl-slow .body');
  await page.locator('#slow-start').focus();
  await page.keyboard.press('Enter');
  await body.waitFor();
  assert.equal(await body.getAttribute('data-stage'), 'tokens');
  await page.locator('#slow-forward').focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press('Enter');
  assert.deepEqual([await body.getAttribute('data-stage'), await body.getAttribute('data-at')], ['recurrence', '1']);
  const hidden = page.locator('cl-slow cl-values button').last();
  const before = await hidden.getAttribute('data-value');
  await page.locator('cl-strip .scroll').focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await body.getAttribute('data-at'), '2');
  assert.notEqual(await hidden.getAttribute('data-value'), before);
  await hidden.focus();
  assert.match((await page.locator('cl-slow .source').textContent()) ?? '', /h = .*= /s);
  await page.locator('#slow-back').focus();
  await page.keyboard.press('Enter');
  assert.equal(await body.getAttribute('data-at'), '1');
  const other = await hidden.getAttribute('data-value');
  await page.locator('#slow-unit').fill('5');
  await page.keyboard.press('Enter');
  await until(page, 'another unit', async () => (await hidden.getAttribute('data-value')) !== other);
  await page.locator('#slow-play').focus();
  await page.keyboard.press('Enter');
  await until(page, 'it walks by itself', async () => Number(await body.getAttribute('data-at')) >= 4);
  await page.keyboard.press('Enter');
  const paused = await body.getAttribute('data-at');
  await page.waitForTimeout(700);
  assert.equal(await body.getAttribute('data-at'), paused);
  await page.locator('cl-slow button[data-stage=update]').click();
  assert.match((await page.locator('cl-slow table').textContent()) ?? '', /rnn\.weight_hh_l0/);
  // A new run has another next step.
  await page.locator('cl-option[data-path="model.cell"] button[data-value="rnn"]').click();
  await page.locator('#slow-start').waitFor();
  await page.context().close();
});

test('windows: consecutive rows go on where they stopped, random ones do not, and the text is one\u2019s own', async () => {
  const page = await site.open({}, '#train.batch_size=4&train.steps=12&model.hidden_size=12&train.sampling=consecutive');
  await page.locator('#train:enabled').waitFor();
  const text = Array.from({ length: 400 }, (_, line) => `this is line number ${line} of my own\n`).join('');
  await page.locator('#paste').click();
  await page.locator('#own-words').fill(text);
  await page.locator('#paste-use').click();
  await until(page, 'the pasted text', async () => /Pasted/.test((await page.locator('#corpus option:checked').textContent()) ?? ''));
  await page.locator('#windows > summary').click();
  // Its rows are asked for when they come into sight.
  await page.locator('cl-windows').scrollIntoViewIfNeeded();
  const rows = page.locator('cl-windows .rows li .window');
  const status = page.locator('cl-windows #batch [role=status]');
  const read = async () => (await rows.allTextContents()).map((row) => row.replaceAll('↵', '\n'));
  await until(page, 'four rows', async () => (await rows.count()) === 4);
  const first = await read();
  for (const row of first) {
    assert.equal(row.length, 13);
    assert.ok(text.includes(row), row);
  }
  assert.ok(text.startsWith(first[0]!));
  await page.locator('cl-windows #batch > button').last().click();
  await until(page, 'the second minibatch', async () => /Minibatch 2 /.test((await status.textContent()) ?? '') && (await read())[0] !== first[0]);
  const second = await read();
  second.forEach((row, index) => {
    assert.equal(row[0], first[index]!.at(-1), 'it begins with what was to be expected last');
    assert.ok(text.includes(first[index]! + row.slice(1)));
  });

  await page.locator('cl-windows button[data-value=random]').click();
  await until(page, 'random rows', async () => /Minibatch 1 /.test((await status.textContent()) ?? '') && (await read()).join() !== first.join());
  const random = await read();
  await page.locator('cl-windows #epoch > button').last().click();
  await until(page, 'another order', async () => (await read()).join() !== random.join());
  await page.context().close();
});
