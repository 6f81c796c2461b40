/**
 * The worker: owns the engine, the session and the text, and answers the page's calls.
 * Which file does what: builds.ts loads the wasm, device.ts chooses where it computes, loop.ts trains, living.ts and writer.ts sample, keeper.ts saves.
 */
import * as glue from '../../../pkg/simd/charloom.js';
import type { Begin, Hello } from '../protocol/assets.ts';
import type { Config, Given, Session, SessionInfo, TrainReport } from '../protocol/engine.ts';
import type { BuildName, Desk, Failure, Opened, WorkerEvent } from '../protocol/messages.ts';
import { Rpc, type Handlers, type Port } from '../protocol/rpc.ts';
import * as library from '../state/library.ts';
import { loadEngine, loadGpuEngine, type Engine } from './builds.ts';
import { corpusText, fetchCorpora } from './corpora.ts';
import { Device } from './device.ts';
import { answer, DeskError, toFailure } from './failure.ts';
import { assets, fetchFile, loadPart, tellFiles } from './files.ts';
import { gradientReach } from './gradients.ts';
import { Keeper } from './keeper.ts';
import { holdLife } from './life.ts';
import { LearntText } from './likeness.ts';
import { LivingWriter } from './living.ts';
import { TrainLoop } from './loop.ts';
import { breathe, CommandQueue } from './queue.ts';
import { loadReading } from './reading.ts';
import type { SlowStep } from './slow.ts';
import { firstCharacters, newId, openingOf, TextDesk, type LoadedText, type StoredText } from './text.ts';
import { Writer } from './writer.ts';

const MEASURED_CHARACTERS = 20_000;
const MEASURED_MS = 60;
const MEASURED_STEPS = 4;
/** Rows of a minibatch whose characters are told. */
const ROWS_READ = 64;

let wanted: BuildName | null;
let threads = false;
let loading: ReturnType<typeof loadEngine>;
const alive = holdLife(self.name);

let engine: Engine;
let texts: TextDesk;
let session: Session | null = null;
/** What the session learns from; another text may be open already. Without one it can write but not train. */
let learnsFrom: LoadedText | null = null;
const publish = (event: WorkerEvent) => page.call('event', event);

const queue = new CommandQueue(() => device.heed());
const currentSession = () => session;
const emit = (event: WorkerEvent) => {
  if (event.type === 'progress') {
    const last = event.progress.epochs.at(-1);
    if (last) keeper.noteEpoch(last.perplexity);
  }
  return publish(event);
};
const keeper = new Keeper(queue, currentSession, () => learnsFrom, emit);
const living = new LivingWriter((sample) => emit({ type: 'living-sample', sample }));
const device = new Device(
  queue,
  {
    session: currentSession,
    text: () => learnsFrom?.text ?? null,
    replace: (next) => {
      living.drop();
      session?.free();
      session = next;
    },
  },
  emit,
);
const note = (trained: Session, report: TrainReport) => device.note(trained, report);
const loop = new TrainLoop(queue, currentSession, living, emit, note, () => keeper.whenDue(), () => void rest());
const writer = new Writer(queue, currentSession, async () => {
  await readLearntText();
  return living.learnt ?? null;
});

/** The step that is looked at slowly. */
let slow: SlowStep | null = null;

function dropSlow(): null {
  slow?.free();
  return (slow = null);
}

/** Puts a session in place of the present one, and lets it write its first lines. */
async function install(next: () => Promise<Session>, text: LoadedText | null, kept: (info: SessionInfo) => void): Promise<SessionInfo> {
  await loop.stop();
  return queue.run(async () => {
    const created = await next();
    living.drop();
    dropSlow();
    session?.free();
    session = created;
    learnsFrom = text;
    living.learnt = undefined;
    const info = described(created.info());
    // At once: what is saved from now on is this session, under its own id.
    kept(info);
    living.opening = text ? openingOf(text.text) : firstLetter(info.vocabulary);
    if (info.config.text.lowercase) living.opening = living.opening.toLowerCase();
    return info;
  });
}

const asNewRun = (info: SessionInfo) => keeper.newRun(info.position?.step);

