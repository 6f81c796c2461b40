/** Reads a traced training step: the engine runs it stage by stage, this picks out one row and one unit. */
import type { SessionInfo, Trace, TraceInfo } from '../protocol/engine.ts';
import type { GateSum, Product, StepPlace, StepTensor, StepView } from '../slow/view.ts';

const [START, FORWARD, BACKWARD, UPDATE] = [0, 1, 2, 3] as const;
/** Numbers read at a time where a tensor is long. */
const CHUNK = 1 << 20;
const INPUT_SHOWN = 8;
const ALTERNATIVES = 5;
const LARGEST = 3;
/** By name: not every optimiser has every one. */
const MOMENTS = ['momentum', 'means', 'squares'];

export class SlowStep {
  private readonly told: TraceInfo;
  private readonly tokens: Uint32Array;
  private readonly targets: Uint32Array;
  private tensors: StepTensor[] | null = null;

  constructor(
    private readonly trace: Trace,
    private readonly info: SessionInfo,
  ) {
    this.told = trace.info();
    this.tokens = trace.tokens;
    this.targets = trace.targets;
  }

  free(): void {
    this.trace.free();
  }

  view(row: number, layer: number, unit: number): StepView {
    const { model, train } = this.info.config;
    const { position, starts, lr, bias_correction1, bias_correction2_sqrt, first_update } = this.told;
    this.tensors ??= this.readTensors();
    const places = this.readPlaces(row, layer, unit);
    this.trace.goTo(UPDATE);
    const [loss, norm] = this.numbers('metrics', 0, 2) as unknown as [number, number];
    return {
      position, cell: model.cell, model, train, lr,
      biasCorrection1: bias_correction1,
      biasCorrection2Root: bias_correction2_sqrt,
      firstUpdate: first_update === 1,
      vocabulary: this.info.vocabulary.length,
      row, layer, unit,
      start: starts[row]!,
      places, loss, norm,
      tensors: this.tensors,
    };
  }

  private numbers(buffer: string, offset: number, length: number): Float32Array {
    const numbers = this.trace.read(buffer, offset, length);
    if (!numbers) throw new Error(`the plan has no ${buffer} of ${offset} + ${length} numbers`);
    return numbers;
  }

  private readPlaces(row: number, layer: number, unit: number): StepPlace[] {
    const { model, train } = this.info.config;
    const { batch_size: batch, steps } = train;
    const hidden = model.hidden_size;
    const rnn = `rnn_l${layer}`;
    const vocabulary = this.info.vocabulary;
    const stride = this.told.logits_stride;
    this.trace.goTo(FORWARD);
    const state = (name: string, step: number) => this.numbers(`${name}_${rnn}`, (step * batch + row) * hidden, hidden);
    const sums = new GateReader(this.trace, this.told, this.info, layer, unit);
    const places: StepPlace[] = [];
    for (let t = 0; t < steps; t++) {
      const at = t * batch + row;
      const token = this.tokens[at]!;
      const target = this.targets[at]!;
      const before = state('hs', t);
      const after = state('hs', t + 1);
      const input = sums.input(at);
      const logits = this.numbers('logits', at * stride, vocabulary.length);
      const logSum = logSumExp(logits);
      const lstm = model.cell === 'lstm';
      places.push({
        token,
        character: vocabulary[token]!,
        target: vocabulary[target]!,
        input: input ? [...input.slice(0, INPUT_SHOWN)] : [],
        gates: sums.read(at, token, input, before),
        hiddenBefore: before[unit]!,
        hidden: after[unit]!,
        cellBefore: lstm ? state('cs', t)[unit]! : 0,
        cell: lstm ? state('cs', t + 1)[unit]! : 0,
        targetLogit: logits[target]!,
        logSum,
        loss: 0,
        top: likeliest(logits, target).map((each) => ({ character: vocabulary[each]!, logit: logits[each]!, target: each === target })),
        logitGradient: 0,
        gradient: 0,
        fromOutput: null,
        gradientNorm: 0,
      });
    }
    const output = layer === model.num_layers - 1 ? this.outputWeights(unit) : null;
    this.trace.goTo(BACKWARD);
    places.forEach((place, t) => {
      const at = t * batch + row;
      const gradient = this.numbers(`d_hs_${rnn}`, at * hidden, hidden);
      // The logits have become their gradient.
      const logits = this.numbers('logits', at * stride, vocabulary.length);
      place.loss = this.numbers('losses', at, 1)[0]!;
      place.logitGradient = logits[this.targets[at]!]!;
      place.fromOutput = output && dot(logits, output);
      place.gradient = gradient[unit]!;
      place.gradientNorm = Math.hypot(...gradient);
    });
    return places;
  }

  /** What the unit counts for in each logit. */
  private outputWeights(unit: number): Float32Array {
    const { offset, shape } = this.told.tensors.find(({ name }) => name === 'linear.weight')!;
    const [vocabulary, hidden] = shape as [number, number];
    return Float32Array.from({ length: vocabulary }, (_, token) => this.numbers('parameters', offset + token * hidden + unit, 1)[0]!);
  }

