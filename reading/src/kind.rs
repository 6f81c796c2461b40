//! What a file is that is no plain text, by its content.

pub(crate) const UTF_32: &str = "text in UTF-32";
pub(crate) const MODEL: &str = "a model file";

const SIGNATURES: [(&[u8], &str); 18] = [
    (b"\xFF\xFE\0\0", UTF_32),
    (b"\0\0\xFE\xFF", UTF_32),
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "rich text (RTF)"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xD0\xCF\x11\xE0", "an old Word or Excel document"),
    (b"\x1F\x8B", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xBC\xAF", "a 7-Zip archive"),
    (b"\xFD7zXZ\0", "an XZ archive"),
    (b"\x89PNG", "a PNG image"),
    (b"\xFF\xD8\xFF", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "an audio, video or WebP file"),
    (b"ID3", "an MP3 file"),
    (b"SQLite format 3", "a database"),
    (b"BZh9", "a bzip2 archive"),
];
/// Where a tar archive says that it is one.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// Documents that are ZIP archives: what the first name in them, or near it, is.
const PACKED: [(&[u8], &str); 6] = [
    (b"word/", "a Word document"),
    (b"xl/", "an Excel table"),
    (b"ppt/", "a PowerPoint presentation"),
    (b"application/epub+zip", "an EPUB book"),
    (
        b"application/vnd.oasis.opendocument",
        "an OpenDocument file",
    ),
    (b"Index/Document.iwa", "a Pages document"),
];

/// In words, where the content says it.
pub(crate) fn of(bytes: &[u8]) -> Option<&'static str> {
    if is_model(bytes) {
        return Some(MODEL);
    }
    if bytes
        .get(TAR.0..)
        .is_some_and(|rest| rest.starts_with(TAR.1))
    {
        return Some("a tar archive");
    }
    let found = SIGNATURES
        .into_iter()
        .find(|(start, _)| bytes.starts_with(start));
    found.map(|(_, kind)| kind)
}

pub(crate) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1F\x8B")
}

/// Documents with a text inside that only their own program can take out; `None` where `bytes` may be a text.
pub(crate) fn document(bytes: &[u8]) -> Option<&'static str> {
    const HEAD: usize = 4096;
    let head = &bytes[..bytes.len().min(HEAD)];
    if is_zip(bytes) {
        let holds =
            |name: &[u8]| head.windows(name.len()).any(|at| at == name) || tail_holds(bytes, name);
        return PACKED
            .into_iter()
            .find(|(name, _)| holds(name))
            .map(|(_, kind)| kind);
    }
    let start = head
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .unwrap_or(0);
    let lower: Vec<u8> = head[start..]
        .iter()
        .take(16)
        .map(u8::to_ascii_lowercase)
        .collect();
    if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
        return Some("a web page (HTML)");
    }
    of(bytes).filter(|&kind| {
        matches!(
            kind,
            "a PDF document" | "rich text (RTF)" | "an old Word or Excel document"
        )
    })
}

/// The names once more, at an archive's end.
fn tail_holds(bytes: &[u8], name: &[u8]) -> bool {
    const TAIL: usize = 16 * 1024;
    let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
    tail.windows(4 + name.len()).any(|at| at.ends_with(name))
}

/// safetensors: the length of a JSON object, and that.
pub(crate) fn is_model(bytes: &[u8]) -> bool {
    const MOST: u64 = 100_000_000;
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return false;
    };
    (2..=MOST).contains(&u64::from_le_bytes(*length)) && rest.starts_with(b"{\"")
}
