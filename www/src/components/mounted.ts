/** Dialogs are made once in each place, when they are first opened. */
import type { App } from '../state/app.ts';
import type { AppElement } from './base.ts';

export function mounted<Dialog extends AppElement>(name: string, app: App): Dialog {
  const { layer } = app.host;
  const there = layer.querySelector<Dialog>(`:scope > ${name}`);
  if (there) return there;
  const made = document.createElement(name) as Dialog;
  made.app = app;
  layer.append(made);
  return made;
}
