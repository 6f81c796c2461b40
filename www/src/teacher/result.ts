/**
 * The result file: what a run was and what came of it, to be handed in and looked at. Plain JSON; docs/result-file.md
 * says what each field means. A file may come from anybody: `readResult` takes what is sound and names what is not.
 */
import type { Config } from '../protocol/engine.ts';
import type { BuildName } from '../protocol/messages.ts';

export const FORMAT = 'charloom-result';
export const VERSION = 1;
const MOST_BYTES = 8_000_000;
const MOST_EPOCHS = 100_000;
const MOST_POINTS = 5_000;
const MOST_CHARACTERS = 20_000;

export interface ResultEpoch {
  epoch: number;
  loss: number;
  perplexity: number;
  validation_perplexity: number | null;
}

export interface Result {
  format: typeof FORMAT;
  version: typeof VERSION;
  /** Charloom's version. */
  charloom: string;
  /** When it was made, ISO 8601. */
  made: string;
  /** Whoever hands it in, as they wrote it. */
  author: string;
  settings: Config;
  /** Whether settings were changed while it trained, or a model file was trained on: then it cannot be run again alike. */
  altered: boolean;
  build: BuildName;
  device: 'cpu' | 'webgpu';
  text: { kind: 'corpus' | 'own'; name: string; characters: number; fingerprint: string };
  position: { epoch: number; step: number };
  epochs: ResultEpoch[];
  /** The curve that was drawn: x in epochs, each point the mean over some steps. */
  curve: { x: number[]; loss: number[] };
  sample: { prefix: string; text: string };
  checksum: string;
}

export type ResultProblem =
  | { code: 'too-large'; megabytes: number; limit: number }
  | { code: 'not-json' }
  | { code: 'not-result' }
  | { code: 'newer'; version: number }
  | { code: 'field'; field: string };

export class ResultError extends Error {
  constructor(readonly problem: ResultProblem) {
    super(problem.code);
  }
}

/** JSON with sorted keys: the same content gives the same bytes, whoever wrote it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, held]) => `${JSON.stringify(key)}:${canonical(held)}`).join(',')}}`;
}

/** FNV-1a, 64 bits, as the engine's fingerprint of a text: it finds damage, not forgery. */
export function checksumOf(result: Omit<Result, 'checksum'>): string {
  const { checksum: _, ...content } = result as Result;
  // Two halves of 32 bits: BigInt would take a second for a long file.
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of new TextEncoder().encode(canonical(content))) {
    low = (low ^ byte) >>> 0;
    // The prime is 2^40 + 0x1b3.
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
}

export function sealed(result: Omit<Result, 'checksum'>): Result {
  return { ...result, checksum: checksumOf(result) };
}

// Reading

type Check<T> = (value: unknown, field: string) => T;

function fail(field: string): never {
  throw new ResultError({ code: 'field', field });
}

const text =
  (most: number): Check<string> =>
  (value, field) =>
    typeof value === 'string' && value.length <= most ? value : fail(field);
const number: Check<number> = (value, field) => (typeof value === 'number' && Number.isFinite(value) ? value : fail(field));
const whole: Check<number> = (value, field) => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : fail(field));
const truth: Check<boolean> = (value, field) => (typeof value === 'boolean' ? value : fail(field));
const orNull =
  <T>(check: Check<T>): Check<T | null> =>
  (value, field) =>
    value === null ? null : check(value, field);
const oneOf =
  <T extends string>(...choices: T[]): Check<T> =>
  (value, field) =>
    choices.find((choice) => choice === value) ?? fail(field);
const list =
  <T>(check: Check<T>, most: number): Check<T[]> =>
  (value, field) => {
    if (!Array.isArray(value) || value.length > most) return fail(field);
    return value.map((each, i) => check(each, `${field}[${i}]`));
  };
function object<Shape extends Record<string, Check<unknown>>>(shape: Shape): Check<{ [Name in keyof Shape]: ReturnType<Shape[Name]> }> {
  return (value, field) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(field);
    const entries = Object.entries(shape).map(([name, check]) => {
      const held = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
      return [name, check(held, field ? `${field}.${name}` : name)];
    });
    return Object.fromEntries(entries) as never;
  };
}

/**
 * Each option as the engine's default has it: a number, a word, a switch. One that another version did not know has its
 * default. The engine checks ranges when it is run.
 */
function settings(defaults: Config): Check<Config> {
  const like = (value: unknown): Check<unknown> => {
    if (typeof value === 'number') return number;
    if (typeof value === 'boolean') return truth;
    if (typeof value === 'string') return text(40);
    return orNull(number);
  };
  const orDefault = (value: unknown): Check<unknown> => (held, field) => (held === undefined ? value : like(value)(held, field));
  const section = (values: object) => object(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, orDefault(value)])));
  return object({ text: section(defaults.text), model: section(defaults.model), train: section(defaults.train) }) as unknown as Check<Config>;
}

function shapeOf(defaults: Config): Check<Result> {
  return object({
    format: oneOf(FORMAT),
    version: ((value) => value) as Check<typeof VERSION>,
    charloom: text(40),
    made: text(40),
    author: text(200),
    settings: settings(defaults),
    altered: truth,
    build: oneOf<BuildName>('scalar', 'simd', 'relaxed', 'threads'),
    device: oneOf('cpu', 'webgpu'),
    text: object({ kind: oneOf('corpus', 'own'), name: text(300), characters: whole, fingerprint: text(40) }),
    position: object({ epoch: whole, step: whole }),
    epochs: list(object({ epoch: whole, loss: number, perplexity: number, validation_perplexity: orNull(number) }), MOST_EPOCHS),
    curve: object({ x: list(number, MOST_POINTS), loss: list(number, MOST_POINTS) }),
    sample: object({ prefix: text(MOST_CHARACTERS), text: text(MOST_CHARACTERS) }),
    checksum: text(40),
  }) as Check<Result>;
}

export function refuseTooLarge(bytes: number): void {
  const limit = MOST_BYTES / 1e6;
  if (bytes > MOST_BYTES) throw new ResultError({ code: 'too-large', megabytes: Math.ceil(bytes / 1e6), limit });
}

/** The result in a file, and whether its checksum is right. Throws a ResultError, whatever the file holds. */
export function readResult(json: string, defaults: Config): { result: Result; intact: boolean } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ResultError({ code: 'not-json' });
  }
  const named = value as { format?: unknown; version?: unknown } | null;
  if (typeof value !== 'object' || named?.format !== FORMAT) throw new ResultError({ code: 'not-result' });
  if (typeof named.version !== 'number') throw new ResultError({ code: 'field', field: 'version' });
  if (named.version !== VERSION) throw new ResultError({ code: 'newer', version: named.version });
  const result = shapeOf(defaults)(value, '');
  if (result.curve.x.length !== result.curve.loss.length) throw new ResultError({ code: 'field', field: 'curve.loss' });
  return { result, intact: isIntact(value as Result) };
}

/** Of the file as it is: with what another version may have written besides. */
function isIntact(value: Result): boolean {
  try {
    return checksumOf(value) === value.checksum;
  } catch {
    // Nested deeper than anything that Charloom writes.
    return false;
  }
}
