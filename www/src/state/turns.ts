/** Who trains: several playgrounds in one page would only slow each other down. */
export interface Turns {
  /** Answers when it may train; the answer ends its turn. Rejects where `signal` aborts the waiting. */
  take(signal: AbortSignal): Promise<() => void>;
  /** Whether one that asks now has to wait. */
  readonly taken: boolean;
}

/** At most `most` train at once; the others come in the order in which they asked. */
export function turnsOf(most: number): Turns {
  let training = 0;
  const waiting: (() => void)[] = [];
  const next = () => {
    training--;
    waiting.shift()?.();
  };
  return {
    get taken() {
      return training >= most;
    },
    take: (signal) =>
      new Promise((resolve, reject) => {
        const begin = () => {
          signal.removeEventListener('abort', giveUp);
          training++;
          let over = false;
          resolve(() => {
            if (!over) next();
            over = true;
          });
        };
        const giveUp = () => {
          waiting.splice(waiting.indexOf(begin), 1);
          reject(signal.reason as Error);
        };
        if (training < most) return begin();
        waiting.push(begin);
        signal.addEventListener('abort', giveUp, { once: true });
      }),
  };
}
