/**
 * Where each number of a traced step comes from: a formula, the same with its numbers, and what they come to. The
 * engine's own number stands beside it, and a test holds the two together.
 */
import type { Cell } from '../protocol/engine.ts';
import type { GateSum, Product, StepPlace, StepTensor, StepView } from './view.ts';

export interface Derived {
  symbol: string;
  /** What the engine computed. */
  value: number;
  formula: string;
  numbers: string;
  /** What the numbers come to. */
  computed: number;
  /** Further lines: what the operands consist of. */
  parts: string[];
}

export function number(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return '∞';
  const text = size < 0.001 || size >= 1e5 ? value.toExponential(2).replace('e+', 'e') : String(Number(value.toPrecision(4)));
  return text.replace('-', '−');
}

/** A number as an operand: negative ones in brackets. */
function operand(value: number): string {
  return value < 0 ? `(${number(value)})` : number(value);
}

const sum = (...values: number[]) => values.map((value, index) => (index ? ` ${value < 0 ? '−' : '+'} ${number(Math.abs(value))}` : number(value))).join('');
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const biasOf = ({ biasInput, biasRecurrent }: GateSum) => biasInput + biasRecurrent;

const products = (terms: Product[]) => `${terms.map(({ weight, value }) => `${operand(value)}·${operand(weight)}`).join(' + ')} + …`;

function partsOf(gate: GateSum, { character }: StepPlace, oneHot: boolean, recurrent: string): string[] {
  return [
    `x·W = ${oneHot ? `W[${shown(character)}]` : products(gate.largestInput)} = ${number(gate.input)}`,
    `${recurrent} = ${products(gate.largest)} = ${number(gate.recurrent)}`,
  ];
}

function shown(character: string): string {
  return { '\n': '↵', ' ': '␣', '\t': '⇥', '\u3000': '␣' }[character] ?? character;
}

/** x·W + h·U + b under σ or tanh. */
function gate(symbol: string, curve: 'σ' | 'tanh', sums: GateSum, place: StepPlace, oneHot: boolean): Derived {
  const total = sums.input + sums.recurrent + biasOf(sums);
  return {
    symbol,
    value: sums.value,
    formula: `${symbol} = ${curve}(x·W + h′·U + b)`,
    numbers: `${curve}(${sum(sums.input, sums.recurrent, biasOf(sums))})`,
    computed: curve === 'σ' ? sigmoid(total) : Math.tanh(total),
    parts: partsOf(sums, place, oneHot, 'h′·U'),
  };
}

const GATES: Record<Cell, readonly string[]> = { rnn: ['h'], lstm: ['i', 'f', 'g', 'o'], gru: ['r', 'z', 'n'] };

/** What the character brings to each of the unit's gates. */
export function inputs(view: StepView, place: StepPlace): Derived[] {
  const oneHot = view.layer === 0 && view.model.input === 'one-hot';
  return place.gates.map(({ input, largestInput }, index) => {
    const symbol = `x·W${GATES[view.cell].length > 1 ? ` (${GATES[view.cell][index]})` : ''}`;
    const numbers = oneHot ? `W[${shown(place.character)}]` : products(largestInput);
    return { symbol, value: input, formula: oneHot ? 'x·W = W[x]' : 'x·W = Σ xᵢ·Wᵢ', numbers, computed: input, parts: [] };
  });
}

/** The recurrence of the unit at one character; h′ and c′ are those of the character before. */
export function recurrence(view: StepView, place: StepPlace): Derived[] {
  const oneHot = view.layer === 0 && view.model.input === 'one-hot';
  const { hidden, hiddenBefore, cell, cellBefore } = place;
  const result = (symbol: string, value: number, formula: string, numbers: string, computed: number): Derived => ({
    symbol, value, formula, numbers, computed, parts: [],
  });
  switch (view.cell) {
    case 'rnn': {
      const sums = place.gates[0]!;
      const relu = view.model.nonlinearity === 'relu';
      const total = sums.input + sums.recurrent + biasOf(sums);
      return [
        {
          symbol: 'h',
          value: hidden,
          formula: `h = ${relu ? 'relu' : 'tanh'}(x·W + h′·U + b)`,
          numbers: `${relu ? 'relu' : 'tanh'}(${sum(sums.input, sums.recurrent, biasOf(sums))})`,
          computed: relu ? Math.max(0, total) : Math.tanh(total),
          parts: partsOf(sums, place, oneHot, 'h′·U'),
        },
      ];
    }
    case 'lstm': {
      const [i, f, g, o] = place.gates as [GateSum, GateSum, GateSum, GateSum];
      return [
        gate('i', 'σ', i, place, oneHot),
        gate('f', 'σ', f, place, oneHot),
        gate('g', 'tanh', g, place, oneHot),
        gate('o', 'σ', o, place, oneHot),
        result(
          'c', cell, 'c = f·c′ + i·g',
          `${operand(f.value)}·${operand(cellBefore)} + ${operand(i.value)}·${operand(g.value)}`,
          f.value * cellBefore + i.value * g.value,
        ),
        result('h', hidden, 'h = o·tanh(c)', `${operand(o.value)}·tanh(${number(cell)})`, o.value * Math.tanh(cell)),
      ];
    }
    case 'gru': {
      const [r, z, n] = place.gates as [GateSum, GateSum, GateSum];
      return [
        gate('r', 'σ', r, place, oneHot),
        gate('z', 'σ', z, place, oneHot),
        candidate(view, place, n, r.value, oneHot),
        result(
          'h', hidden, 'h = (1 − z)·n + z·h′',
          `(1 − ${number(z.value)})·${operand(n.value)} + ${operand(z.value)}·${operand(hiddenBefore)}`,
          (1 - z.value) * n.value + z.value * hiddenBefore,
        ),
      ];
    }
  }
}

