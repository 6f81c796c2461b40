/**
 * The page as one state machine: in which phase it is, what each event is answered with there, and which phase
 * follows what the engine tells. Nothing else decides whether something may happen.
 */
export const PHASES = [
  /** No text and no model yet. */
  'empty',
  /** A text or a model is being read. */
  'reading',
  /** A model that has learnt nothing yet. */
  'ready',
  'training',
  'paused',
  /** All epochs that were asked for are done. */
  'finished',
  'diverged',
  /** A model without a text that it could train on. */
  'writing-only',
  /** The engine stopped in the middle of something. */
  'failed',
] as const;
export type Phase = (typeof PHASES)[number];

/** What the user, the address, another tab or the browser may bring. */
export const EVENTS = [
  'text',
  'file',
  'paste',
  'drop',
  'preset',
  'encoding',
  'link',
  'resume',
  'import',
  'option',
  'reset',
  'live-option',
  'language',
  'delete',
  'other-tab',
  'worker-death',
  'train',
  'step',
  'pause',
] as const;
export type PageEvent = (typeof EVENTS)[number];

/**
 * `do`: at once. `ask`: it would end a run with work in it, so the page asks first, and does it where there is no work
 * yet. `wait`: done when what is being read has been read. `say`: it cannot be done, and the page says why. `ignore`:
 * there is nothing to do.
 */
export type Answer = 'do' | 'ask' | 'wait' | 'say' | 'ignore';
type Row = Record<Phase, Answer>;

/** Whatever puts another model in place of the present one. */
const REPLACES: Row = {
  empty: 'do',
  reading: 'wait',
  ready: 'do',
  training: 'ask',
  paused: 'ask',
  finished: 'ask',
  diverged: 'ask',
  'writing-only': 'do',
  failed: 'ask',
};
const ALWAYS: Row = {
  empty: 'do',
  reading: 'do',
  ready: 'do',
  training: 'do',
  paused: 'do',
  finished: 'do',
  diverged: 'do',
  'writing-only': 'do',
  failed: 'do',
};
const TRAINS: Row = { ...ALWAYS, empty: 'say', reading: 'wait', training: 'ignore', finished: 'say', 'writing-only': 'say' };

export const ANSWERS: Record<PageEvent, Row> = {
  text: REPLACES,
  file: REPLACES,
  paste: REPLACES,
  drop: REPLACES,
  preset: REPLACES,
  encoding: REPLACES,
  link: REPLACES,
  resume: REPLACES,
  import: REPLACES,
  option: REPLACES,
  reset: { ...REPLACES, empty: 'ignore', ready: 'ignore', 'writing-only': 'ignore' },
  'live-option': ALWAYS,
  language: ALWAYS,
  delete: ALWAYS,
  'other-tab': ALWAYS,
  'worker-death': ALWAYS,
  train: TRAINS,
  // One step more is also the way to stop.
  step: { ...TRAINS, training: 'do' },
  pause: { ...ALWAYS, empty: 'ignore', ready: 'ignore', paused: 'ignore', finished: 'ignore', diverged: 'ignore', 'writing-only': 'ignore', failed: 'ignore', reading: 'ignore' },
};

export function answerTo(event: PageEvent, phase: Phase, work: boolean): Answer {
  const answer = ANSWERS[event][phase];
  return answer === 'ask' && !work ? 'do' : answer;
}

/** What happened to the model. */
export type Signal = 'reads' | 'begun' | 'opened' | 'opened-without-text' | 'trains' | 'stopped' | 'finished' | 'diverged' | 'failed';

const FOLLOWS: Record<Signal, Partial<Record<Phase, Phase>> | Phase> = {
  reads: 'reading',
  begun: 'ready',
  opened: 'paused',
  'opened-without-text': 'writing-only',
  trains: { ready: 'training', paused: 'training', finished: 'training', diverged: 'training', failed: 'training' },
  // What the training loop tells late must not undo what came after it.
  stopped: { training: 'paused' },
  finished: { training: 'finished', ready: 'finished', paused: 'finished', diverged: 'finished' },
  diverged: { training: 'diverged', ready: 'diverged', paused: 'diverged' },
  failed: 'failed',
};

export function follows(phase: Phase, signal: Signal): Phase {
  const next = FOLLOWS[signal];
  return typeof next === 'string' ? next : (next[phase] ?? phase);
}

/** What the components ask of a phase. */
export interface Flags {
  phase: Phase;
  training: boolean;
  trainable: boolean;
  finished: boolean;
}

export function flagsOf(phase: Phase): Flags {
  return { phase, training: phase === 'training', trainable: phase !== 'writing-only', finished: phase === 'finished' };
}
