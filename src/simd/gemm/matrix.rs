//! A matrix in memory, in any order of rows and columns.

/// A matrix in memory: element (i, j) is `data[i * row_stride + j * column_stride]`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    /// From element (0, 0) on.
    pub data: &'a [f32],
    /// Distance between rows.
    pub row_stride: usize,
    /// Distance between columns.
    pub column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Row-major, with rows `row_stride` apart.
    pub fn rows(data: &'a [f32], row_stride: usize) -> Self {
        Self {
            data,
            row_stride,
            column_stride: 1,
        }
    }

    /// The transpose.
    pub fn t(self) -> Self {
        Self {
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// Where element (i, j) is in the data.
    #[inline(always)]
    pub(super) fn at(&self, i: usize, j: usize) -> usize {
        i * self.row_stride + j * self.column_stride
    }

    /// The submatrix from (i, j) on.
    pub(super) fn from(self, i: usize, j: usize) -> Self {
        Self {
            data: &self.data[self.at(i, j)..],
            ..self
        }
    }
}