function candidate(view: StepView, place: StepPlace, n: GateSum, reset: number, oneHot: boolean): Derived {
  const after = view.model.reset_after;
  const total = after
    ? n.input + n.biasInput + reset * (n.recurrent + n.biasRecurrent)
    : n.input + n.recurrent + biasOf(n);
  return {
    symbol: 'n',
    value: n.value,
    formula: after ? 'n = tanh(x·W + b₁ + r·(h′·U + b₂))' : 'n = tanh(x·W + (r·h′)·U + b)',
    numbers: after
      ? `tanh(${sum(n.input, n.biasInput)} + ${operand(reset)}·(${sum(n.recurrent, n.biasRecurrent)}))`
      : `tanh(${sum(n.input, n.recurrent, biasOf(n))})`,
    computed: Math.tanh(total),
    parts: partsOf(n, place, oneHot, after ? 'h′·U' : '(r·h′)·U'),
  };
}

/** What was expected next: the likeliest characters, and the target. */
export function softmax({ logSum, loss, top }: StepPlace): Derived[] {
  return top.map(({ character, logit, target }) => ({
    symbol: shown(character),
    value: target ? Math.exp(-loss) : Math.exp(logit - logSum),
    formula: 'p = eᶻ / Σ eᶻ = e^(z − ln Σ eᶻ)',
    numbers: `e^(${sum(logit, -logSum)})`,
    computed: Math.exp(logit - logSum),
    parts: [],
  }));
}

export function loss({ logSum, targetLogit, loss: value, target }: StepPlace): Derived {
  return {
    symbol: shown(target),
    value,
    formula: '−ln p = ln Σ eᶻ − z',
    numbers: sum(logSum, -targetLogit),
    computed: logSum - targetLogit,
    parts: [],
  };
}

/** How the loss pulls at the target's logit and at the unit. */
export function gradients(view: StepView, place: StepPlace, last: boolean): Derived[] {
  const count = view.train.batch_size * view.train.steps;
  const probability = Math.exp(-place.loss);
  const logit: Derived = {
    symbol: '∂L/∂z',
    value: place.logitGradient,
    formula: '∂L/∂z = (p − 1) / (B·T)',
    numbers: `(${number(probability)} − 1) / ${count}`,
    computed: (probability - 1) / count,
    parts: [],
  };
  if (place.fromOutput === null) return [logit];
  const later = last ? 0 : place.gradient - place.fromOutput;
  return [
    logit,
    {
      symbol: '∂L/∂h',
      value: place.gradient,
      formula: last ? '∂L/∂h = Σ ∂L/∂z · V' : '∂L/∂h = Σ ∂L/∂z · V + ∂L/∂h″',
      numbers: last ? number(place.fromOutput) : sum(place.fromOutput, later),
      computed: place.fromOutput + later,
      parts: [],
    },
  ];
}

/** The norm of all gradients, from those of the tensors. */
export function globalNorm(view: StepView): Derived {
  const norms = view.tensors.map(({ norm }) => norm);
  return {
    symbol: '‖g‖',
    value: view.norm,
    formula: '‖g‖ = √(Σ ‖gᵢ‖²)',
    numbers: `√(${norms.map((norm) => `${number(norm)}²`).join(' + ')})`,
    computed: Math.hypot(...norms),
    parts: [],
  };
}

