/** Errors as data: Comlink would carry an Error's message but drop its code. */
import type { Failure, Result } from '../protocol/messages.ts';

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

/** The engine broke: whoever finds out says so in these words. */
export function crashed(cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return { code: 'crashed', message: `the engine stopped unexpectedly (${reason}). Reload the page: a model that was kept is not lost.` };
}

export function toFailure(error: unknown): Failure {
  if (error instanceof WebAssembly.RuntimeError) return crashed(error);
  const from = error as { code?: unknown; message?: unknown; field?: unknown; values?: unknown } | null;
  const failure: Failure = {
    code: typeof from?.code === 'string' ? from.code : 'unexpected',
    message: typeof from?.message === 'string' ? from.message : String(error),
  };
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