/** A new run on the present text. What the last one learnt is saved before it goes. */
async function begin(config: Config): Promise<SessionInfo> {
  const text = requireText();
  await saveBeforeLeaving();
  const info = await install(() => engine.Session.create(text.text, config, 'cpu'), text, asNewRun);
  await device.begun();
  void showWriting();
  return info;
}

/** A model that could only write trains on the text that has been opened, where it knows its characters. */
async function goOn(): Promise<SessionInfo | null> {
  if (!session || learnsFrom) return null;
  const file = await queue.run(() => requireSession().save());
  const { info, unfit } = await resume(new Blob([file as Uint8Array<ArrayBuffer>]));
  if (unfit) return null;
  void showWriting();
  return info;
}

async function saveBeforeLeaving(): Promise<void> {
  await loop.stop();
  if (await queue.run(() => session?.info().position?.step)) await keeper.autosave();
}

/** What the page is told of a session: with the memory that training takes. */
function described(info: SessionInfo): SessionInfo {
  const summary = engine.summarize(info.config.model, info.config.train, info.vocabulary.length);
  return { ...info, summary };
}

function firstLetter(vocabulary: string[]): string {
  return vocabulary.find((character) => /\p{Letter}/u.test(character)) ?? vocabulary[0] ?? '';
}

/** Training rests: the page sees what the model has come to, and it is kept. */
/** First the model is safe, then it writes. */
async function rest(): Promise<void> {
  await keeper.autosave();
  await showWriting();
}

/** A whole sample now, a few characters at a time: training that begins meanwhile does not wait for it, and writes on. */
async function showWriting(): Promise<void> {
  const turn = async () => {
    if (session) await living.turn(session);
    return living.writing;
  };
  await readLearntText();
  await queue.run(() => living.drop());
  while (!loop.active && (await queue.run(turn))) await breathe();
}

/** What is written can be compared with what was learnt, once something has been. */
async function readLearntText(): Promise<void> {
  if (!learnsFrom || living.learnt !== undefined) return;
  if (!loop.active && !(await queue.run(() => session?.info().position?.step))) return;
  await queue.run(() => {
    if (session && learnsFrom && living.learnt === undefined) living.learnt = LearntText.of(session);
  });
}

function requireText(): LoadedText {
  if (!texts.current) throw new DeskError('no-text', 'Choose a text first.');
  return texts.current;
}

/** `config` with batches that fit the present text. */
function fit(config: Config, given: Given): Config {
  requireText();
  return engine.fitted(config, texts.current!.view.statistics.characters, given);
}

function requireSession(): Session {
  if (!session) throw new DeskError('no-session', 'There is no model yet.');
  return session;
}

function requireTrainable(): void {
  requireSession();
  if (!learnsFrom) throw new DeskError('no-text', 'This model came without its text. Load the text it was trained on, then load the model again.');
}

/** What the engine says of a text that a sound model cannot be trained on. */
const UNFIT = /^(unknown-characters|empty|too-short|validation-too-short|too-long|nothing-kept|one-distinct-character)$/;

/** A checkpoint with the present text where it fits; else it can only write, and `unfit` says why. */
async function resume(file: Blob, kept: (info: SessionInfo) => void = asNewRun): Promise<{ info: SessionInfo; unfit: Failure | null }> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = texts.current;
  let unfit: Failure | null = null;
  if (text) {
    try {
      const info = await install(() => engine.Session.resume(bytes, text.text, 'cpu'), text, kept);
      await device.begun();
      return { info, unfit };
    } catch (error) {
      unfit = toFailure(error);
      if (!UNFIT.test(unfit.code)) throw error;
    }
  }
  const info = await install(() => engine.Session.resume(bytes, undefined, 'cpu'), null, kept);
  await device.begun();
  return { info, unfit };
}

