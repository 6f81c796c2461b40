/** The page's state machine: every event has an answer in every phase, and every phase that a signal leads to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWERS, answerTo, EVENTS, flagsOf, follows, PHASES, type Answer, type PageEvent, type Phase, type Signal } from '../src/state/machine.ts';

/** In the order of PHASES: d(o), a(sk), w(ait), s(ay), i(gnore). Written out, so that a slip in the table shows. */
const EXPECTED: Record<PageEvent, string> = {
  //            empty reading ready training paused finished diverged writing-only failed
  text: 'd w d a a a a d a',
  file: 'd w d a a a a d a',
  paste: 'd w d a a a a d a',
  drop: 'd w d a a a a d a',
  preset: 'd w d a a a a d a',
  encoding: 'd w d a a a a d a',
  link: 'd w d a a a a d a',
  resume: 'd w d a a a a d a',
  import: 'd w d a a a a d a',
  option: 'd w d a a a a d a',
  reset: 'i w i a a a a i a',
  'live-option': 'd d d d d d d d d',
  language: 'd d d d d d d d d',
  delete: 'd d d d d d d d d',
  'other-tab': 'd d d d d d d d d',
  'worker-death': 'd d d d d d d d d',
  train: 's w d i d s d s d',
  step: 's w d d d s d s d',
  pause: 'i i i d i i i i i',
};
const LETTERS: Record<string, Answer> = { d: 'do', a: 'ask', w: 'wait', s: 'say', i: 'ignore' };

test('every event is answered in every phase, as it should be', () => {
  assert.deepEqual(Object.keys(ANSWERS).toSorted(), [...EVENTS].toSorted());
  for (const event of EVENTS) {
    const answers = PHASES.map((phase) => ANSWERS[event][phase]);
    assert.deepEqual(answers, EXPECTED[event].split(' ').map((letter) => LETTERS[letter]), event);
  }
});

test('the page asks only where there is work to lose', () => {
  for (const event of EVENTS) {
    for (const phase of PHASES) {
      assert.equal(answerTo(event, phase, true), ANSWERS[event][phase]);
      assert.notEqual(answerTo(event, phase, false), 'ask', `${event} in ${phase}`);
    }
  }
});

const TO: Record<Signal, Partial<Record<Phase, Phase>> | Phase> = {
  reads: 'reading',
  begun: 'ready',
  opened: 'paused',
  'opened-without-text': 'writing-only',
  trains: { ready: 'training', paused: 'training', finished: 'training', diverged: 'training', failed: 'training' },
  stopped: { training: 'paused' },
  finished: { training: 'finished', ready: 'finished', paused: 'finished', diverged: 'finished' },
  diverged: { training: 'diverged', ready: 'diverged', paused: 'diverged' },
  failed: 'failed',
};

test('each signal leads from each phase where it should, or nowhere', () => {
  for (const [signal, to] of Object.entries(TO) as [Signal, (typeof TO)[Signal]][]) {
    for (const phase of PHASES) {
      assert.equal(follows(phase, signal), typeof to === 'string' ? to : (to[phase] ?? phase), `${signal} in ${phase}`);
    }
  }
});

test('a model without its text writes, and cannot train', () => {
  for (const phase of PHASES) {
    const flags = flagsOf(phase);
    assert.equal(flags.training, phase === 'training');
    assert.equal(flags.trainable, phase !== 'writing-only');
    assert.equal(flags.finished, phase === 'finished');
  }
});
