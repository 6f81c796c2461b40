/** The tag's attributes, each also a property. None is one of HTML's own, none is called `src` or `href`. */
export type Kind = 'text' | 'number' | 'list' | 'switch';

export const ATTRIBUTES = {
  preset: 'text',
  corpus: 'text',
  'corpus-url': 'text',
  'model-url': 'text',
  config: 'text',
  cell: 'text',
  units: 'number',
  layers: 'number',
  epochs: 'number',
  seed: 'number',
  view: 'text',
  hide: 'list',
  lock: 'list',
  'start-with': 'text',
  temperature: 'number',
  loading: 'text',
  autostart: 'switch',
  theme: 'text',
  backend: 'text',
  build: 'text',
  'storage-key': 'text',
  base: 'text',
} as const satisfies Record<string, Kind>;
export type Attribute = keyof typeof ATTRIBUTES;

/** What an attribute says in a link; the others are no part of it. */
export const IN_LINK: Partial<Record<Attribute, string>> = {
  preset: 'preset',
  corpus: 'corpus',
  cell: 'model.cell',
  units: 'model.hidden_size',
  layers: 'model.num_layers',
  epochs: 'train.epochs',
  seed: 'train.seed',
  view: 'view',
  hide: 'hide',
  lock: 'lock',
  'start-with': 'write.prefix',
  temperature: 'write.temperature',
  backend: 'backend',
  build: 'build',
  'storage-key': 'key',
};

export const propertyOf = (attribute: string) => attribute.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

export const EVENTS = ['ready', 'status', 'progress', 'epoch', 'sample', 'config', 'finish', 'error'] as const;
export type LoomEvent = (typeof EVENTS)[number];

export const STATUSES = ['idle', 'loading', 'ready', 'training', 'paused', 'waiting', 'finished', 'failed'] as const;
export type Status = (typeof STATUSES)[number];

/** The link that a tag's attributes stand for. A single attribute goes before what `config` says. */
export function fragmentOf(read: (attribute: Attribute) => string | null): string {
  const parameters = new URLSearchParams((read('config') ?? '').replace(/^#/, ''));
  for (const [attribute, name] of Object.entries(IN_LINK)) {
    const value = read(attribute as Attribute);
    if (value === null) continue;
    // An option that is empty is none; an opening may be.
    if (value === '' && attribute !== 'start-with') parameters.delete(name);
    else parameters.set(name, value);
  }
  if (parameters.get('view') === 'full') parameters.delete('view');
  const text = parameters.toString();
  return text && `#${text}`;
}