const desk: Desk = {
  start: (wish) =>
    answer(async () => {
      const loaded = await loading;
      await alive;
      engine = loaded.engine;
      texts = new TextDesk(engine);
      device.setWish(wish);
      device.setBuild(wanted, loaded.build, threads);
      const sampling = engine.sampleDefaults();
      living.setOptions(sampling);
      return {
        sampling,
        build: loaded.build,
        defaults: engine.defaults(),
        presets: engine.presets(),
        corpora: engine.corpora(),
      };
    }),
  ping: () => answer(() => null),
  files: () =>
    answer(async () => {
      const parts = Object.values(assets.parts);
      await Promise.all([...parts.map(fetchFile), fetchCorpora(), loadReading()]);
      return [assets.worker, ...parts, ...performance.getEntriesByType('resource').map((entry) => entry.name)];
    }),
  openText: (source, config, given) =>
    answer(async () => {
      const before = texts.current;
      // With the text that it learnt from.
      await saveBeforeLeaving();
      try {
        const text = await texts.open(source, config.text);
        const resumed = await goOn();
        return { text, info: resumed ?? (await begin(given ? fit(config, given) : config)), resumed: resumed !== null };
      } catch (error) {
        texts.current = before;
        throw error;
      }
    }),
  fitted: (config, given) => answer(() => fit(config, given)),
  rereadText: (options) => answer(() => texts.reread(options)),
  encodings: () => answer(async () => (await loadReading()).encodings()),
  summarize: (model, train) =>
    answer(() => engine.summarize(model, train, texts.current?.view.statistics.kept ?? 1)),
  create: (config) => answer(() => begin(config)),
  measure: (config) =>
    answer(async () => {
      const scratch = await engine.Session.create(firstCharacters(requireText().text, MEASURED_CHARACTERS), config, 'cpu');
      try {
        const speeds: number[] = [];
        // One step more: the first also pays for compiling.
        for (let step = 0; step <= MEASURED_STEPS; step++) {
          // Who trains learns it from training, and is not to wait for this.
          if (loop.active) return null;
          speeds.push((await scratch.train(MEASURED_MS, 1)).characters_per_second);
          await breathe();
        }
        return MEASURED_STEPS / speeds.slice(1).reduce((total, speed) => total + 1 / speed, 0);
      } finally {
        scratch.free();
      }
    }),
  switchDevice: (wish) => answer(() => device.switchTo(wish)),
  train: () =>
    answer(() => {
      requireTrainable();
      loop.start();
      device.seek();
      // What is written can do without the comparison.
      void readLearntText().catch(() => undefined);
      return null;
    }),
  pause: () =>
    answer(async () => {
      await loop.stop();
      await rest();
      return null;
    }),
  step: () =>
    answer(async () => {
      requireTrainable();
      device.seek();
      await loop.step();
      keeper.saveSoon();
      await showWriting();
      return null;
    }),
  set: (options) => answer(() => queue.run(() => (session?.set(options), null))),
  living: (options) =>
    answer(async () => {
      living.setOptions(options);
      if (!loop.active) await showWriting();
      return null;
    }),
  write: (request) => answer(() => writer.write(request, (characters) => void page.call('characters', request.id, characters))),
  stopWriting: (id) => answer(() => (writer.stop(id), null)),
  inspect: (text) => answer(() => queue.run(() => requireSession().inspect(text))),
  neighbours: (character, count) => answer(() => queue.run(() => requireSession().neighbours(character, count))),
  compareGradients: (text, settings) =>
    answer(async () => {
      const { config } = await queue.run(() => requireSession().info());
      return gradientReach(engine, config, (learnsFrom ?? requireText()).text, text, settings);
    }),
  windows: (sampling, epoch, batch) =>
    answer(() =>
      queue.run(() => {
        requireTrainable();
        const { vocabulary, config } = session!.info();
        const { steps } = config.train;
        const windows = session!.windows(sampling, epoch, batch);
        const read = (start: number) => Array.from(session!.passage(start, steps + 1), (token) => vocabulary[token]!);
        return { ...windows, steps, rows: windows.starts.slice(0, ROWS_READ).map(read) };
      }),
    ),
  beginSlow: () =>
    answer(async () => {
      const { SlowStep } = await loadPart<typeof import('./slow.ts')>('slow');
      return queue.run(async () => {
        requireTrainable();
        dropSlow();
        const info = session!.info();
        slow = new SlowStep(await session!.trace(), info);
        const { model, train } = info.config;
        return { rows: train.batch_size, layers: model.num_layers, units: model.hidden_size };
      });
    }),
  slowView: (row, layer, unit) =>
    answer(() =>
      queue.run(() => {
        if (!slow) throw new DeskError('no-trace', 'this step is gone; begin again');
        return slow.view(row, layer, unit);
      }),
    ),
  endSlow: () => answer(() => dropSlow()),
  exportModel: () =>
    answer(() =>
      queue.run(async () => {
        return new Blob([(await requireSession().save()) as Uint8Array<ArrayBuffer>], { type: 'application/octet-stream' });
      }),
    ),
  importModel: (file) =>
    answer(async (): Promise<Opened> => {
      await saveBeforeLeaving();
      const { info, unfit } = await resume(file);
      void showWriting();
      return { info, unfit, text: learnsFrom?.view ?? null, view: undefined, copy: false };
    }),
  label: (label) => answer(() => (keeper.setLabel(label), null)),
  listModels: () => answer(() => library.listModels()),
  saveRun: (view) => answer(async () => (await keeper.saveRun(view), null)),
  keepModel: (name, view) => answer(() => keeper.keep(name, view)),
  openModel: (id) =>
    answer(async (): Promise<Opened> => {
      await saveBeforeLeaving();
      const kept = await library.openModel<StoredText>(id);
      if (!kept) throw new DeskError('model-missing', 'This model is no longer stored in this browser.');
      const before = texts.current;
      const mine = await keeper.claim(kept.entry);
      try {
        if (kept.text) await texts.read(kept.text, kept.textKey, kept.entry.config.text);
        const { info, unfit } = await resume(kept.checkpoint, () => keeper.goOn(kept.entry, mine));
        const copy = kept.entry.kind === 'auto' && !mine;
        void showWriting();
        return { info, unfit, text: learnsFrom?.view ?? null, view: kept.view, copy };
      } catch (error) {
        keeper.giveBack(mine);
        texts.current = before;
        throw error;
      }
    }),
  renameModel: (id, name) => answer(async () => (await library.renameModel(id, name, newId()), null)),
  removeModel: (id) => answer(async () => (await library.removeModel(id), null)),
  modelFile: (id) =>
    answer(async () => {
      const kept = await library.openModel(id);
      if (!kept) throw new DeskError('model-missing', 'This model is no longer stored in this browser.');
      return kept.checkpoint;
    }),
  keepNothing: () => answer(() => ((keeper.onlyAsked = true), null)),
  keepView: (id, view) => answer(async () => (await library.keepView(id, view), null)),
};

