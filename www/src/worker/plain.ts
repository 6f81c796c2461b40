/**
 * The engine counts in single precision, so 0.01 comes out of it as 0.009999999776. People, links and comparisons
 * want the short number that stands for the same float.
 */
import type { Config } from '../protocol/engine.ts';

export function shortFloat(value: number): number {
  for (let digits = 6; digits <= 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === Math.fround(value)) return candidate;
  }
  return value;
}

function shortened<Section extends object>(section: Section): Section {
  const entries = Object.entries(section).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'number' && !Number.isInteger(value) ? shortFloat(value) : value,
  ]);
  return Object.fromEntries(entries) as Section;
}

export function plainConfig(config: Config): Config {
  return { text: shortened(config.text), model: shortened(config.model), train: shortened(config.train) };
}
