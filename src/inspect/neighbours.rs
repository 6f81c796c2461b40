//! Characters that the model treats alike.
use serde::Serialize;

use super::norm;
use crate::{
    Config, Error,
    network::Layout,
    ranking::{largest, place},
    text::Vocabulary,
};

/// A character whose input weights point the same way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Neighbour {
    /// The character.
    pub character: char,
    /// Cosine of the angle between the two characters' rows.
    pub similarity: f32,
}

/// The `count` characters nearest to `character` by cosine similarity of their learned vectors: the
/// embedding's rows, or the first layer's input weights where the input is one-hot.
///
/// # Errors
/// A character that the model does not know.
pub fn neighbours(
    config: &Config,
    vocabulary: &Vocabulary,
    parameters: &[f32],
    character: char,
    count: usize,
) -> Result<Vec<Neighbour>, Error> {
    let token = vocabulary.encode_prefix(&character.to_string())?[0] as usize;
    let layout = Layout::new(&config.model.language_model(vocabulary.len()));
    // What tokens are looked up in comes first, an embedding or the first layer's matrix: (V, width) in memory.
    let Some(table) = layout.parameters.first() else {
        return Ok(Vec::new());
    };
    let width = table.range().len() / vocabulary.len();
    let rows: Vec<&[f32]> = parameters[table.range()].chunks_exact(width).collect();
    let own = rows[token];
    let own_norm = norm(own);
    let similarity = |row: &[f32]| {
        let dot: f64 = own.iter().zip(row).map(|(a, b)| f64::from(a * b)).sum();
        let length = (own_norm * norm(row)).max(f32::MIN_POSITIVE);
        (dot / f64::from(length)) as f32
    };
    let similarities: Vec<f32> = rows.iter().map(|row| similarity(row)).collect();
    // Itself is not its neighbour.
    let others = (0..).zip(&similarities).map(|(other, &similarity)| {
        if other == token {
            f32::NEG_INFINITY
        } else {
            similarity
        }
    });
    let mut keys = Vec::new();
    let nearest = largest(others, count.min(rows.len() - 1), &mut keys);
    let neighbours = nearest.iter().map(|&key| Neighbour {
        character: vocabulary.decode(place(key) as u32),
        similarity: similarities[place(key)],
    });
    Ok(neighbours.collect())
}
