//! The steps that a GPU has been given and whose losses nobody knows yet.
//!
//! A GPU is to have its next step before it ends one, and yet whoever asks something of the training
//! waits for all of them. So there are as many as fill a frame or two, and their losses are read back
//! in two halves: while one is waited for, the device has the other.

use std::collections::VecDeque;

use web_time::Instant;

use super::{SLOTS, milliseconds};
use crate::{executor::Reading, text::Cursor};

/// How long whoever asks may have to wait for what is under way.
const MILLISECONDS: f64 = 32.0;
/// The fewest steps under way, of a network whose step takes longer: one to do and one to do next.
const FEWEST: usize = 2;
/// The most, of small networks: more would keep the device no busier.
const MOST: usize = 16;
const _: () = assert!(
    MOST < SLOTS,
    "a slot would be written again before it is read"
);

/// A step whose loss is not known yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    /// Its number.
    pub step: u64,
    /// Where in the ring of metrics its loss will be.
    pub slot: usize,
    /// How many of its targets count.
    pub counted: usize,
    /// Its learning rate.
    pub lr: f32,
    /// How many updates the parameters that it runs with have got.
    pub updates: u64,
    /// Of the epoch with this number, from 1.
    pub ends_epoch: Option<u64>,
    /// The batch after its own.
    pub next: Cursor,
}

/// Steps whose losses are being read together.
pub(super) struct Group {
    pub steps: Vec<Pending>,
    pub reading: Reading,
    /// When the first of them was submitted.
    pub begun: Instant,
}

/// All that are under way, oldest first.
pub(super) struct Flight {
    groups: VecDeque<Group>,
    /// Not being read yet.
    submitted: Vec<Pending>,
    /// When the first of `submitted` was.
    begun: Option<Instant>,
    /// How long a step took lately; 0 before any has been timed.
    step_ms: f64,
    /// When the last group landed.
    landed: Option<Instant>,
}

impl Flight {
    pub fn new() -> Self {
        Self {
            groups: VecDeque::new(),
            submitted: Vec::with_capacity(SLOTS),
            begun: None,
            step_ms: 0.0,
            landed: None,
        }
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.submitted.len() + self.groups.iter().map(|g| g.steps.len()).sum::<usize>()
    }

    /// How many there may be.
    pub fn limit(&self) -> usize {
        limit(self.step_ms)
    }

    pub fn push(&mut self, step: Pending) {
        self.begun.get_or_insert_with(Instant::now);
        self.submitted.push(step);
    }

    /// The newest of those that are not being read.
    pub fn last_submitted(&self) -> Option<Pending> {
        self.submitted.last().copied()
    }

    /// The oldest of those that are not being read.
    pub fn first_submitted(&self) -> Option<Pending> {
        self.submitted.first().copied()
    }

    /// Takes that one out: its loss is known already.
    pub fn drop_first_submitted(&mut self) {
        self.submitted.remove(0);
        self.begun = None;
    }

    /// Whether it is time to begin reading: half of what may be under way has not been asked for, or
    /// no more than `most` may stay, and there are more.
    pub fn should_read(&self, most: usize) -> bool {
        !self.submitted.is_empty() && (most == 0 || self.submitted.len() >= self.limit() / 2)
    }

    /// `reading` will bring the losses of all that have been submitted.
    pub fn read(&mut self, reading: Reading) {
        self.groups.push_back(Group {
            steps: std::mem::take(&mut self.submitted),
            reading,
            begun: self.begun.take().unwrap_or_else(Instant::now),
        });
    }

    /// The group that lands next. Tell [`Self::landed`] when it has.
    pub fn next(&mut self) -> Option<Group> {
        self.groups.pop_front()
    }

    /// A group of `steps` steps that was begun at `begun` has landed just now.
    pub fn landed(&mut self, steps: usize, begun: Instant) {
        // It began when the one before it ended, or when it was submitted.
        let since = self.landed.map_or(begun, |before| before.max(begun));
        let step_ms = milliseconds(since) / steps.max(1) as f64;
        self.step_ms = if self.step_ms == 0.0 {
            step_ms
        } else {
            f64::midpoint(self.step_ms, step_ms)
        };
        self.landed = Some(Instant::now());
    }

    /// Nobody waits for any of them any more.
    pub fn clear(&mut self) {
        self.submitted.clear();
        self.groups.clear();
        self.begun = None;
    }
}

/// How many steps of `step_ms` milliseconds may be under way.
fn limit(step_ms: f64) -> usize {
    if step_ms <= 0.0 {
        return FEWEST;
    }
    ((MILLISECONDS / step_ms) as usize).clamp(FEWEST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(step: u64) -> Pending {
        Pending {
            step,
            slot: step as usize,
            counted: 1,
            lr: 0.1,
            updates: step,
            ends_epoch: None,
            next: Cursor::default(),
        }
    }

    fn reading() -> Reading {
        Box::pin(std::future::pending())
    }

    #[test]
    fn as_many_steps_as_fill_a_frame_or_two() {
        assert_eq!(limit(0.0), FEWEST);
        assert_eq!(limit(500.0), FEWEST);
        assert_eq!(limit(8.0), 4);
        assert_eq!(limit(0.1), MOST);
    }

    #[test]
    fn half_are_read_while_half_are_left_to_do() {
        let mut flight = Flight {
            step_ms: 4.0,
            ..Flight::new()
        };
        assert_eq!(flight.limit(), 8);
        let mut read = Vec::new();
        for step in 0..8 {
            flight.push(pending(step));
            if flight.should_read(flight.limit()) {
                read.push(step);
                flight.read(reading());
            }
        }
        assert_eq!(read, [3, 7]);
        assert_eq!(flight.len(), 8);
        let group = flight.next().unwrap();
        assert_eq!(group.steps.len(), 4);
        assert_eq!(flight.len(), 4);
    }

    #[test]
    fn who_wants_all_gets_those_that_nobody_asked_for_too() {
        let mut flight = Flight {
            step_ms: 4.0,
            ..Flight::new()
        };
        assert!(!flight.should_read(0), "there are none");
        flight.push(pending(0));
        assert!(!flight.should_read(flight.limit()));
        assert!(flight.should_read(0));
    }

    #[test]
    fn a_slow_device_gets_fewer() {
        let mut flight = Flight::new();
        let long_ago = Instant::now()
            .checked_sub(std::time::Duration::from_secs(2))
            .unwrap();
        flight.landed(4, long_ago);
        assert_eq!(flight.limit(), FEWEST);
        // A group that was submitted long ago began when the one before it ended.
        flight.step_ms = 0.0;
        flight.landed(4, long_ago);
        assert_eq!(flight.limit(), MOST);
    }
}
