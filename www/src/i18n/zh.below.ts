/** 简体中文：曲线下方的课本对照与各次训练，滚动到那里时才加载。 */
import type { BelowKey } from './i18n.ts';

export const zhBelow: Record<BelowKey, string> = {
  'book.title': '与课本对照',
  'book.epoch': '轮次',
  'book.theirs': '课本',
  'book.yours': '这一次',
  'book.help': '课本的训练困惑度是在它自己的那份歌词上得到的。换一份文本，结果可以相差很远：要看文本自身重复了多少。',
  'book.help.expected': 'PyTorch 一行是同样的设置在这份文本上跑三次的最低值和最高值：这一次应当和它比。',
  'book.unclipped': '课本在这里写了梯度裁剪，其实一次也没有裁：参数是以生成器的形式传给裁剪函数的，第一遍循环就把它用完了，轮到缩放梯度时已经什么也取不出来。所以这个预设也不裁剪。',
  'runs.title': '各次训练',
  'runs.run': '训练',
  'runs.epochs': '轮次',
  'runs.best': '困惑度',
  'runs.speed': '字/秒',
  'runs.time': '用时',
  'runs.show': '显示第 {number} 次训练',
  'runs.remove': '移除第 {number} 次训练',
  'runs.current': '当前',
};
