/** English, the part that is fetched when one scrolls below the curves: the textbook's numbers, and the table of runs. */
export const enBelow = {
  'book.title': 'Against the textbook',
  'book.epoch': 'Epoch',
  'book.theirs': 'Textbook',
  'book.yours': 'This run',
  'book.help': 'The textbook’s training perplexities were published for lyrics of its own. Another text may end far from them: how much it repeats itself decides.',
  'book.help.expected': 'PyTorch’s are the lowest and the highest of three runs with these settings on this very text: hold this run against them.',
  'book.unclipped': 'The textbook asks for clipping here and gets none: its program hands the parameters to the clipping function as a generator, which the first of two loops uses up. So this preset does not clip either.',
  'runs.title': 'Runs',
  'runs.run': 'Run',
  'runs.epochs': 'Epochs',
  'runs.best': 'Perplexity',
  'runs.speed': 'Chars/s',
  'runs.time': 'Time',
  'runs.show': 'Show run {number}',
  'runs.remove': 'Remove run {number}',
  'runs.current': 'current',
} as const;
