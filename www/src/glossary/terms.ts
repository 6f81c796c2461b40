/** Which terms the glossary explains, and which of them an option's label is. The explanations are fetched when asked for. */
import type { OptionPath } from '../state/config.ts';

export const TERMS = [
  'character', 'token', 'vocabulary', 'unknown', 'one-hot', 'embedding', 'nfc',
  'network', 'cell', 'rnn', 'lstm', 'gru', 'gate', 'hidden-state', 'hidden-units', 'layer', 'parameter', 'bias', 'nonlinearity', 'glorot', 'spectral-radius',
  'epoch', 'step', 'minibatch', 'window', 'sampling-order', 'loss', 'nats', 'perplexity', 'validation', 'by-heart',
  'gradient', 'norm', 'clipping', 'bptt', 'vanishing', 'optimiser', 'learning-rate', 'schedule', 'momentum', 'adam', 'weight-decay', 'dropout', 'divergence', 'seed',
  'softmax', 'temperature', 'top-k', 'top-p', 'greedy', 'prompt', 'surprise', 'processor',
] as const;
export type Term = (typeof TERMS)[number];

/** The term behind an option's label, where it has one. */
export const TERM_OF_OPTION: Partial<Record<OptionPath, Term>> = {
  'text.min_count': 'unknown',
  'text.validation': 'validation',
  'text.nfc': 'nfc',
  'model.cell': 'cell',
  'model.hidden_size': 'hidden-units',
  'model.num_layers': 'layer',
  'model.input': 'one-hot',
  'model.embedding_dim': 'embedding',
  'model.nonlinearity': 'nonlinearity',
  'model.reset_after': 'gru',
  'model.forget_bias': 'gate',
  'model.bias': 'bias',
  'model.dropout': 'dropout',
  'model.init': 'glorot',
  'train.lr': 'learning-rate',
  'train.optimizer': 'optimiser',
  'train.clip': 'clipping',
  'train.clip_threshold': 'norm',
  'train.batch_size': 'minibatch',
  'train.steps': 'bptt',
  'train.sampling': 'sampling-order',
  'train.epochs': 'epoch',
  'train.schedule': 'schedule',
  'train.momentum': 'momentum',
  'train.beta1': 'adam',
  'train.weight_decay': 'weight-decay',
  'train.seed': 'seed',
};
