/** The types of the wasm surface, as the Rust build writes them. The three builds have the same surface. */
export type * from '../../../pkg/simd/charloom.js';
