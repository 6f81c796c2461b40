//! Texts in archives. Nothing that an archive says of its sizes is believed: what comes out is counted.

use super::{ReadError, kind};
use flate2::read::MultiGzDecoder;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// All that is unpacked, together, in bytes: as much as a page reads of a plain file.
pub(crate) const MOST_UNPACKED: usize = 256 << 20;
/// Entries looked at.
const MOST_ENTRIES: usize = 10_000;

/// The file in a gzip archive.
pub(crate) fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    unpacked(MultiGzDecoder::new(bytes), MOST_UNPACKED)
}

/// Files of a ZIP archive by name, and the names of what was left out, with the reason.
pub(crate) struct Unzipped {
    pub files: Vec<(String, Vec<u8>)>,
    pub left_out: Vec<String>,
}

/// The entries that may be texts, in the archive's order.
pub(crate) fn unzip(bytes: &[u8]) -> Result<Unzipped, ReadError> {
    let damaged = |error: zip::result::ZipError| ReadError::DamagedArchive {
        problem: error.to_string(),
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut unzipped = Unzipped {
        files: Vec::new(),
        left_out: Vec::new(),
    };
    let mut total = 0;
    for i in 0..archive.len().min(MOST_ENTRIES) {
        let entry = match archive.by_index(i) {
            Ok(entry) => entry,
            Err(error) => {
                unzipped.left_out.push(error.to_string());
                continue;
            }
        };
        let name = entry
            .name()
            .map_or_else(|_| String::new(), |name| name.into_owned());
        let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
        if entry.is_dir()
            || file.is_empty()
            || file.starts_with('.')
            || name.starts_with("__MACOSX/")
        {
            continue;
        }
        match unpacked(entry, MOST_UNPACKED - total) {
            Ok(bytes) => {
                total += bytes.len();
                match kind::of(&bytes) {
                    Some(kind) if kind != kind::UTF_32 => {
                        unzipped.left_out.push(format!("{name} ({kind})"))
                    }
                    _ => unzipped.files.push((name, bytes)),
                }
            }
            Err(ReadError::DamagedArchive { problem }) => {
                unzipped.left_out.push(format!("{name} ({problem})"))
            }
            Err(error) => return Err(error),
        }
    }
    Ok(unzipped)
}

fn unpacked(from: impl Read, limit: usize) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    from.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| ReadError::DamagedArchive {
            problem: error.to_string(),
        })?;
    if bytes.len() > limit {
        return Err(ReadError::TooLarge {
            limit: MOST_UNPACKED >> 20,
        });
    }
    Ok(bytes)
}
