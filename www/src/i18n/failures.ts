/**
 * Failures in the page's language. The engine's own message is English and has the details; elsewhere the code
 * says what happened, and the details are added where they are numbers or characters.
 */
import type { Failure } from '../protocol/messages.ts';
import type { Language } from './i18n.ts';

const ZH: Record<string, string> = {
  'no-text': '请先选择一段文本。',
  'no-session': '还没有模型。',
  'no-storage': '这个浏览器窗口不允许保存数据。',
  'too-large': '文件太大：最多可读 256 MB。',
  'model-missing': '这个模型已不在浏览器里。',
  'worker-failed': '计算线程无法启动。请更新浏览器，或允许本页运行 Web Worker。',
  crashed: '计算引擎意外停止。请重新加载页面：已自动保存的模型不会丢失。',
};

export function failureText(language: Language, failure: Failure): string {
  return language === 'zh-Hans' ? (ZH[failure.code] ?? failure.message) : failure.message;
}
