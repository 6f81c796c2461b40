//! The platform's character-set tables.
use crate::text::{Encoding, Tables};

/// `TextDecoder`: nothing to download.
pub struct PlatformTables;

impl Tables for PlatformTables {
    fn decode(&self, encoding: Encoding, bytes: &[u8]) -> (String, usize) {
        let decoded = web_sys::TextDecoder::new_with_label(encoding.label())
            .and_then(|decoder| decoder.decode_with_u8_array(bytes));
        // A platform without the table decodes nothing: every byte is an error.
        let Ok(text) = decoded else {
            return (String::new(), bytes.len());
        };
        let replaced = text.matches(char::REPLACEMENT_CHARACTER).count();
        (text, replaced)
    }
}
