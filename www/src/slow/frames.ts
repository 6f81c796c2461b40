/** The order in which a step is shown: stage by stage, and where time matters, character by character. */
export const STAGES = ['tokens', 'input', 'recurrence', 'softmax', 'loss', 'gradients', 'update'] as const;
export type Stage = (typeof STAGES)[number];

export interface Frame {
  stage: Stage;
  /** The character that is looked at. */
  at: number;
}

/** Forward through time for the recurrence, backward for the gradients; one frame for all else. */
export function framesOf(steps: number): Frame[] {
  const times = Array.from({ length: steps }, (_, at) => at);
  return STAGES.flatMap((stage): Frame[] => {
    if (stage === 'recurrence') return times.map((at) => ({ stage, at }));
    if (stage === 'gradients') return times.toReversed().map((at) => ({ stage, at }));
    return [{ stage, at: stage === 'tokens' || stage === 'input' ? 0 : steps - 1 }];
  });
}

/** The frame that shows a stage at a character: its own where it walks through time, else the stage's one. */
export function frameOf(frames: readonly Frame[], stage: Stage, at: number): number {
  const exact = frames.findIndex((frame) => frame.stage === stage && frame.at === at);
  return exact >= 0 ? exact : frames.findIndex((frame) => frame.stage === stage);
}