/** How the optimiser changes one element. */
export function update(view: StepView, tensor: StepTensor): Derived[] {
  const { train, lr } = view;
  const { clip, clip_threshold: threshold, weight_decay: decay, optimizer } = train;
  const { before, after, gradient, factor, momentsBefore, momentsAfter } = tensor;
  const steps: Derived[] = [];
  const add = (symbol: string, value: number, formula: string, numbers: string, computed: number): number => {
    steps.push({ symbol, value, formula: `${symbol} = ${formula}`, numbers, computed, parts: [] });
    return value;
  };
  const clipped = clip === 'value' ? Math.max(-threshold, Math.min(threshold, gradient)) : factor * gradient;
  const norm = clip === 'norm' ? view.norm : tensor.norm;
  const clippings = {
    none: ['g', number(gradient)],
    value: [`clamp(g, ±${number(threshold)})`, `clamp(${number(gradient)}, ±${number(threshold)})`],
    norm: ['g·min(1, θ/‖g‖)', `${operand(gradient)}·min(1, ${number(threshold)}/${number(norm)})`],
    'tensor-norm': ['g·min(1, θ/‖gᵢ‖)', `${operand(gradient)}·min(1, ${number(threshold)}/${number(norm)})`],
  } as const;
  const limit = clip === 'norm' || clip === 'tensor-norm' ? Math.min(1, threshold / norm) * gradient : clipped;
  let g = add('ĝ', clipped, clippings[clip][0], clippings[clip][1], limit);
  const decoupled = optimizer === 'adamw';
  if (decay > 0 && !decoupled) g = add('ĝ + λp', g + decay * before, 'ĝ + λ·p', `${operand(g)} + ${operand(decay)}·${operand(before)}`, g + decay * before);
  const kept = decoupled ? before * (1 - lr * decay) : before;
  const start = decoupled && decay > 0 ? `${operand(before)}·(1 − ${number(lr)}·${number(decay)})` : number(before);
  const p = decoupled && decay > 0 ? 'p·(1 − η·λ)' : 'p';
  const moment = (name: string, symbol: string, formula: string, numbers: string, computed: number) =>
    add(symbol, momentsAfter[name]!, formula, numbers, computed);
  const average = (name: string, symbol: string, beta: number, power: 1 | 2) => {
    const old = momentsBefore[name]!;
    const raised = power === 1 ? g : g * g;
    const written = power === 1 ? 'ĝ' : 'ĝ²';
    return moment(
      name, symbol, `β·${symbol}′ + (1 − β)·${written}`,
      `${number(beta)}·${operand(old)} + ${number(1 - beta)}·${operand(raised)}`,
      beta * old + (1 - beta) * raised,
    );
  };
  const root = (square: number) => Math.sqrt(square) + train.eps;
  const momentum = (step: number, symbol: string) => {
    const old = momentsBefore['momentum']!;
    const first = optimizer === 'sgd' && view.firstUpdate;
    return moment(
      'momentum', 'b', first ? symbol : `μ·b′ + ${symbol}`,
      first ? number(step) : `${number(train.momentum)}·${operand(old)} + ${operand(step)}`,
      first ? step : train.momentum * old + step,
    );
  };
  const finish = (step: number, formula: string, numbers: string) => add('p⁺', after, `${p} − ${formula}`, `${start} − ${numbers}`, kept - step);
  switch (optimizer) {
    case 'sgd': {
      let step = g;
      let symbol = 'ĝ';
      if (train.momentum > 0) {
        const b = momentum(g, 'ĝ');
        step = train.nesterov ? g + train.momentum * b : b;
        symbol = train.nesterov ? '(ĝ + μ·b)' : 'b';
      }
      finish(lr * step, `η·${symbol}`, `${number(lr)}·${operand(step)}`);
      break;
    }
    case 'rmsprop': {
      const square = average('squares', 'v', train.alpha, 2);
      const direction = g / root(square);
      const written = `${operand(g)}/(√${number(square)} + ${number(train.eps)})`;
      if (train.momentum > 0) {
        const b = momentum(direction, 'ĝ/(√v + ε)');
        finish(lr * b, 'η·b', `${number(lr)}·${operand(b)}`);
      } else finish(lr * direction, 'η·ĝ/(√v + ε)', `${number(lr)}·${written}`);
      break;
    }
    case 'adagrad': {
      const old = momentsBefore['squares']!;
      const square = moment('squares', 'v', 'v′ + ĝ²', `${number(old)} + ${operand(g)}²`, old + g * g);
      finish((lr * g) / root(square), 'η·ĝ/(√v + ε)', `${number(lr)}·${operand(g)}/(√${number(square)} + ${number(train.eps)})`);
      break;
    }
    case 'adam':
    case 'adamw': {
      const mean = average('means', 'm', train.beta1, 1);
      const square = average('squares', 'v', train.beta2, 2);
      const { biasCorrection1, biasCorrection2Root } = view;
      const denominator = Math.sqrt(square) / biasCorrection2Root + train.eps;
      finish(
        ((lr / biasCorrection1) * mean) / denominator,
        'η/(1 − β₁ᵏ) · m / (√v/√(1 − β₂ᵏ) + ε)',
        `${number(lr)}/${number(biasCorrection1)} · ${operand(mean)} / (√${number(square)}/${number(biasCorrection2Root)} + ${number(train.eps)})`,
      );
    }
  }
  return steps;
}
