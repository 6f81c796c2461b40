/**
 * One command at a time. An async wasm method keeps its object borrowed until it answers, so every use of the
 * session goes through here: a command waits for at most one slice of training.
 */
export class CommandQueue {
  private tail: Promise<unknown> = Promise.resolve();

  /** `after` is called after each command, with the session free. */
  constructor(private readonly after: () => void) {}

  run<T>(job: () => T | Promise<T>): Promise<T> {
    const answer = this.tail.then(job);
    this.tail = answer.then(this.after, this.after).catch(() => undefined);
    return answer;
  }
}

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** Lets messages that have already arrived be handled. Unlike setTimeout it is never clamped to 4 ms. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}
