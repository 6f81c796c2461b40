/** The whole state of the page. Only App changes it. */
import type { Config, Position, SampleOptions, SessionInfo, Summary } from '../protocol/engine.ts';
import type { Boot, Failure, LivingSample, ModelEntry, TextView } from '../protocol/messages.ts';
import type { Language, MessageKey, Values } from '../i18n/i18n.ts';
import type { Theme } from '../theme/theme.ts';
import type { OptionPath } from './config.ts';
import { remembered } from './preferences.ts';

export interface Notice {
  id: number;
  kind: 'info' | 'problem';
  key: MessageKey;
  values: Values;
  failure: Failure | null;
}

export interface Problem {
  /** The option at fault; null where it is none in particular. */
  path: OptionPath | null;
  failure: Failure;
}

export type Sampling = Omit<SampleOptions, 'alternatives' | 'skip_unknown'> & { length: number; count: number };

export interface AppState {
  language: Language;
  theme: Theme;
  engine: 'starting' | 'ready' | 'unavailable';
  boot: Boot | null;
  preset: string | null;

  text: TextView | null;
  /** Name of the text being read. */
  reading: string | null;
  /** What the controls say. The session may still run with older values. */
  config: Config | null;
  /** Options changed since the run began that need a new run. */
  pending: OptionPath[];
  problem: Problem | null;
  /** For the controls' configuration. */
  summary: Summary | null;

  session: SessionInfo | null;
  position: Position | null;
  training: boolean;
  trainable: boolean;
  finished: boolean;
  /** Multiplications a second of this device, once measured. */
  rate: number | null;
  /** Counts up whenever anything in App.runs changed. */
  runsVersion: number;
  living: LivingSample | null;
  sampling: Sampling;

  /** The text that is looked at from inside. */
  inside: string;

  notices: Notice[];
  resume: ModelEntry | null;
  models: ModelEntry[];
  savedAt: number | null;
  hide: string[];
}

export function initialState(language: Language, theme: Theme, hide: string[]): AppState {
  return {
    language,
    theme,
    engine: 'starting',
    boot: null,
    preset: null,
    text: null,
    reading: null,
    config: null,
    pending: [],
    problem: null,
    summary: null,
    session: null,
    position: null,
    training: false,
    trainable: true,
    finished: false,
    rate: Number(remembered('rate')) || null,
    runsVersion: 0,
    living: null,
    sampling: { prefix: '', temperature: 0.8, top_k: 0, top_p: 1, greedy: false, seed: 1, length: 200, count: 1 },
    inside: '',
    notices: [],
    resume: null,
    models: [],
    savedAt: null,
    hide,
  };
}