  /** Of each tensor: the gradient's norm, and everything about the element that it pulls at most. */
  private readTensors(): StepTensor[] {
    this.trace.goTo(BACKWARD);
    const found = this.told.tensors.map(({ name, shape, offset, transposed }) => {
      const length = shape.reduce((product, size) => product * size, 1);
      let squares = 0;
      let largest = 0;
      let gradient = 0;
      for (let from = 0; from < length; from += CHUNK) {
        this.numbers('gradients', offset + from, Math.min(CHUNK, length - from)).forEach((value, index) => {
          squares += value * value;
          if (Math.abs(value) > Math.abs(gradient)) [gradient, largest] = [value, from + index];
        });
      }
      return { name, shape, place: offset + largest, index: indices(largest, shape, transposed), norm: Math.sqrt(squares), gradient };
    });
    const moments = MOMENTS.filter((name) => this.trace.read(name, 0, 1));
    const momentsAt = (place: number) => Object.fromEntries(moments.map((name) => [name, this.numbers(name, place, 1)[0]!]));
    this.trace.goTo(UPDATE);
    const later = found.map(({ place }, index) => ({
      factor: this.numbers('factors', index, 1)[0]!,
      after: this.numbers('parameters', place, 1)[0]!,
      momentsAfter: momentsAt(place),
    }));
    this.trace.goTo(START);
    return found.map(({ place, ...tensor }, index) => ({
      ...tensor,
      ...later[index]!,
      before: this.numbers('parameters', place, 1)[0]!,
      momentsBefore: momentsAt(place),
    }));
  }
}

/** The sums of one unit's gates, put together again from inputs and weights. */
class GateReader {
  private readonly gates: number;
  private readonly recurrent: Float32Array[];
  private readonly inputs: Float32Array[] | null;
  private readonly bias: { input: number; recurrent: number }[];
  private readonly inputOffset: number;

  constructor(
    private readonly trace: Trace,
    told: TraceInfo,
    private readonly info: SessionInfo,
    private readonly layer: number,
    private readonly unit: number,
  ) {
    const { model } = info.config;
    this.gates = { rnn: 1, lstm: 4, gru: 3 }[model.cell];
    const offset = (kind: string) => told.tensors.find((each) => each.name === `rnn.${kind}_l${layer}`)?.offset;
    const hidden = model.hidden_size;
    this.inputOffset = offset('weight_ih')!;
    const recurrent = offset('weight_hh')!;
    const biases = [offset('bias_ih'), offset('bias_hh')] as const;
    const each = <T>(read: (gate: number) => T) => Array.from({ length: this.gates }, (_, gate) => read(gate));
    this.recurrent = each((gate) => this.column(recurrent, gate, hidden));
    this.inputs = this.oneHot ? null : each((gate) => this.column(this.inputOffset, gate, this.inputWidth));
    const bias = (from: number | undefined, gate: number) => (from === undefined ? 0 : this.at('parameters', from + gate * hidden + unit));
    this.bias = each((gate) => ({ input: bias(biases[0], gate), recurrent: bias(biases[1], gate) }));
  }

  private get oneHot(): boolean {
    return this.layer === 0 && this.info.config.model.input === 'one-hot';
  }

  private get inputWidth(): number {
    const { embedding_dim, hidden_size } = this.info.config.model;
    return this.layer === 0 ? embedding_dim || hidden_size : hidden_size;
  }

  private at(buffer: string, offset: number): number {
    return this.trace.read(buffer, offset, 1)![0]!;
  }

  /** Weights are input-major: a unit's weights of one gate are a column. */
  private column(offset: number, gate: number, rows: number): Float32Array {
    const hidden = this.info.config.model.hidden_size;
    const width = this.gates * hidden;
    return Float32Array.from({ length: rows }, (_, row) => this.at('parameters', offset + row * width + gate * hidden + this.unit));
  }

  /** What enters the layer at a place of the batch: null for a one-hot vector. */
  input(at: number): Float32Array | null {
    if (this.oneHot) return null;
    const buffer = this.layer === 0 ? 'out_embedding' : `out_dropout_l${this.layer - 1}`;
    return this.trace.read(buffer, at * this.inputWidth, this.inputWidth)!;
  }

  read(at: number, token: number, input: Float32Array | null, before: Float32Array): GateSum[] {
    const { cell, hidden_size: hidden, reset_after } = this.info.config.model;
    const width = this.gates * hidden;
    return this.recurrent.map((weights, gate) => {
      // With the reset before the product, the candidate's recurrent input is r·h.
      const resets = cell === 'gru' && !reset_after && gate === 2;
      const from = resets ? this.trace.read(`aside_rnn_l${this.layer}`, at * hidden, hidden)! : before;
      const bias = this.bias[gate]!;
      return {
        value: this.at(`gates_rnn_l${this.layer}`, at * width + gate * hidden + this.unit),
        input: input ? dot(this.inputs![gate]!, input) : this.at('parameters', this.inputOffset + token * width + gate * hidden + this.unit),
        recurrent: dot(weights, from),
        biasInput: bias.input,
        biasRecurrent: bias.recurrent,
        largest: largestProducts(weights, from),
        largestInput: input ? largestProducts(this.inputs![gate]!, input) : [],
      };
    });
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function largestProducts(weights: Float32Array, values: Float32Array): Product[] {
  const products = Array.from(weights, (weight, index) => ({ index, weight, value: values[index]! }));
  const size = ({ weight, value }: Product) => Math.abs(weight * value);
  return products.sort((a, b) => size(b) - size(a)).slice(0, LARGEST);
}

function logSumExp(logits: Float32Array): number {
  let most = -Infinity;
  for (const logit of logits) most = Math.max(most, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - most);
  return most + Math.log(sum);
}

/** The likeliest tokens, and the target where it is none of them. */
function likeliest(logits: Float32Array, target: number): number[] {
  const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]!);
  const top = order.slice(0, ALTERNATIVES);
  return top.includes(target) ? top : [...top, target];
}

/** A place in memory as PyTorch counts it. */
function indices(place: number, shape: number[], transposed: boolean): number[] {
  if (shape.length === 1) return [place];
  const [rows, columns] = shape as [number, number];
  return transposed ? [place % rows, Math.floor(place / rows)] : [Math.floor(place / columns), place % columns];
}
