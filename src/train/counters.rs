//! Where training stands: the numbers a checkpoint keeps.
use serde::{Deserialize, Serialize};

use crate::text::Cursor;

/// Where training stands.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counters {
    /// Steps done.
    pub step: u64,
    /// Updates since the optimiser began.
    pub updates: u64,
    /// The batch that comes next.
    pub cursor: Cursor,
    /// Sum of losses over the targets of this epoch.
    #[serde(with = "bits")]
    pub loss_sum: f64,
    /// Targets of this epoch.
    pub targets: u64,
    /// Seconds spent in this epoch.
    #[serde(with = "bits")]
    pub seconds: f64,
    /// The smoothed loss; 0 before the first step.
    #[serde(with = "bits")]
    pub smoothed_loss: f64,
}

impl Counters {
    /// Back at the start of the epoch.
    pub fn restart_epoch(&mut self) {
        self.cursor.batch = 0;
        (self.loss_sum, self.targets, self.seconds) = (0.0, 0, 0.0);
    }
}

/// The bits of a number in hexadecimal, as text: JSON has no NaN and no infinities, and its readers
/// round. What goes on from a number must go on from the same one.
pub mod bits {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", value.to_bits()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16)
            .map(f64::from_bits)
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(value: f64) -> f64 {
        let counters = Counters {
            loss_sum: value,
            ..Counters::default()
        };
        let json = serde_json::to_string(&counters).unwrap();
        serde_json::from_str::<Counters>(&json).unwrap().loss_sum
    }

    proptest! {
        #[test]
        fn every_number_round_trips_bit_by_bit(bits: u64) {
            prop_assert_eq!(round_trip(f64::from_bits(bits)).to_bits(), bits);
        }
    }
}
