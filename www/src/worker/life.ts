/** The worker's end of client/life.ts: a lock that it holds for as long as it lives. Answers once it has it. */
export function holdLife(name: string): Promise<void> {
  if (!navigator.locks) return Promise.resolve();
  return new Promise((resolve) => {
    navigator.locks
      .request(name, () => {
        resolve();
        return new Promise(() => undefined);
      })
      .catch(() => resolve());
  });
}
