//! Buffers aligned to a cache line.
use std::ops::{Deref, DerefMut};

const LINE: usize = 16;

#[repr(align(64))]
#[derive(Clone, Copy)]
struct Line(#[expect(dead_code, reason = "read through pointers")] [f32; LINE]);

/// `len` numbers.
pub struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

impl Buffer {
    pub fn zeros(len: usize) -> Self {
        let lines = vec![Line([0.0; LINE]); len.div_ceil(LINE)];
        Self { lines, len }
    }

    /// Uniform in ±½ · 0.1, always the same for a seed.
    pub fn noise(len: usize, seed: u32) -> Self {
        let mut buffer = Self::zeros(len);
        let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
        for value in buffer.iter_mut() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *value = ((state >> 8) as f32 / 16_777_216.0 - 0.5) * 0.1;
        }
        buffer
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: the lines hold at least `len` numbers, initialised.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}
