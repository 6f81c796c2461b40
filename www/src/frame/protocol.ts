/**
 * What a frame with `embed.html` and the page around it say to each other. Before the page has connected, the frame tells
 * its height and that it waits, and nothing else; the page then hands over one end of a MessageChannel.
 */
export const PROTOCOL = 1;

export type FromFrame = { charloom: typeof PROTOCOL; type: 'size'; height: number } | { charloom: typeof PROTOCOL; type: 'waiting' };
export interface Connect {
  charloom: typeof PROTOCOL;
  type: 'connect';
}
export interface Hello {
  type: 'hello';
  protocol: typeof PROTOCOL;
  version: string;
  methods: readonly string[];
  events: readonly string[];
}
export interface Call {
  id: number;
  method: string;
  params: readonly unknown[];
}
export type Answer = { id: number; result: unknown } | { id: number; error: { code: string; message: string } };
export interface Told {
  event: string;
  detail: unknown;
}

/** The element's methods, and `setAttribute` for what can be changed of it. */
export const METHODS = ['load', 'train', 'pause', 'step', 'reset', 'write', 'setCorpus', 'set', 'getState', 'setState', 'saveModel', 'openModel', 'link', 'setAttribute'] as const;
export const CHANGEABLE = ['theme', 'lang', 'dir', 'hide', 'lock', 'view', 'config'];
