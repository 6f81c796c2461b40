/** Messages of the slow motion, in both languages: fetched with it. */
import type { Language } from '../i18n/i18n.ts';

const en = {
  title: 'Slow motion',
  help: 'One training step, number by number: the very one that comes next, computed on a copy. Training itself stays where it is.',
  start: 'Take the next step slowly',
  again: 'Take the present next step',
  close: 'Close',
  needsText: 'This model came without its text, so there is no next step.',
  controls: 'Slow motion controls',
  back: 'Back',
  forward: 'Forward',
  play: 'Play',
  pause: 'Pause',
  stages: 'Stages of the step',
  row: 'Row of the batch',
  layer: 'Layer',
  unit: 'Unit',
  where: 'Step {step}, row {row} of {rows}: from character {start} of the text',
  strip: 'Characters of the row: arrow keys pick one',
  formula: 'Point at a number, or reach it with the Tab key, to see where it comes from.',
  result: '= {value}',
  engine: 'engine: {value}',

  'stage.tokens': 'Tokens',
  'stage.input': 'Embedding',
  'stage.recurrence': 'Recurrence',
  'stage.softmax': 'Softmax',
  'stage.loss': 'Loss',
  'stage.gradients': 'Gradients',
  'stage.update': 'Update',
  'about.tokens':
    'The text is read as tokens: each character’s number in the vocabulary of {vocabulary}. Beneath each stands its target, the character that comes next.',
  'about.oneHot':
    '“{character}” enters as a one-hot vector: {vocabulary} numbers, all 0 but a 1 at place {token}. Times the matrix W, that picks one row of W.',
  'about.embedding': '“{character}” enters as its learned vector, row {token} of the embedding. Its first numbers:',
  'about.layerInput': 'This layer reads what the layer below has understood of “{character}”. The first numbers:',
  'about.recurrence':
    'Unit {unit} at “{character}”: it mixes what it reads (x) with the memory from the character before (h′). The bars show its memory h from character to character.',
  'about.softmax':
    'From the last layer’s memory, each character gets a score z (a logit); softmax turns scores into probabilities. After “{character}” it expects:',
  'about.loss':
    'The loss of a character is how surprising its target was: −ln p. The batch’s loss is the mean over {rows} rows × {steps} characters: {loss}. The bars are this row’s.',
  'about.gradients':
    'Back through time: how much the batch’s loss would change with this layer’s memory at each character, ‖∂L/∂h‖. What the next character sends back arrives here and is passed on.',
  'about.update':
    'Each parameter’s gradient is clipped, and the optimiser takes its step. Of each tensor, here is the element with the largest gradient.',
  given: 'input',
  tensor: 'Tensor',
  norm: 'Gradient norm',
  clipped: 'Clipped by',
  element: 'Element',
  target: 'target',
  rate: 'Learning rate η {lr}',
} as const;

export type SlowKey = keyof typeof en;

const zh: Record<SlowKey, string> = {
  title: '慢动作',
  help: '一个训练步，逐个数字地看：就是接下来要走的那一步，在副本上计算。训练本身原地不动。',
  start: '慢慢走下一步',
  again: '换成现在的下一步',
  close: '关闭',
  needsText: '这个模型没有附带文本，所以没有下一步。',
  controls: '慢动作控制',
  back: '后退',
  forward: '前进',
  play: '播放',
  pause: '暂停',
  stages: '这一步的各个阶段',
  row: '批量中的行',
  layer: '层',
  unit: '单元',
  where: '第 {step} 步，第 {row} 行（共 {rows} 行）：从文本的第 {start} 个字起',
  strip: '这一行的字：用方向键选一个',
  formula: '把指针放在一个数上，或用 Tab 键移到它，看它从哪里来。',
  result: '= {value}',
  engine: '引擎：{value}',

  'stage.tokens': '词元',
  'stage.input': '嵌入',
  'stage.recurrence': '循环',
  'stage.softmax': 'Softmax',
  'stage.loss': '损失',
  'stage.gradients': '梯度',
  'stage.update': '更新',
  'about.tokens': '文本以词元读入：每个字在 {vocabulary} 个字的字表里的编号。下面是它的目标，也就是接下来的那个字。',
  'about.oneHot': '“{character}”以独热向量输入：{vocabulary} 个数，除了第 {token} 个是 1，其余都是 0。乘以矩阵 W，就是取出 W 的一行。',
  'about.embedding': '“{character}”以学到的向量输入，即嵌入矩阵的第 {token} 行。它的前几个数：',
  'about.layerInput': '这一层读的是下面一层对“{character}”的理解。前几个数：',
  'about.recurrence': '单元 {unit} 在“{character}”处：把读到的（x）与前一个字留下的记忆（h′）混合起来。长条是它的记忆 h 逐字的变化。',
  'about.softmax': '由最后一层的记忆，每个字得到一个分数 z（logit）；softmax 把分数变成概率。在“{character}”之后，它预期：',
  'about.loss': '一个字的损失，是它的目标有多出人意料：−ln p。整批的损失是 {rows} 行 × {steps} 个字的平均：{loss}。长条是这一行的。',
  'about.gradients': '沿时间往回：这一层在每个字处的记忆若有变化，整批的损失会变化多少，即 ‖∂L/∂h‖。下一个字传回来的，到这里再继续往回传。',
  'about.update': '每个参数的梯度先裁剪，优化器再走一步。每个张量在此给出梯度最大的那个元素。',
  given: '输入',
  tensor: '张量',
  norm: '梯度范数',
  clipped: '裁剪倍数',
  element: '元素',
  target: '目标',
  rate: '学习率 η {lr}',
};

export const SLOW_MESSAGES: Record<Language, Record<SlowKey, string>> = { en, 'zh-Hans': zh };
