//! The platform's character-set tables.
use crate::text::{Encoding, Tables};

/// `TextDecoder`: nothing to download.
pub struct PlatformTables;

impl Tables for PlatformTables {
    fn decode(&self, encoding: Encoding, bytes: &[u8]) -> (String, usize) {
        // A copy: a TextDecoder refuses memory that threads share.
        let bytes = js_sys::Uint8Array::from(bytes);
        let decoded = web_sys::TextDecoder::new_with_label(encoding.label())
            .and_then(|decoder| decoder.decode_with_js_u8_array(&bytes));
        // A platform without the table decodes nothing: every byte is an error.
        let Ok(text) = decoded else {
            return (String::new(), bytes.length() as usize);
        };
        let replaced = text.matches(char::REPLACEMENT_CHARACTER).count();
        (text, replaced)
    }
}
