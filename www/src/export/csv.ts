/** Runs and their curves as tables for a spreadsheet: one row a measurement, plain numbers, English column names. */
import type { Run } from '../state/runs.ts';
import { centres } from '../state/series.ts';

type Value = string | number | null | undefined;

function field(value: Value): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  if (!value) return '';
  // A spreadsheet would run what begins so.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function table(columns: readonly string[], rows: readonly Value[][]): string {
  return [columns, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

const WHO = ['run', 'started', 'text', 'cell', 'hidden_size', 'layers', 'optimizer', 'learning_rate_set', 'seed'];

function who({ id, started, textName, config: { model, train } }: Run): Value[] {
  const time = started ? new Date(started).toISOString() : '';
  return [id, time, textName, model.cell, model.hidden_size, model.num_layers, train.optimizer, train.lr, train.seed];
}

/** Of all runs, both what each few steps gave and what whole epochs did. */
export function curvesTable(runs: readonly Run[]): string {
  const rows = runs.flatMap((run) => {
    const about = who(run);
    const [loss, norm, rate] = run.steps.columns as [number[], number[], number[]];
    const steps = centres(run.steps).map((epoch, i): Value[] => [...about, 'steps', epoch, loss[i], Math.exp(loss[i]!), null, norm[i], rate[i]]);
    const epochs = run.epochs.map((each): Value[] => [
      ...about, 'epoch', each.epoch, Math.log(each.perplexity), each.perplexity, each.validation_perplexity, null, null,
    ]);
    return [...steps, ...epochs];
  });
  return table([...WHO, 'mean_over', 'epoch', 'loss', 'perplexity', 'held_out_perplexity', 'gradient_norm', 'learning_rate'], rows);
}

export function runsTable(runs: readonly Run[]): string {
  const rows = runs.map((run): Value[] => {
    const last = run.epochs.at(-1);
    return [
      ...who(run), run.parameters, last?.epoch ?? 0, run.step, last?.perplexity, last?.validation_perplexity, run.charactersPerSecond, run.seconds,
    ];
  });
  return table([...WHO, 'parameters', 'epochs', 'steps', 'perplexity', 'held_out_perplexity', 'characters_per_second', 'seconds'], rows);
}
