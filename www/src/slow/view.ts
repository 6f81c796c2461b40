/** A training step under the glass, as the worker tells it of one row, one layer and one unit. */
import type { Cell, ModelConfig, Position, TrainConfig } from '../protocol/engine.ts';

/** w·a of one input of a sum. */
export interface Product {
  index: number;
  weight: number;
  value: number;
}

/** What enters one gate of the unit: bias left out where there is none. */
export interface GateSum {
  /** As the engine left it: the gate's value, or for a vanilla cell the sum before φ, biases left out. */
  value: number;
  input: number;
  recurrent: number;
  biasInput: number;
  biasRecurrent: number;
  /** The largest terms of `recurrent`, and of `input` where that is a sum. */
  largest: Product[];
  largestInput: Product[];
}

/** One character of the row. */
export interface StepPlace {
  token: number;
  character: string;
  target: string;
  /** The layer's input: its first numbers. Empty for a one-hot vector. */
  input: number[];
  /** In memory's order: rnn sum; lstm i, f, g, o; gru r, z, n. */
  gates: GateSum[];
  hiddenBefore: number;
  hidden: number;
  /** LSTM only. */
  cellBefore: number;
  cell: number;
  targetLogit: number;
  /** ln Σ exp(logits). */
  logSum: number;
  loss: number;
  top: { character: string; logit: number; target: boolean }[];
  /** ∂L/∂logit of the target; L is the mean over the batch. */
  logitGradient: number;
  /** ∂L/∂h_t of the unit, and the part of it that comes from this character's own loss: told of the top layer only. */
  gradient: number;
  fromOutput: number | null;
  /** ‖∂L/∂h_t‖ over the layer. */
  gradientNorm: number;
}

/** One parameter tensor, and the element of it whose gradient is largest. */
export interface StepTensor {
  name: string;
  shape: number[];
  /** Norm of the gradient before clipping. */
  norm: number;
  factor: number;
  /** PyTorch's indices. */
  index: number[];
  before: number;
  gradient: number;
  after: number;
  momentsBefore: Record<string, number>;
  momentsAfter: Record<string, number>;
}

export interface StepView {
  position: Position;
  cell: Cell;
  model: ModelConfig;
  train: TrainConfig;
  lr: number;
  biasCorrection1: number;
  biasCorrection2Root: number;
  firstUpdate: boolean;
  vocabulary: number;
  row: number;
  layer: number;
  unit: number;
  /** Where the row's window starts in the training text. */
  start: number;
  places: StepPlace[];
  /** Mean over the batch, and norm of all gradients. */
  loss: number;
  norm: number;
  tensors: StepTensor[];
}
