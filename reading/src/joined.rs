//! Files in several encodings that were joined into one: where one ends and the next begins.

use super::detect::{self, Part, legacy};
use super::encoding::{Confidence, Encoding};

/// No more marks than this are looked at, as each may take a look at a whole sample.
const MOST_MARKS: usize = 1000;
/// So much UTF-8 does not come about by chance in another encoding. A character of three bytes counts three times: of two
/// bytes there are many in GB18030.
const PROOF: usize = 24;
/// So many bytes that are not UTF-8 are a part, not damage.
const LEAST_BYTES: usize = 16;

/// Cuts where a byte-order mark begins a file in another encoding than the one before.
pub(crate) fn at_marks(bytes: &[u8]) -> Vec<&[u8]> {
    let is_wide = |at: &[u8]| {
        at.starts_with(Encoding::Utf16Le.mark()) || at.starts_with(Encoding::Utf16Be.mark())
    };
    let marks = bytes.windows(3).enumerate().skip(1);
    let marks = marks.filter(|(_, at)| is_wide(at) || *at == Encoding::Utf8.mark());
    let mut cuts = vec![0];
    for (at, start) in marks.take(MOST_MARKS) {
        let wide = is_wide(start);
        let before = &bytes[cuts[cuts.len() - 1]..at];
        // In UTF-16 of the same kind the mark is one character more; elsewhere it must begin what reads as its encoding.
        let cut = match encoding_before(before) {
            Some(wide_before) => {
                let inside =
                    before.len().is_multiple_of(2) && start.starts_with(wide_before.mark());
                !inside && begins_a_file(&bytes[at..])
            }
            None => wide && begins_a_file(&bytes[at..]),
        };
        if cut {
            cuts.push(at);
        }
    }
    cuts.push(bytes.len());
    cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect()
}

/// UTF-16, if that is what they are in.
fn encoding_before(bytes: &[u8]) -> Option<Encoding> {
    let wide = [Encoding::Utf16Le, Encoding::Utf16Be];
    let marked = wide
        .into_iter()
        .find(|encoding| bytes.starts_with(encoding.mark()));
    marked.or_else(|| detect::utf16(bytes))
}

/// Whether what follows a mark is what it says: looked at up to the next mark.
fn begins_a_file(bytes: &[u8]) -> bool {
    const LOOK: usize = 512;
    if let Some(body) = bytes.strip_prefix(Encoding::Utf8.mark()) {
        let body = &body[..body.len().min(LOOK)];
        let wrong: usize = body.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
        return !body.contains(&0) && wrong <= 3;
    }
    let (mark, body) = bytes.split_at(2);
    let body = &body[..body.len().min(LOOK)];
    detect::utf16(body).is_some_and(|encoding| encoding.mark() == mark)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Utf8,
    Other,
}

/// A stretch of lines of one kind, and how much speaks for it.
struct Stretch {
    kind: Kind,
    end: usize,
    evidence: usize,
}

/// Cuts where lines of UTF-8 and lines that are not meet; one part where there are none of either kind.
pub(crate) fn by_lines(bytes: &[u8]) -> Vec<Part<'_>> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut end = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        end += line.len();
        let (kind, evidence) = kind_of(line);
        match stretches.last_mut() {
            // ASCII goes with the lines before it.
            Some(last) if evidence == 0 || last.kind == kind => {
                last.end = end;
                last.evidence += evidence;
            }
            // … or, at the beginning, with those after.
            Some(last) if last.evidence == 0 => {
                *last = Stretch {
                    kind,
                    end,
                    evidence,
                }
            }
            _ => stretches.push(Stretch {
                kind,
                end,
                evidence,
            }),
        }
    }
    let enough = |stretch: &Stretch| match stretch.kind {
        Kind::Utf8 => stretch.evidence >= PROOF,
        Kind::Other => stretch.evidence >= LEAST_BYTES,
    };
    // Stretches with too little to show go with their neighbours.
    let mut sure: Vec<Stretch> = Vec::new();
    for stretch in stretches {
        match sure.last_mut() {
            Some(last) if last.kind == stretch.kind || !enough(&stretch) => last.end = stretch.end,
            Some(last) if !enough(last) => *last = stretch,
            _ => sure.push(stretch),
        }
    }
    let mut from = 0;
    let cut = |stretch: &Stretch| {
        let bytes = &bytes[std::mem::replace(&mut from, stretch.end)..stretch.end];
        match stretch.kind {
            Kind::Utf8 => Part {
                bytes,
                encoding: Encoding::Utf8,
                confidence: Confidence::Likely,
                fits: true,
            },
            Kind::Other => legacy(bytes),
        }
    };
    sure.iter().map(cut).collect()
}

/// What a line is, and how much speaks for it: bytes beyond ASCII if it is not UTF-8.
fn kind_of(line: &[u8]) -> (Kind, usize) {
    let beyond = line.iter().filter(|byte| !byte.is_ascii()).count();
    if beyond > 0 && (std::str::from_utf8(line).is_ok() || detect::is_damaged_utf8(line)) {
        let chars = line.utf8_chunks().flat_map(|chunk| chunk.valid().chars());
        let weights = chars
            .filter(|c| !c.is_ascii())
            .map(|c| if c.len_utf8() > 2 { 3 } else { 1 });
        return (Kind::Utf8, weights.sum());
    }
    (Kind::Other, beyond)
}
