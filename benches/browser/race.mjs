/**
 * Interleaved repetitions: every contestant once, then every contestant again, each time another one first, so
 * that whatever else the machine does hits all of them alike. Only one of them runs at any time.
 */
import { CONTESTANTS, Contestant } from './contestants.mjs';

/** Warm until V8 has compiled the hot functions with its optimising compiler. */
const WARM_SECONDS = 1.5;
/** A rival's step may take most of a minute: then fewer repetitions have to do, but never fewer than these. */
const FEWEST = { full: 3, quick: 1 };

/**
 * Measures `call` ('train' or 'sample') of all contestants on one workload; hands a result of each to `report`.
 */
export async function race(page, { workload, shape, call, options, report, log }) {
  const field = [];
  for (const description of chosen(options)) {
    const contestant = new Contestant(page, description);
    try {
      await contestant.start();
      const prepares = call === 'sample' && contestant.rival ? 'prepareSampling' : 'prepare';
      await contestant.call(prepares, shape);
      const warm = await contestant.call(call, options.quick ? options.seconds : WARM_SECONDS);
      field.push({ contestant, samples: [], losses: warm.losses ? [warm.losses[0], warm.losses[1]] : undefined, spent: warm.seconds });
    } catch (error) {
      log(`${workload} ${call} ${contestant.name}: ${error.message.split('\n')[0]}`);
      report({ kind: call, workload, contestant: contestant.name, error: error.message.split('\n')[0] });
      await contestant.stop();
    }
  }
  const fewest = options.quick ? FEWEST.quick : FEWEST.full;
  for (let round = 0; round < options.reps; round++) {
    for (let i = 0; i < field.length; i++) {
      const entry = field[(i + round) % field.length];
      if (entry.spent > options.budget && entry.samples.length >= fewest) continue;
      const { characters, seconds, losses } = await entry.contestant.call(call, options.seconds);
      entry.samples.push(characters / seconds);
      entry.spent += seconds;
      if (losses) entry.losses[1] = losses[1];
    }
    log(`${workload} ${call}: round ${round + 1} of ${options.reps}`);
  }
  for (const { contestant, samples, losses } of field) {
    const error = losses ? complaint(losses) : undefined;
    if (error) log(`${workload} ${contestant.name}: ${error}`);
    const memory = await contestant.call('memory');
    report({ kind: call, workload, contestant: contestant.name, samples, losses, memory, error });
    await contestant.stop();
  }
}

const chosen = ({ contestants }) =>
  CONTESTANTS.filter(({ name, whenNamed }) => contestants.some((part) => name.includes(part) && (part || !whenNamed)));

/** Whoever does not learn has not trained, and its speed means nothing. */
function complaint([first, last]) {
  if (!Number.isFinite(first) || !Number.isFinite(last)) return `the loss became ${last}`;
  if (!(last < first)) return `the loss did not fall: ${first} at first, ${last} at last`;
  return undefined;
}

/** Each of the contestants' own words: versions, the floor's ceiling. */
export async function introduce(page, { options, report, log }) {
  for (const description of chosen(options)) {
    const contestant = new Contestant(page, description);
    try {
      report({ kind: 'about', contestant: contestant.name, ...(await contestant.start()) });
    } catch (error) {
      log(`${contestant.name}: ${error.message.split('\n')[0]}`);
    }
    await contestant.stop();
  }
}
