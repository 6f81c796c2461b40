/** The types of the wasm surface, as the Rust build writes them. All builds have the same surface. */
export type * from '../../../pkg/simd/charloom.js';
