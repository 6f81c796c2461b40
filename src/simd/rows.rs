//! Some batch rows of every time step of a sequence, as one value: what a thread works on.
use core::marker::PhantomData;

/// Rows `first..first + rows` of each step of a (steps, B, width) buffer. Values made by one call of
/// [`RowsMut::split`] share no element, so they may be used from different threads.
pub struct RowsMut<'a> {
    start: *mut f32,
    steps: usize,
    /// B · width: the distance between steps.
    stride: usize,
    /// Where in its step a block starts.
    offset: usize,
    /// rows · width: the length of a step's block.
    block: usize,
    lifetime: PhantomData<&'a mut [f32]>,
}

// SAFETY: a RowsMut is an exclusive borrow of its own rows, as `&mut [f32]` is.
unsafe impl Send for RowsMut<'_> {}

impl<'a> RowsMut<'a> {
    /// All rows.
    pub fn all(data: &'a mut [f32], stride: usize) -> Self {
        let steps = data.len() / stride;
        Self {
            start: data.as_mut_ptr(),
            steps,
            stride,
            offset: 0,
            block: stride,
            lifetime: PhantomData,
        }
    }

    /// The rows in `parts` runs of whole rows of `width` numbers, which share nothing.
    pub fn split(self, width: usize, parts: usize) -> impl Iterator<Item = RowsMut<'a>> {
        let rows = self.block / width;
        (0..parts).map(move |part| {
            let (first, end) = (rows * part / parts, rows * (part + 1) / parts);
            Self {
                // SAFETY: first ≤ rows, so the pointer stays inside the block of step 0.
                start: unsafe { self.start.add(first * width) },
                offset: self.offset + first * width,
                block: (end - first) * width,
                ..self
            }
        })
    }

    /// Where in each step the rows start, and how many numbers they are.
    pub fn range(&self) -> core::ops::Range<usize> {
        self.offset..self.offset + self.block
    }

    /// How many steps.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The rows of step `t`.
    pub fn at(&mut self, t: usize) -> &mut [f32] {
        assert!(t < self.steps);
        // SAFETY: t is in range, and the borrow of self keeps every other block away.
        unsafe { core::slice::from_raw_parts_mut(self.start.add(t * self.stride), self.block) }
    }

    /// The rows of two different steps.
    pub fn two(&mut self, a: usize, b: usize) -> (&mut [f32], &mut [f32]) {
        assert!(a != b && a < self.steps && b < self.steps);
        // SAFETY: different steps' blocks do not overlap, as block ≤ stride.
        unsafe {
            (
                core::slice::from_raw_parts_mut(self.start.add(a * self.stride), self.block),
                core::slice::from_raw_parts_mut(self.start.add(b * self.stride), self.block),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_every_row_once() {
        // (T, B, width) = (3, 5, 2)
        let mut data = vec![0.0; 30];
        for mut part in RowsMut::all(&mut data, 10).split(2, 3) {
            for t in 0..part.steps() {
                part.at(t).iter_mut().for_each(|x| *x += 1.0 + t as f32);
            }
        }
        let expected: Vec<f32> = (0..30).map(|i| 1.0 + (i / 10) as f32).collect();
        assert_eq!(data, expected);
    }
}
