/** Errors as data: only plain data crosses to the page. */
import type { Failure, Result } from '../protocol/messages.ts';
import { STOPPED } from '../protocol/stopped.ts';

/** A failure found by the worker itself rather than by the engine. */
export class DeskError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly values: Record<string, string> = {},
  ) {
    super(message);
  }
}

/** The engine broke: whoever finds out says so in these words. The cause is for the console. */
export function crashed(cause: unknown): Failure {
  console.error(cause);
  return STOPPED;
}

/** An error of JavaScript itself, or of the browser: its words are for the console. */
function unexpected(cause: unknown): Failure {
  console.error(cause);
  return {
    code: 'unexpected',
    message: 'something went wrong inside the page. Reload it if it happens again; kept models stay.',
  };
}

export function toFailure(error: unknown): Failure {
  if (typeof WebAssembly !== 'undefined' && error instanceof WebAssembly.RuntimeError) return crashed(error);
  const from = error as { code?: unknown; message?: unknown; field?: unknown; values?: unknown } | null;
  if (typeof from?.code !== 'string' || typeof from.message !== 'string') return unexpected(error);
  const failure: Failure = { code: from.code, message: from.message };
  if (typeof from?.field === 'string') failure.field = from.field;
  if (from?.values instanceof Object) failure.values = from.values as Record<string, string>;
  return failure;
}

/** Runs a call and wraps its answer. */
export async function answer<T>(call: () => T | Promise<T>): Promise<Result<T>> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    return { ok: false, error: toFailure(error) };
  }
}
