/** Opens the teacher's dialogs; each is made once. */
import type { AppElement } from '../components/base.ts';
import type { App } from '../state/app.ts';
import './handin.ts';
import type { HandIn } from './handin.ts';
import './link.ts';
import type { LinkBuilder } from './link.ts';
import './viewer.ts';
import type { ResultView } from './viewer.ts';

function mounted<Element extends AppElement>(name: string, app: App): Element {
  let element = document.querySelector<Element>(name);
  if (!element) {
    element = document.createElement(name) as Element;
    element.app = app;
    document.body.append(element);
  }
  return element;
}

export const openLinkBuilder = (app: App) => mounted<LinkBuilder>('cl-link', app).show();
export const openHandIn = (app: App) => mounted<HandIn>('cl-handin', app).show();
export const openResult = (app: App, file: File) => mounted<ResultView>('cl-result', app).show(file);
