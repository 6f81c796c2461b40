/** What every contestant's worker answers: its own functions, by name, one call at a time. */
export function answer(functions) {
  self.onmessage = async ({ data: { id, name, args } }) => {
    try {
      self.postMessage({ id, value: await functions[name](...args) });
    } catch (error) {
      self.postMessage({ id, error: error?.message ?? String(error) });
    }
  };
}

/** Runs `step` over and over for about so many seconds, at least once. `step` gives characters done. */
export async function repeatedly(seconds, step) {
  let characters = 0;
  const start = performance.now();
  let elapsed = 0;
  do {
    characters += await step();
    elapsed = (performance.now() - start) / 1000;
  } while (elapsed < seconds);
  return { characters, seconds: elapsed };
}
