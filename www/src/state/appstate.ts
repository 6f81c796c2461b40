/** The whole state of the page. Only App and its controllers change it. */
import type { Backend, Config, Position, SampleOptions, SessionInfo, Summary, Trouble } from '../protocol/engine.ts';
import type { Boot, DeviceView, Failure, LivingSample, ModelEntry, TextSource, TextView } from '../protocol/messages.ts';
import type { Language, MessageKey, Values } from '../i18n/i18n.ts';
import type { Theme } from '../theme/theme.ts';
import type { View } from '../theme/view.ts';
import type { OptionPath } from './config.ts';
import { flagsOf, type Flags } from './machine.ts';
import type { Memory } from './host.ts';
import type { Proposal } from './question.ts';

/** What a notice is about: it goes when this is mended. */
export type Cause = 'page' | 'text' | 'model' | 'run' | 'device' | 'storage' | 'link';

/** What can be done about it, with one click. */
export interface NoticeAction {
  key: MessageKey;
  values?: Values;
  act: () => void;
}

export interface Notice {
  id: number;
  kind: 'info' | 'problem';
  key: MessageKey;
  values: Values;
  failure: Failure | null;
  cause: Cause;
  action: NoticeAction | null;
}

export interface Problem {
  /** The option at fault; null where it is none in particular. */
  path: OptionPath | null;
  failure: Failure;
}

export type Sampling = Omit<SampleOptions, 'alternatives' | 'skip_unknown'> & {
  length: number;
  count: number;
  /** The next song is drawn from the same seed; otherwise each has a new one. */
  keepSeed: boolean;
  /** With the parameters that predicted the held-back text best. */
  best: boolean;
};

/** Trouble; or that training has diverged: `now` is then the step whose parameters are back. */
export type Told = Omit<Trouble, 'kind'> & { kind: Trouble['kind'] | 'diverged' };

export interface AppState extends Flags {
  language: Language;
  theme: Theme;
  engine: 'starting' | 'ready' | 'unavailable';
  boot: Boot | null;
  /** What the controls say; the run may still be of another. */
  preset: string | null;
  /** The preset that the present run began from. */
  runPreset: string | null;

  text: TextView | null;
  /** Name of the text being read. */
  reading: string | null;
  /** Files that could not be read as they are, until others can. */
  refused: { source: TextSource; failure: Failure } | null;
  /** What the controls say. The session may still run with older values. */
  config: Config | null;
  /** Options changed since the run began that need a new run. */
  pending: OptionPath[];
  /** What would end the run, and waits for an answer. */
  proposal: Proposal | null;
  /** Options that were made to fit the text. */
  fitted: OptionPath[];
  problem: Problem | null;
  /** For the controls' configuration. */
  summary: Summary | null;

  session: SessionInfo | null;
  position: Position | null;
  /** Whether it waits for another playground of this page to end its training. */
  waiting: boolean;
  device: DeviceView | null;
  /** The device that is being switched to. */
  switching: Backend | null;
  /** What bodes ill in the losses or norms of late, until it is heeded or dismissed. */
  trouble: Told | null;
  /** Multiplications a second of this device, once measured. */
  rate: number | null;
  /** Counts up whenever anything in App.runs changed. */
  runsVersion: number;
  living: LivingSample | null;
  /** Null until the engine has named its defaults. */
  sampling: Sampling | null;

  /** The text that is looked at from inside. */
  inside: string;

  notices: Notice[];
  resume: ModelEntry | null;
  models: ModelEntry[];
  /** The last autosave of this run: when, and of which step. */
  saved: { at: number; step: number } | null;
  /** Whether the notes of the first run are shown. */
  guide: boolean;
  /** Whether what is said once something has been learnt has been fetched. */
  taught: boolean;
  /** Names of parts that the link hides, and of those that it locks. */
  hide: string[];
  lock: string[];
  view: View;
}

export function initialState(memory: Memory, language: Language, theme: Theme): AppState {
  return {
    language,
    theme,
    engine: 'starting',
    boot: null,
    preset: null,
    runPreset: null,
    text: null,
    reading: null,
    refused: null,
    config: null,
    pending: [],
    proposal: null,
    fitted: [],
    problem: null,
    summary: null,
    session: null,
    position: null,
    waiting: false,
    device: null,
    switching: null,
    ...flagsOf('empty'),
    trouble: null,
    guide: memory.read('guide') === null,
    taught: false,
    rate: Number(memory.read('rate')) || null,
    runsVersion: 0,
    living: null,
    sampling: null,
    inside: '',
    notices: [],
    resume: null,
    models: [],
    saved: null,
    hide: [],
    lock: [],
    view: 'page',
  };
}
