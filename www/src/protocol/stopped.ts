import type { Failure } from './messages.ts';

/** The engine broke: whoever finds out, worker, thread or page, says so in these words. Memory refused is the usual reason. */
export const STOPPED: Failure = {
  code: 'crashed',
  message:
    'it stopped unexpectedly. If memory ran out, fewer hidden units or layers, or a smaller batch, need less. What was kept last can be resumed.',
};
