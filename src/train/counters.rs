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
    #[serde(with = "any_number")]
    pub loss_sum: f64,
    /// Targets of this epoch.
    pub targets: u64,
    /// Seconds spent in this epoch.
    #[serde(with = "any_number")]
    pub seconds: f64,
    /// The smoothed loss; 0 before the first step.
    #[serde(with = "any_number")]
    pub smoothed_loss: f64,
}

impl Counters {
    /// Back at the start of the epoch.
    pub fn restart_epoch(&mut self) {
        self.cursor.batch = 0;
        (self.loss_sum, self.targets, self.seconds) = (0.0, 0, 0.0);
    }
}

/// JSON has no NaN and no infinities: they are written as text.
mod any_number {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Any {
        Number(f64),
        Text(String),
    }

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            serializer.serialize_f64(*value)
        } else {
            serializer.collect_str(value)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        match Any::deserialize(deserializer)? {
            Any::Number(value) => Ok(value),
            Any::Text(text) => text.parse().map_err(D::Error::custom),
        }
    }
}

#[cfg(test)]
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

    #[test]
    fn numbers_that_json_lacks_round_trip() {
        for value in [
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            f64::MIN_POSITIVE / 4.0,
        ] {
            assert_eq!(round_trip(value).to_bits(), value.to_bits());
        }
        assert!(round_trip(f64::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn every_number_round_trips_bit_by_bit(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(!value.is_nan());
            prop_assert_eq!(round_trip(value).to_bits(), bits);
        }
    }
}
