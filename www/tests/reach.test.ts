/** "Compare RNN, GRU, LSTM": what it claims holds for any seed, and it is drawn anew when what it depends on changes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verdict } from '../src/components/reachtold.ts';
import type { GradientReach, ReachSettings } from '../src/protocol/messages.ts';
import { openSite, until, type Site } from './browser.ts';

const SEEDS = 8;
let site: Site;

before(async () => {
  site = await openSite();
});

after(async () => {
  await site?.close();
});

test('as it opens, the gradient of the RNN vanishes and that of gated cells is kept; redrawn when its inputs change', async () => {
  const page = await site.open({}, '#model.hidden_size=64');
  await page.locator('#train:enabled').waitFor();
  await page.locator('cl-inside').scrollIntoViewIfNeeded();
  await page.locator('#compare').click();
  const told = async () => (await page.locator('#told').textContent()) ?? '';
  await until(page, 'the claim', async () => /40 characters back.*The RNN’s vanishes first/.test(await told()), 60_000);
  const compare = (settings: ReachSettings) =>
    page.evaluate(async (settings) => {
      type Comparing = { client: { compareGradients(text: string, settings: unknown): Promise<{ cell: string; norms: Float32Array; norm: number }[]> } };
      const { app } = document.querySelector('cl-page') as unknown as { app: Comparing };
      const text = 'The river runs to the sea, and the night is long, and nobody knows';
      return (await app.client.compareGradients(text, settings)).map((each) => ({ ...each, norms: [...each.norms] }));
    }, settings as never) as unknown as Promise<GradientReach[]>;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const kept = verdict(await compare({ weights: 'pytorch', gates: 2, seed }), 2);
    assert.equal(kept.verdict, 'kept', `seed ${seed}: ${JSON.stringify(kept)}`);
    assert.ok(kept.left.rnn < 1e-6 && Math.min(kept.left.gru, kept.left.lstm) > 1e-3, `seed ${seed}: ${JSON.stringify(kept)}`);
  }
  for (let seed = 1; seed <= SEEDS; seed++) {
    assert.equal(verdict(await compare({ weights: 'pytorch', gates: 0, seed }), 0).verdict, 'alike', `seed ${seed}`);
    assert.equal(verdict(await compare({ weights: 3, gates: 2, seed }), 2).verdict, 'explodes', `seed ${seed}`);
  }
  // The sentence names a control below: it is there.
  await page.locator('#gates').selectOption('0');
  await until(page, 'half-open gates', async () => /Open them below/.test(await told()), 60_000);
  await page.locator('#gates').selectOption('3');
  await until(page, 'open gates', async () => /vanishes first/.test(await told()), 60_000);
  const before = await told();
  await page.locator('cl-option[data-path="model.hidden_size"] input').fill('48');
  await page.locator('cl-option[data-path="model.hidden_size"] input').press('Enter');
  await until(page, 'a comparison of the new size', async () => /vanishes first/.test(await told()) && (await told()) !== before, 60_000);
  await page.context().close();
});
