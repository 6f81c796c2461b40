/** Opens the teacher's dialogs; each is made once. */
import { mounted } from '../components/mounted.ts';
import type { App } from '../state/app.ts';
import './handin.ts';
import type { HandIn } from './handin.ts';
import './link.ts';
import type { LinkBuilder } from './link.ts';
import './viewer.ts';
import type { ResultView } from './viewer.ts';

export const openLinkBuilder = (app: App) => mounted<LinkBuilder>('cl-link', app).show();
export const openHandIn = (app: App) => mounted<HandIn>('cl-handin', app).show();
export const openResult = (app: App, file: File) => mounted<ResultView>('cl-result', app).show(file);
