/** `charloom/headless`, as it is packed: one story in a page, in the page's own thread, in a worker and in Node. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import type { CharloomError, createClassifier as CreateClassifier, createLoom as CreateLoom, TrainedStep } from '../src/headless/page.ts';
import { openSite, until, WWW, type Site } from './browser.ts';
import { serve } from './server.ts';

const DIST = join(WWW, '../pkg/npm/dist');
type Api = { createLoom: typeof CreateLoom; createClassifier: typeof CreateClassifier };

let site: Site;
let files: Awaited<ReturnType<typeof serve>>;
let node: Api;
before(async () => {
  files = await serve(DIST);
  site = await openSite();
  node = (await import(pathToFileURL(join(DIST, 'headless.node.js')).href)) as Api;
});
after(async () => {
  await site?.close();
  files?.close();
});

/** What a program would do. It is sent to the page as it stands. */
async function story({ createLoom }: Api, options: object) {
  const text = 'La la la, sing it again, sing it all night long.\n'.repeat(60);
  const config = { text: { validation: 0.2 }, model: { cell: 'gru' as const, hidden_size: 16 }, train: { seed: 3, batch_size: 4, steps: 16 } };
  const loom = await createLoom({ text, build: 'simd', config, ...options });
  const losses: number[] = [];
  const epochs: number[] = [];
  for await (const { loss, epoch } of loom.train({ epochs: 2 })) {
    losses.push(loss);
    if (epoch) epochs.push(epoch.perplexity);
  }
  // Everything at once: calls wait for each other by themselves.
  const further: TrainedStep[] = [];
  let written = '';
  const [evaluation, inspection, file] = await Promise.all([
    loom.evaluate(),
    loom.inspect('La la'),
    loom.save(),
    (async () => {
      for await (const { character } of loom.write({ startWith: 'La', length: 40, seed: 5 })) written += character;
    })(),
    (async () => {
      for await (const step of loom.train({ steps: 5 })) further.push(step);
    })(),
  ]);
  const { build, position, fingerprint } = await loom.info();
  await loom.dispose();
  const resumed = await createLoom({ text, model: file, build: 'simd', ...options });
  const again: number[] = [];
  for await (const { loss } of resumed.train({ steps: 5 })) again.push(loss);
  await resumed.dispose();
  return { losses, epochs, evaluation, places: inspection.places.length, further: further.map(({ step, loss }) => [step, loss]), written, build, position, fingerprint, again };
}

const blank = async (): Promise<Page> => {
  const page = await site.open();
  // An empty page of the files' origin.
  await page.goto(`${files.url}nothing-here`);
  return page;
};

test('the same story in Node, in a page, in its own thread and in a worker gives the same numbers, bit for bit', async () => {
  const told = await story(node, {});
  assert.equal(told.build, 'simd');
  assert.equal(told.epochs.length, 2);
  assert.ok(told.losses.length > 10 && told.losses.at(-1)! < told.losses[0]!);
  assert.equal(told.written.length, 40);
  assert.equal(told.places, 5);
  assert.equal(told.further[0]![0], told.losses.length + 1);
  assert.deepEqual(told.again.length, 5);
  assert.deepEqual(told.further.map(([, loss]) => loss), told.again, 'a resumed training is the same training');
  assert.equal(told.evaluation.perplexity, Math.exp(told.evaluation.loss));

  const page = await blank();
  const module = `${files.url}headless.js`;
  const inPage = (options: object) =>
    page.evaluate(async ([module, code, options]) => {
      // Beyond the reach of what compiles the tests.
      return new Function('module', 'options', `return import(module).then((api) => (${code})(api, options))`)(module, options) as unknown;
    }, [module, String(story), options] as const);
  assert.deepEqual(await inPage({}), told, 'a worker of the page');
  assert.deepEqual(await inPage({ here: true }), told, "the page's own thread");
  const inWorker = await page.evaluate(async ([module, code]) => {
    const body = `const story = ${code}; import(${JSON.stringify(module)}).then((api) => story(api, {})).then((told) => postMessage({ told }), (error) => postMessage({ error: String(error) }));`;
    const worker = new Worker(URL.createObjectURL(new Blob([body], { type: 'text/javascript' })), { type: 'module' });
    const { data } = await new Promise<MessageEvent>((resolve) => (worker.onmessage = resolve));
    worker.terminate();
    if (data.error) throw new Error(data.error);
    return data.told as unknown;
  }, [module, String(story)] as const);
  assert.deepEqual(inWorker, told, 'a worker of the program');
  await page.context().close();
});

