/** The cost of a step as one size grows, on the fastest build. */
import { CONTESTANTS, Contestant } from './contestants.mjs';

const BUILD = 'charloom-relaxed';
const POINT_SECONDS = 0.25;

export async function sweep(page, { definition, options, report, log }) {
  const contestant = new Contestant(page, CONTESTANTS.find(({ name }) => name === BUILD));
  await contestant.start();
  for (const [axis, values] of Object.entries(definition.axes)) {
    const points = values.map((value) => ({ value, shape: { ...definition.base, [axis]: value }, best: Infinity }));
    for (let round = 0; round < options.reps; round++) {
      for (const point of points) {
        await contestant.call('prepare', point.shape);
        // The first step touches every page of the memory for the first time.
        await contestant.call('train', 0);
        const { characters, seconds } = await contestant.call('train', options.quick ? 0 : POINT_SECONDS);
        const steps = characters / (point.shape.batch * point.shape.steps);
        point.best = Math.min(point.best, seconds / steps);
      }
      log(`sweep over ${axis}: round ${round + 1} of ${options.reps}`);
    }
    for (const { value, shape, best } of points) {
      report({ kind: 'sweep', place: 'browser', axis, value, shape, seconds: best });
    }
  }
  await contestant.stop();
}
