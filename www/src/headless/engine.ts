/** The engine's types that the API speaks of. */
export type { Config, EpochReport, Inspection, LiveOptions, ModelConfig, Position, SampledCharacter, TextConfig, TrainConfig } from '../protocol/engine.ts';