/** The same, of labels. */
async function labels({ createClassifier }: Api, options: object) {
  const config = { model: { hidden_size: 16, embedding_dim: 8 }, train: { seed: 2, epochs: 8, patience: 0 } };
  const classifier = await createClassifier({ set: 'reviews-zh', config, ...options });
  const accuracies: (number | undefined)[] = [];
  for await (const { epoch } of classifier.train()) if (epoch) accuracies.push(epoch.validation_accuracy);
  const [{ report, predictions }, told, info, file] = await Promise.all([
    classifier.evaluate(),
    classifier.predict(['旋律并不沉闷。', '虽然歌词很真诚，乐队十分吵闹。']),
    classifier.info(),
    classifier.save(),
  ]);
  const refused = await classifier.predict(['……']).catch(({ code }) => code as string);
  await classifier.dispose();
  const opened = await createClassifier({ model: file, ...options });
  const again = await opened.predict(['旋律并不沉闷。']);
  const cannot = await opened.train().next().catch(({ code }) => code as string);
  const mine = await opened.evaluate([{ text: '旋律很沉闷。', label: '差' }]);
  await opened.dispose();
  return { accuracies, report, answered: predictions.length, told, labels: info.labels, held: info.validation, refused, again, cannot, mine: mine.report.accuracy };
}

test('a classifier learns, answers and is kept, with the same numbers in Node, in a page and in its thread', async () => {
  const told = await labels(node, {});
  assert.equal(told.accuracies.length, 8);
  assert.equal(told.accuracies.at(-1), told.report.accuracy);
  assert.ok(told.report.accuracy >= 0.99, String(told.report.accuracy));
  assert.deepEqual([told.answered, told.held], [400, 400]);
  assert.deepEqual(told.labels, ['好', '差']);
  assert.deepEqual(told.told.map(({ label }) => label), ['好', '差']);
  assert.deepEqual(told.again, [told.told[0]]);
  assert.deepEqual([told.refused, told.cannot, told.mine], ['no-tokens', 'no-examples', 1]);

  const page = await blank();
  for (const options of [{}, { here: true }]) {
    const inPage = await page.evaluate(async ([module, code, options]) => {
      return new Function('module', 'options', `return import(module).then((api) => (${code})(api, options))`)(module, options) as unknown;
    }, [`${files.url}headless.js`, String(labels), options] as const);
    assert.deepEqual(inPage, told);
  }
  await page.context().close();
  const whole = await node.createClassifier({ set: 'reviews-en', config: { text: { validation: 0 }, train: { epochs: 1 } } });
  await assert.rejects(whole.evaluate(), code('no-validation'));
  assert.equal((await whole.evaluate('training')).predictions.length, 2000);
  await whole.dispose();
  await assert.rejects(node.createClassifier({}), code('no-examples'));
  await assert.rejects(node.createClassifier({ examples: [{ text: 'a', label: 'x' }] }), code('one-label'));
  await assert.rejects(node.createClassifier({ set: 'reviews-fr' }), code('config'));
  await assert.rejects(node.createClassifier({ set: 'reviews-en', config: { classification: { ngrams: 9 } } }), code('config', 'ngrams'));
});

test('a classifier trains on WebGPU as on the CPU', async () => {
  const page = await blank();
  const [cpu, gpu] = await page.evaluate(async (module) => {
    const { createClassifier } = (await new Function('module', 'return import(module)')(module)) as Api;
    const texts = ['warm and bright', 'dull', 'not dull at all', 'not warm', 'lovely', 'cold and flat', 'fresh, clever', 'stale'];
    const examples = texts.map((text, i) => ({ text, label: i === 2 || i % 2 === 0 ? 'good' : 'bad' }));
    const config = {
      classification: { bidirectional: true, dense: 4 },
      text: { validation: 0.25 },
      model: { hidden_size: 6, embedding_dim: 4 },
      train: { batch_size: 4, epochs: 3, patience: 0 },
    };
    const run = async (backend: 'cpu' | 'webgpu') => {
      const classifier = await createClassifier({ examples, config, backend });
      const losses: number[] = [];
      for await (const { loss } of classifier.train()) losses.push(loss);
      const told = { losses, backend: (await classifier.info()).backend, accuracy: (await classifier.evaluate()).report.accuracy };
      await classifier.dispose();
      return told;
    };
    return [await run('cpu'), await run('webgpu')] as const;
  }, `${files.url}headless.js`);
  assert.deepEqual([cpu.backend, gpu.backend], ['cpu', 'webgpu']);
  assert.equal(gpu.losses.length, 6);
  // Rounding of f32 sums in another order, over six steps.
  for (const [i, loss] of gpu.losses.entries()) assert.ok(Math.abs(loss - cpu.losses[i]!) < 1e-4, `${loss} ${cpu.losses[i]}`);
  assert.equal(gpu.accuracy, cpu.accuracy);
  await page.context().close();
});

const VERSE = 'La la la, sing it again, sing it all night long.\n'.repeat(30);
const SMALL = { text: VERSE, build: 'simd' as const, config: { model: { hidden_size: 8 }, train: { batch_size: 2, steps: 8 } } };

