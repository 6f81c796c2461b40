//! Any bytes are a checkpoint or an error, in little memory; a checkpoint can be saved and is the same
//! when it is read again.
#![no_main]

use charloom::checkpoint::{load, save};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(checkpoint) = load(bytes) else { return };
    let saved = save(&checkpoint).expect("what was read fits together");
    let again = load(&saved).expect("what was saved can be read");
    // Not by ==, which NaN is not.
    assert_eq!(saved, save(&again).expect("as before"));
});
