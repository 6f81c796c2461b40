//! What answers are worth. Definitions and names are scikit-learn's (`classification_report`, `confusion_matrix`).
use serde::Serialize;

/// Of the answers to some examples, all in one set: a mean over batches would be another number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The share that is right.
    pub accuracy: f64,
    /// The share of the most frequent label: what answering it always would get.
    pub majority: f64,
    /// (C, C): of row's label, how many were given column's.
    pub confusion: Vec<Vec<u64>>,
    /// (C) label by label.
    pub classes: Vec<ClassScore>,
    /// The mean over labels, each counting alike.
    pub macro_average: Averages,
    /// The mean over labels, each counting as often as it occurs.
    pub weighted_average: Averages,
}

/// Of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassScore {
    /// The label.
    pub label: String,
    /// Of those that were given the label, the share that has it; 0 where none was.
    pub precision: f64,
    /// Of those that have the label, the share that was given it; 0 where none has.
    pub recall: f64,
    /// 2·precision·recall / (precision + recall); 0 where both are.
    pub f1: f64,
    /// How many have it.
    pub support: u64,
}

/// Means over labels.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Averages {
    /// Of the precisions.
    pub precision: f64,
    /// Of the recalls.
    pub recall: f64,
    /// Of the F1s.
    pub f1: f64,
}

impl Report {
    /// Of pairs of (what it is, what was answered), classes of `labels`.
    pub fn new(labels: &[String], pairs: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut confusion = vec![vec![0; labels.len()]; labels.len()];
        for (is, answered) in pairs {
            confusion[is as usize][answered as usize] += 1;
        }
        let column = |class: usize| confusion.iter().map(|row| row[class]).sum();
        let answered: Vec<u64> = (0..labels.len()).map(column).collect();
        let score = |(class, label): (usize, &String)| {
            let (right, answered) = (confusion[class][class], answered[class]);
            let support = confusion[class].iter().sum();
            ClassScore {
                label: label.clone(),
                precision: share(right, answered),
                recall: share(right, support),
                f1: share(2 * right, support + answered),
                support,
            }
        };
        let classes: Vec<ClassScore> = labels.iter().enumerate().map(score).collect();
        let all: u64 = classes.iter().map(|class| class.support).sum();
        let right = (0..labels.len()).map(|class| confusion[class][class]).sum();
        // A label that neither occurs nor is answered is none of scikit-learn's.
        let scored = classes.iter().zip(&answered);
        let met: Vec<&ClassScore> = scored
            .filter(|&(class, &answered)| class.support + answered > 0)
            .map(|(class, _)| class)
            .collect();
        Self {
            accuracy: share(right, all),
            majority: share(classes.iter().map(|c| c.support).max().unwrap_or(0), all),
            macro_average: average(&met, |_| 1.0),
            weighted_average: average(&met, |class| class.support as f64),
            confusion,
            classes,
        }
    }
}

fn share(part: u64, of: u64) -> f64 {
    if of == 0 {
        0.0
    } else {
        part as f64 / of as f64
    }
}

fn average(classes: &[&ClassScore], weight: impl Fn(&ClassScore) -> f64) -> Averages {
    let total: f64 = classes.iter().map(|class| weight(class)).sum();
    let mean = |value: fn(&ClassScore) -> f64| {
        let sum: f64 = classes.iter().map(|c| weight(c) * value(c)).sum();
        if total == 0.0 { 0.0 } else { sum / total }
    };
    Averages {
        precision: mean(|class| class.precision),
        recall: mean(|class| class.recall),
        f1: mean(|class| class.f1),
    }
}
