/** The engine's types that the API speaks of. */
export type { ClassificationConfig, ClassificationEvaluation, ClassificationOptions, ClassificationReport, Config, EpochReport, Example, Inspection, LiveOptions, ModelConfig, Position, SampledCharacter, TextConfig, TrainConfig } from '../protocol/engine.ts';