test('leaving the loop pauses; a second train waits for the first; the configured end is the end', async () => {
  // More steps than are done at once, however fast the machine: about five thousand.
  const loom = await node.createLoom({ ...SMALL, text: VERSE.repeat(20), config: { ...SMALL.config, train: { ...SMALL.config.train, epochs: 3 } } });
  for await (const { step } of loom.train()) if (step === 3) break;
  const { step } = (await loom.info()).position!;
  assert.ok(step >= 3);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal((await loom.info()).position!.step, step, 'nothing trains while nobody asks');
  const seen: number[] = [];
  const run = async () => {
    for await (const each of loom.train({ steps: 4 })) seen.push(each.step);
  };
  await Promise.all([run(), run()]);
  assert.deepEqual(seen, Array.from({ length: 8 }, (_, i) => step + 1 + i));
  let last: TrainedStep | null = null;
  for await (const each of loom.train()) last = each;
  assert.equal(last?.epoch?.epoch, 3);
  // What is asked for goes beyond what was configured.
  for await (const each of loom.train({ epochs: 1 })) last = each;
  assert.equal(last?.epoch?.epoch, 4);
  await loom.dispose();
});

test('a signal ends training, writing and a start', async () => {
  const loom = await node.createLoom(SMALL);
  const stop = new AbortController();
  await assert.rejects(async () => {
    for await (const { step } of loom.train({ signal: stop.signal })) if (step === 2) stop.abort();
  }, { name: 'AbortError' });
  await assert.rejects(async () => {
    for await (const _ of loom.write({ signal: AbortSignal.abort() })) assert.fail('nothing is written');
  }, { name: 'AbortError' });
  await assert.rejects(node.createLoom({ ...SMALL, signal: AbortSignal.abort() }), { name: 'AbortError' });
  await loom.dispose();
});

const code = (expected: string, field?: string) => (error: CharloomError) => {
  assert.equal(error.name, 'CharloomError');
  assert.equal(error.code, expected, error.message);
  if (field) assert.equal(error.field, field);
  return true;
};

test('every error is a CharloomError with a code', async () => {
  await assert.rejects(node.createLoom({}), code('no-text'));
  await assert.rejects(node.createLoom({ ...SMALL, config: { model: { hidden_size: 0 } } }), code('config', 'hidden_size'));
  await assert.rejects(node.createLoom({ ...SMALL, config: { task: 'classify' as 'language' } }), code('config'));
  await assert.rejects(node.createLoom({ ...SMALL, text: '' }), code('empty'));
  await assert.rejects(node.createLoom({ corpus: 'no-such' }), code('unknown-corpus'));
  await assert.rejects(node.createLoom({ model: new Uint8Array(3) }), code('checkpoint-truncated'));
  await assert.rejects(node.createLoom({ ...SMALL, backend: 'webgpu' }), code('no-adapter'));
  await assert.rejects(node.createLoom({ ...SMALL, build: 'scalar', base: '/nowhere' }), code('not-found'));

  const loom = await node.createLoom(SMALL);
  await assert.rejects(loom.evaluate(), code('no-validation'));
  await assert.rejects(loom.evaluate('Ω'), code('unknown-characters'));
  await assert.rejects(loom.write({ startWith: 'Ω' }).next(), code('unknown-character'));
  await assert.rejects(loom.set({ lr: -1 }), code('config', 'lr'));
  await loom.set({ lr: 0.001 });
  const [{ value }] = await Promise.all([loom.train({ steps: 1 }).next()]);
  assert.ok(Math.abs(value!.lr - 0.001) < 1e-9);
  const file = await loom.save();
  await loom.dispose();
  await loom.dispose();
  await assert.rejects(loom.save(), code('disposed'));
  await assert.rejects(loom.train().next(), code('disposed'));

  const writes = await node.createLoom({ model: file });
  await assert.rejects(writes.train().next(), code('no-text'));
  assert.equal((await writes.evaluate(VERSE)).characters, VERSE.length);
  await writes.dispose();
});

test('in a page a disposed model leaves no worker, and what is still asked for is rejected', async () => {
  const page = await blank();
  const told = await page.evaluate(async ([module, options]) => {
    const { createLoom } = (await new Function('module', 'return import(module)')(module)) as Api;
    const loom = await createLoom(options);
    const open = loom.inspect('La la').then(() => 'answered', (error) => error.code as string);
    await loom.dispose();
    return open;
  }, [`${files.url}headless.js`, SMALL] as const);
  assert.equal(told, 'disposed');
  await until(page, 'no worker', async () => page.workers().length === 0);
  await page.context().close();
});

test('in a page a missing file is named', async () => {
  const page = await blank();
  const told = await page.evaluate(async ([module, options, base]) => {
    const { createLoom } = (await new Function('module', 'return import(module)')(module)) as Api;
    return createLoom({ ...options, base }).catch(({ name, code, values }) => ({ name, code, values }));
  }, [`${files.url}headless.js`, SMALL, `${files.url}nowhere/`] as const);
  assert.deepEqual(told, { name: 'CharloomError', code: 'not-found', values: { file: 'charloom-worker.js', answer: '404' } });
  await page.context().close();
});
