//! What a step uploads besides its settings: tokens, targets, and the tokens' index.

/// Positions of a batch sorted by token, for `embedding_backward`.
#[derive(Debug, Clone)]
pub struct TokenIndex {
    /// (N) positions, by token, then in order.
    pub positions: Vec<u32>,
    /// (V + 1) where each token's positions start.
    pub starts: Vec<u32>,
}

impl TokenIndex {
    /// For batches of `n` tokens out of `vocabulary`.
    pub fn new(n: usize, vocabulary: usize) -> Self {
        Self {
            positions: vec![0; n],
            starts: vec![0; vocabulary + 1],
        }
    }

    /// Counting sort; allocates nothing. Every token must be below V.
    pub fn fill(&mut self, tokens: &[u32]) {
        self.starts.fill(0);
        for &token in tokens {
            self.starts[token as usize + 1] += 1;
        }
        for v in 1..self.starts.len() {
            self.starts[v] += self.starts[v - 1];
        }
        for (position, &token) in (0u32..).zip(tokens) {
            let next = &mut self.starts[token as usize];
            self.positions[*next as usize] = position;
            *next += 1;
        }
        // Each start has moved to its end, which is the next token's start.
        self.starts.rotate_right(1);
        self.starts[0] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_sorted_by_token() {
        let mut index = TokenIndex::new(6, 4);
        for _ in 0..2 {
            index.fill(&[2, 0, 2, 3, 0, 2]);
            assert_eq!(index.positions, [1, 4, 0, 2, 5, 3]);
            assert_eq!(index.starts, [0, 2, 2, 5, 6]);
        }
    }
}
