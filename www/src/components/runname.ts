/** What a run is called, and what tells it from others, even from those of the same settings. */
import * as format from '../i18n/format.ts';
import { translate, type Language } from '../i18n/i18n.ts';
import type { Run } from '../state/runs.ts';

export function runName(language: Language, { id, config: { model } }: Run): string {
  const cell = translate(language, `choice.model.cell.${model.cell}`);
  return `#${id} ${translate(language, 'runs.name', { cell, hidden: model.hidden_size, layers: model.num_layers })}`;
}

export function runDetails(language: Language, run: Run, all: readonly Run[]): string {
  const { optimizer, lr, seed } = run.config.train;
  // Only where runs read different texts does it matter which.
  const texts = new Set(all.map(({ textName }) => textName));
  return [
    `${translate(language, `choice.train.optimizer.${optimizer}`)} ${format.short(lr)}`,
    `${translate(language, 'option.train.seed.label')} ${seed}`,
    texts.size > 1 ? run.textName || translate(language, 'text.pasted') : '',
    run.started ? format.clock(run.started, language) : '',
  ].filter(Boolean).join(' · ');
}
