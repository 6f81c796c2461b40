/** Every option of the engine that the page shows: its choices, and where it applies. Labels are in the tables. */
import type { Config } from '../protocol/engine.ts';
import type { OptionPath } from '../state/config.ts';

/** The named choices of an option, in the order shown. */
export const CHOICES = {
  'model.cell': ['rnn', 'lstm', 'gru'],
  'model.input': ['one-hot', 'embedding'],
  'model.nonlinearity': ['tanh', 'relu'],
  'model.init': ['pytorch', 'keras', 'normal:0.01'],
  'train.sampling': ['random', 'consecutive'],
  'train.optimizer': ['sgd', 'rmsprop', 'adam', 'adamw', 'adagrad'],
  'train.clip': ['none', 'norm', 'tensor-norm', 'value'],
  'train.schedule': ['constant', 'step', 'cosine'],
  'text.newlines': ['keep', 'space'],
} as const satisfies Partial<Record<OptionPath, readonly string[]>>;

export type ChoicePath = keyof typeof CHOICES;
type ChoiceKeys = { [Path in ChoicePath]: `choice.${Path}.${(typeof CHOICES)[Path][number]}` };
export type ChoiceKey = ChoiceKeys[ChoicePath];
export type OptionKey = `option.${OptionPath}.label` | `option.${OptionPath}.help`;

export type Control =
  /** A few named choices; `wide` shows them side by side. */
  | { kind: 'choice'; wide?: true }
  /** A number; the buttons beside it go to the next of these. Typing any other is fine. */
  | { kind: 'number'; steps: readonly number[]; whole?: true }
  | { kind: 'toggle' }
  /** A number or no limit at all. */
  | { kind: 'limit'; suggestion: number };

export interface OptionSpec {
  path: OptionPath;
  control: Control;
  simple?: true;
  /** Shown only where it has an effect. */
  when?: (config: Config) => boolean;
}

const DOUBLING = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const LAYERS = [1, 2, 3, 4];
const SHARES = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5];
const DECADES = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.3, 1, 3, 10, 30, 100];
const CLOSE_TO_ONE = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999];
const COUNTS = [0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];
const TINY = [1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3];

const isSgd = (config: Config) => config.train.optimizer === 'sgd';
const isAdam = (config: Config) => config.train.optimizer === 'adam' || config.train.optimizer === 'adamw';
const hasMomentum = (config: Config) => isSgd(config) || config.train.optimizer === 'rmsprop';

export const TEXT_OPTIONS: OptionSpec[] = [
  { path: 'text.newlines', control: { kind: 'choice' } },
  { path: 'text.max_chars', control: { kind: 'limit', suggestion: 10000 } },
  { path: 'text.min_count', control: { kind: 'number', steps: [1, 2, 3, 5, 10, 20], whole: true } },
  { path: 'text.validation', control: { kind: 'number', steps: SHARES } },
  { path: 'text.lowercase', control: { kind: 'toggle' } },
  { path: 'text.nfc', control: { kind: 'toggle' } },
];

export const NETWORK_OPTIONS: OptionSpec[] = [
  { path: 'model.cell', control: { kind: 'choice', wide: true }, simple: true },
  { path: 'model.hidden_size', control: { kind: 'number', steps: DOUBLING.slice(3), whole: true }, simple: true },
  { path: 'model.num_layers', control: { kind: 'number', steps: LAYERS, whole: true }, simple: true },
  { path: 'model.input', control: { kind: 'choice', wide: true } },
  {
    path: 'model.embedding_dim',
    control: { kind: 'number', steps: [0, ...DOUBLING.slice(3)], whole: true },
    when: (config) => config.model.input === 'embedding',
  },
  { path: 'model.nonlinearity', control: { kind: 'choice', wide: true }, when: (config) => config.model.cell === 'rnn' },
  { path: 'model.reset_after', control: { kind: 'toggle' }, when: (config) => config.model.cell === 'gru' },
  {
    path: 'model.forget_bias',
    control: { kind: 'number', steps: [0, 0.5, 1, 2] },
    when: (config) => config.model.cell === 'lstm',
  },
  { path: 'model.bias', control: { kind: 'toggle' }, when: (config) => config.model.cell === 'rnn' },
  { path: 'model.init', control: { kind: 'choice' } },
];

/** What a training takes up at its next step: shown beside the curve that it moves. */
export const LIVE_SPECS: OptionSpec[] = [
  { path: 'train.lr', control: { kind: 'number', steps: DECADES }, simple: true },
  { path: 'train.clip', control: { kind: 'choice' }, simple: true },
  {
    path: 'train.clip_threshold',
    control: { kind: 'number', steps: [0.01, 0.03, 0.1, 0.25, 0.5, 1, 2, 5, 10] },
    simple: true,
    when: (config) => config.train.clip !== 'none',
  },
  {
    path: 'model.dropout',
    control: { kind: 'number', steps: SHARES },
    simple: true,
    when: (config) => config.model.num_layers > 1,
  },
];

export const TRAINING_OPTIONS: OptionSpec[] = [
  { path: 'train.optimizer', control: { kind: 'choice' }, simple: true },
  { path: 'train.batch_size', control: { kind: 'number', steps: DOUBLING.slice(0, 9), whole: true } },
  { path: 'train.steps', control: { kind: 'number', steps: [8, 16, 25, 35, 50, 64, 100, 128, 200], whole: true } },
  { path: 'train.sampling', control: { kind: 'choice' } },
  { path: 'train.epochs', control: { kind: 'number', steps: [0, 10, 20, 50, 100, 160, 200, 250, 500], whole: true } },
  { path: 'train.schedule', control: { kind: 'choice' } },
  { path: 'train.warmup_steps', control: { kind: 'number', steps: COUNTS, whole: true } },
  {
    path: 'train.decay_steps',
    control: { kind: 'number', steps: COUNTS.slice(1), whole: true },
    when: (config) => config.train.schedule !== 'constant',
  },
  {
    path: 'train.gamma',
    control: { kind: 'number', steps: [0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99] },
    when: (config) => config.train.schedule === 'step',
  },
  {
    path: 'train.min_lr',
    control: { kind: 'number', steps: [0, ...DECADES] },
    when: (config) => config.train.schedule !== 'constant',
  },
  { path: 'train.momentum', control: { kind: 'number', steps: [0, 0.5, 0.9, 0.95, 0.99] }, when: hasMomentum },
  {
    path: 'train.nesterov',
    control: { kind: 'toggle' },
    when: (config) => isSgd(config) && config.train.momentum > 0,
  },
  { path: 'train.beta1', control: { kind: 'number', steps: CLOSE_TO_ONE }, when: isAdam },
  { path: 'train.beta2', control: { kind: 'number', steps: CLOSE_TO_ONE }, when: isAdam },
  {
    path: 'train.alpha',
    control: { kind: 'number', steps: CLOSE_TO_ONE },
    when: (config) => config.train.optimizer === 'rmsprop',
  },
  { path: 'train.eps', control: { kind: 'number', steps: TINY }, when: (config) => !isSgd(config) },
  { path: 'train.weight_decay', control: { kind: 'number', steps: [0, 1e-5, 1e-4, 1e-3, 1e-2, 0.1] } },
  { path: 'train.seed', control: { kind: 'number', steps: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], whole: true } },
];
