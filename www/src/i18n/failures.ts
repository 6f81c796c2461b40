/**
 * Failures in the page's language. The engine says them in English, with the numbers; other languages say what
 * happened and what to do by the code, and add the engine's words where the numbers matter.
 */
import type { Failure } from '../protocol/messages.ts';
import type { Language } from './i18n.ts';

const ZH: Record<string, string> = {
  empty: '文本是空的：请选择一个有内容的文件，或粘贴一段文字。',
  binary: '这不是文本文件。请把文字另存为纯文本（.txt，UTF-8）后再打开。',
  'unknown-encoding': '不认识这种编码，请换一种。',
  'one-distinct-character': '文本只是同一个字的重复：至少要有两个不同的字，网络才能学会下一个是什么。请换一段文本。',
  'nothing-kept': '没有哪个字出现得这么频繁，所以一个字也留不下。请减小“最少出现次数”。',
  'too-short': '文本太短，装不满一个小批量。请换一段更长的文本，或者减小批量大小、时间步数。',
  'validation-too-short': '留作验证的部分太短，装不满一个小批量。请多留一些、换更长的文本、减小批量，或不留验证部分。',
  'too-long': '文本太长，请只取其中一部分。',
  'too-large': '文件太大：最多可读 256 MB。',
  'unknown-character': '有模型没见过的字。',
  'bad-option': '这个值超出了允许的范围。',
  config: '这个值不行。',
  'out-of-memory': '内存不够。请减小隐藏单元数、层数或批量大小。',
  'checkpoint-truncated': '模型文件不完整，可能没有下载完。请换一份。',
  'checkpoint-not-a-model': '这不是 Charloom 的模型文件。',
  'checkpoint-no-metadata': '文件里有权重，但没有 Charloom 的说明信息，无法得知网络的结构。',
  'checkpoint-future-version': '这个模型由更新版本的 Charloom 保存。请更新页面后再打开。',
  'checkpoint-corrupt': '模型文件已损坏。请换一份。',
  'checkpoint-mismatch': '模型文件里的权重与它自己的说明不符。请换一份。',
  diverged: '损失变成了无穷大或不是数字，通常是学习率太大。已保留最后一次正常的参数：请减小学习率，或打开梯度裁剪。',
  'no-text': '请先选择一段文本。',
  'no-session': '还没有模型。',
  'model-missing': '这个模型已不在浏览器里。',
  'worker-failed': '计算线程无法启动。请更新浏览器，或允许本页运行 Web Worker。',
  crashed: '计算引擎意外停止。请重新加载页面：已自动保存的模型不会丢失。',
};

/** Codes whose message holds numbers that one needs. */
const WITH_DETAILS = new Set(['config', 'bad-option', 'too-short', 'validation-too-short', 'nothing-kept', 'too-long']);

export function failureText(language: Language, { code, message }: Failure): string {
  const translated = language === 'zh-Hans' ? ZH[code] : undefined;
  if (translated === undefined) return message.charAt(0).toUpperCase() + message.slice(1);
  return WITH_DETAILS.has(code) ? `${translated}（${message}）` : translated;
}
