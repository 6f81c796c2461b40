/** Messages of the windows, in both languages: fetched with them. */
import type { Language } from '../i18n/i18n.ts';

const en = {
  help: 'One minibatch of {rows} rows over your text. Each colour is one row: {steps} characters to read, and for each the next one to expect.',
  random: 'Random: the text is cut into windows, and each epoch takes them in another order. Every row begins with an empty memory.',
  consecutive: 'Consecutive: the text is cut into {rows} long strips. Each row goes on where it stopped, and takes its memory along.',
  order: 'Reading order',
  epoch: 'Epoch {epoch}',
  batch: 'Minibatch {batch} of {batches}',
  previousEpoch: 'Previous epoch',
  nextEpoch: 'Next epoch',
  previousBatch: 'Previous minibatch',
  nextBatch: 'Next minibatch',
  here: 'Where training is',
  map: 'The whole training text, {characters} characters; the windows of this minibatch are coloured.',
  rows: 'Rows of this minibatch',
  row: 'Row {row}, from character {start}',
  more: 'and {count} more rows',
} as const;

export type WindowsKey = keyof typeof en;

const zh: Record<WindowsKey, string> = {
  help: '你的文本上的一个小批量，共 {rows} 行。每种颜色是一行：读 {steps} 个字，每读一个都要预期下一个。',
  random: '随机采样：文本切成一段段窗口，每一轮换一个次序来取。每行都从空白记忆开始。',
  consecutive: '顺序采样：文本切成 {rows} 长条。每行从上次停下的地方接着读，记忆也一起带过去。',
  order: '采样方式',
  epoch: '第 {epoch} 轮',
  batch: '第 {batch} 个小批量，共 {batches} 个',
  previousEpoch: '上一轮',
  nextEpoch: '下一轮',
  previousBatch: '上一个小批量',
  nextBatch: '下一个小批量',
  here: '训练读到的地方',
  map: '全部训练文本，共 {characters} 个字；这个小批量的窗口已着色。',
  rows: '这个小批量的各行',
  row: '第 {row} 行，从第 {start} 个字起',
  more: '还有 {count} 行',
};

export const WINDOWS_MESSAGES: Record<Language, Record<WindowsKey, string>> = { en, 'zh-Hans': zh };