/** The headless API has a model of its own, beside the page's. */
let headless: Promise<Record<string, (...args: unknown[]) => unknown>> | null = null;

async function makeHost(first: string) {
  const part = await loadPart<typeof import('../headless/host.ts') & typeof import('../headless/classifierhost.ts')>('headless');
  const gpu = 'gpu' in navigator;
  return new part[first === 'createClassifier' ? 'ClassifierHost' : 'Host']({
    load: async (backend) => (backend === 'webgpu' || (backend === 'auto' && gpu) ? loadGpuEngine() : (await loading).engine),
    corpus: corpusText,
  }) as unknown as Awaited<typeof headless & {}>;
}

const handlers: Handlers = {
  ...(desk as unknown as Handlers),
  headless: (method: string, args: unknown[]) => answer(async () => (await (headless ??= makeHost(method)))[method]!(...args)),
};
const page = new Rpc(self as unknown as Port, handlers);

// Sent before anything else, and so heard before the page's first call, which comes when it has drawn itself.
self.addEventListener('message', ({ data }: MessageEvent<Partial<Begin>>) => {
  if (!data.begin) return;
  wanted = data.begin.build;
  threads = data.begin.threads === true;
  tellFiles(data.begin.assets, page);
  loading = loadEngine(glue, wanted);
  loading.catch(() => undefined);
});
// An engine that breaks in work that nobody waits for.
self.addEventListener('unhandledrejection', ({ reason }) => {
  if (reason instanceof WebAssembly.RuntimeError) publish({ type: 'stopped', reason: 'failed', error: toFailure(reason) });
});
self.postMessage({ hello: import.meta.env.CHARLOOM_BUILD } satisfies Hello);
