//! What people have texts in: lyrics with times, tables, archives; and what must be refused.
#![cfg(all(feature = "tables", not(target_arch = "wasm32")))]
// A test may panic: its helpers too.
#![allow(clippy::unwrap_used)]

use charloom_reading::{Choices, File, FormatChoice, Note, ReadError, Reading, read};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::{ZipWriter, write::SimpleFileOptions};

const VERSE: &str = "The kettle hums beside the door,\nI count the raindrops on the floor.\n";

fn data(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    std::fs::read(path).unwrap()
}

fn read_as(name: &str, bytes: &[u8], choices: &Choices) -> Result<Reading, ReadError> {
    read(&[File { name, bytes }], choices)
}

fn auto(name: &str, bytes: &[u8]) -> Result<Reading, ReadError> {
    read_as(name, bytes, &Choices::default())
}

fn codes(reading: &Reading) -> Vec<&'static str> {
    reading.notes.iter().map(Note::code).collect()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn lyrics_lose_their_times() {
    for name in ["song.lrc", "song-gbk.lrc"] {
        let bytes = data(name);
        let reading = auto(name, &bytes).unwrap();
        assert_eq!(reading.format, FormatChoice::Timed);
        assert!(!reading.text.contains(['[', ']']), "{}", reading.text);
        assert_eq!(codes(&reading), ["timed"]);
        // Whatever its name; and with them where that is chosen.
        assert_eq!(auto("song.txt", &bytes).unwrap().text, reading.text);
        let plain = Choices {
            format: FormatChoice::Plain,
            ..Choices::default()
        };
        let plain = read_as(name, &bytes, &plain).unwrap();
        assert!(plain.text.contains("[00:03.37]") && plain.notes.is_empty());
    }
    // Times and nothing else.
    assert_eq!(
        auto("a.lrc", b"[ti:a]\n[00:01.00]\n[00:02.00]\n[00:03.00]\n"),
        Err(ReadError::Empty)
    );
    // The name alone makes no times of what has none.
    let reading = auto("a.lrc", VERSE.as_bytes()).unwrap();
    assert_eq!(
        (reading.text.as_str(), reading.format),
        (VERSE, FormatChoice::Plain)
    );
}

#[test]
fn the_column_of_lyrics_is_read_and_another_can_be_chosen() {
    let bytes = data("songs.csv");
    let reading = auto("songs.csv", &bytes).unwrap();
    assert_eq!(
        (reading.format, reading.column.as_deref()),
        (FormatChoice::Table, Some("lyrics"))
    );
    assert_eq!(reading.columns, ["artist", "title", "lyrics"]);
    assert!(
        reading
            .text
            .starts_with("The kettle hums beside the door,\nI count")
    );
    assert!(!reading.text.contains(['"', '\r']) && !reading.text.contains("Nobody"));
    assert_eq!(auto("songs.txt", &bytes).unwrap().text, reading.text);
    let title = Choices {
        column: Some("title".into()),
        ..Choices::default()
    };
    assert!(
        read_as("songs.csv", &bytes, &title)
            .unwrap()
            .text
            .starts_with("Song \"0\"\n")
    );
    let missing = Choices {
        column: Some("words".into()),
        ..Choices::default()
    };
    assert_eq!(
        read_as("songs.csv", &bytes, &missing).unwrap_err().code(),
        "no-column"
    );
    // In another encoding, with semicolons; a field of 10 MB.
    let (gbk, ..) = encoding_rs::GBK.encode("歌手;歌词\n无名;\"雨落在小城，\n我数着灯火。\"\n");
    assert_eq!(
        auto("a.csv", &gbk).unwrap().text,
        "雨落在小城，\n我数着灯火。\n"
    );
    let large = format!("title,lyrics\nx,\"{}\"\n", VERSE.repeat(150_000));
    assert_eq!(
        auto("large.csv", large.as_bytes()).unwrap().text.len(),
        VERSE.len() * 150_000
    );
    // A quote that is never closed takes the rest, and no more.
    assert!(
        auto("open.csv", b"title,lyrics\nx,\"la la\nla\n")
            .unwrap()
            .text
            .contains("la la")
    );
    let lines = "{\"lyrics\": \"one\\ntwo\"}\n{\"lyrics\": \"three\"}\n";
    assert_eq!(
        auto("a.jsonl", lines.as_bytes()).unwrap().text,
        "one\ntwo\n\nthree\n"
    );
    assert_eq!(
        auto("a.txt", lines.as_bytes()).unwrap().format,
        FormatChoice::Json
    );
}

#[test]
fn documents_and_models_are_recognised_by_their_content() {
    let docx = zip(&[
        ("[Content_Types].xml", b"<x/>"),
        ("word/document.xml", b"<w/>"),
    ]);
    // Their first entry is stored as it is, so that it can be seen.
    let stored = |content: &[u8]| {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let stored =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file("mimetype", stored).unwrap();
        writer.write_all(content).unwrap();
        writer.finish().unwrap().into_inner()
    };
    let odt = stored(b"application/vnd.oasis.opendocument.text");
    let epub = stored(b"application/epub+zip");
    for (bytes, kind) in [
        (data("song.rtf"), "rich text (RTF)"),
        (b"%PDF-1.7\nhello\n".to_vec(), "a PDF document"),
        (docx, "a Word document"),
        (epub, "an EPUB book"),
        (odt, "an OpenDocument file"),
        (
            b"\n<!DOCTYPE html><html><body>la</body></html>".to_vec(),
            "a web page (HTML)",
        ),
    ] {
        for name in ["a.txt", "a"] {
            assert_eq!(auto(name, &bytes), Err(ReadError::Document { kind }));
        }
    }
    let plain = Choices {
        format: FormatChoice::Plain,
        ..Choices::default()
    };
    assert!(
        read_as("a.rtf", &data("song.rtf"), &plain)
            .unwrap()
            .text
            .starts_with("{\\rtf1")
    );
    let mut model = 20u64.to_le_bytes().to_vec();
    model.extend(b"{\"a\":{}}            ");
    assert_eq!(auto("model.txt", &model), Err(ReadError::Model));
}

#[test]
fn archives_of_texts_are_read() {
    let song = data("song.lrc");
    let packed = zip(&[
        ("b.txt", VERSE.as_bytes()),
        ("songs/a.lrc", &song),
        ("cover.png", b"\x89PNG\r\n\x1a\n\0\0\0\0"),
        ("__MACOSX/._b.txt", b"\0\x05\x16\x07"),
        (".DS_Store", b"\0\0\0\x01Bud1"),
        ("empty.txt", b""),
        ("inner.zip", &zip(&[("c.txt", b"never")])),
    ]);
    let reading = auto("songs.zip", &packed).unwrap();
    assert!(reading.text.starts_with(VERSE) && reading.text.contains("leave a lamp"));
    assert!(!reading.text.contains("never"));
    assert_eq!(codes(&reading), ["files", "left-out", "timed"]);
    assert_eq!(reading.notes[0].details()[1].1, "b.txt, songs/a.lrc");
    assert_eq!(
        reading.notes[1].details()[1].1,
        "cover.png (a PNG image), inner.zip (a ZIP archive), empty.txt (empty)"
    );
    let packed = gz(VERSE.as_bytes());
    assert_eq!(auto("a.txt.gz", &packed).unwrap().text, VERSE);
    assert!(matches!(
        auto("a.gz", &gz(&packed)),
        Err(ReadError::Document { .. })
    ));
    assert!(matches!(
        auto("a.zip", &zip(&[("a.png", b"\x89PNG")])),
        Err(ReadError::NoTexts { .. })
    ));
    assert!(matches!(
        auto("a.zip", &zip(&[])),
        Err(ReadError::NoTexts { .. } | ReadError::Binary { .. })
    ));
}

/// Nothing is believed of an archive, and nothing is unpacked beyond the limit.
#[test]
fn hostile_archives_are_refused() {
    const LIMIT: usize = 256 << 20;
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![b'a'; 1 << 20];
    for _ in 0..=LIMIT >> 20 {
        bomb.write_all(&zeros).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert_eq!(
        auto("bomb.gz", &bomb),
        Err(ReadError::TooLarge { limit: 256 })
    );
    // Two halves of one.
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["a.txt", "b.txt"] {
        writer
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        for _ in 0..=LIMIT >> 21 {
            writer.write_all(&zeros).unwrap();
        }
    }
    let bomb = writer.finish().unwrap().into_inner();
    assert_eq!(
        auto("bomb.zip", &bomb),
        Err(ReadError::TooLarge { limit: 256 })
    );
    // A length of 1 GiB that is not there: the last four bytes of gzip.
    let mut claim = gz(VERSE.as_bytes());
    let at = claim.len() - 4;
    claim[at..].copy_from_slice(&(1u32 << 30).to_le_bytes());
    assert!(matches!(
        auto("claim.gz", &claim),
        Err(ReadError::DamagedArchive { .. })
    ));
    // Cut anywhere behind what says that they are archives, both give an answer.
    for packed in [gz(VERSE.as_bytes()), zip(&[("a.txt", VERSE.as_bytes())])] {
        for end in 4..packed.len() {
            assert!(auto("cut", &packed[..end]).is_err(), "{end}");
        }
    }
}

#[test]
fn several_files_are_one_text() {
    let (gbk, ..) = encoding_rs::GBK.encode("雨落在小城的屋檐下，我数着灯火慢慢回家。");
    let files = [
        File {
            name: "a.txt",
            bytes: VERSE.trim_end().as_bytes(),
        },
        File {
            name: "b.txt",
            bytes: &gbk,
        },
        File {
            name: "c.lrc",
            bytes: &data("song.lrc"),
        },
    ];
    let reading = read(&files, &Choices::default()).unwrap();
    assert!(reading.text.starts_with(&format!(
        "{VERSE}\n雨落在小城的屋檐下，我数着灯火慢慢回家。\n\nThe kettle"
    )));
    assert_eq!(
        reading.notes[0].to_string(),
        "3 files were read, in this order: a.txt (utf-8), b.txt (gb18030), c.lrc (utf-8)"
    );
    // One that is empty, or no text, is an answer rather than a gap.
    let empty = [
        files[0],
        File {
            name: "e.txt",
            bytes: b"",
        },
    ];
    assert_eq!(read(&empty, &Choices::default()), Err(ReadError::Empty));
    assert_eq!(read(&[], &Choices::default()), Err(ReadError::Empty));
}

#[test]
fn odd_ends_and_empty_parts() {
    for bytes in [
        &b"\xFF\xFE"[..],
        b"\xFE\xFF",
        b"\xFF\xFE\x0A",
        b"\xEF\xBB\xBF",
        b"PK\x03\x04",
        b"\x1F\x8B",
    ] {
        assert!(auto("a", bytes).is_err(), "{bytes:?}");
    }
    let mut odd: Vec<u8> = VERSE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    odd.push(b'x');
    let reading = auto("odd.txt", &odd).unwrap();
    assert_eq!(codes(&reading), ["replaced"]);
    assert_eq!(reading.text, format!("{VERSE}\u{FFFD}"));
}

#[test]
fn choices_have_defaults_and_names() {
    let choices: Choices = serde_json::from_str("{}").unwrap();
    assert_eq!(choices, Choices::default());
    let json = r#"{"encoding":"koi8-r","format":"timed","column":"lyrics"}"#;
    let choices: Choices = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&choices).unwrap(), json);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_gives_a_text_or_an_error(
        start in prop::sample::select(vec![
            &b""[..], b"[00:01.00]", b"a,b\n", b"{\"a\":", b"PK\x03\x04", b"\x1F\x8B\x08\0", b"{\\rtf1", b"\xFF\xFE", b"1\n00:00:01,000 --> 00:00:02,000\n",
        ]),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        name in prop::sample::select(vec!["", "a.txt", "a.lrc", "a.csv", "a.jsonl", "a.zip", "a.gz"]),
        format in prop::sample::select(vec![
            FormatChoice::Auto, FormatChoice::Plain, FormatChoice::Timed, FormatChoice::Table, FormatChoice::Json,
        ]),
        column in proptest::option::of("[a-c0-3]{0,2}"),
    ) {
        let bytes = [start, &bytes[..]].concat();
        let choices = Choices { format, column, ..Choices::default() };
        if let Ok(reading) = read_as(name, &bytes, &choices) {
            prop_assert!(!reading.text.trim().is_empty());
            prop_assert!(reading.notes.iter().all(|note| !note.to_string().is_empty()));
        }
    }

    #[test]
    fn words_survive_their_times(lines in proptest::collection::vec("[a-zé中][a-zé中 ]{0,20}[a-z]", 3..20)) {
        let timed: String = lines.iter().enumerate().map(|(i, line)| format!("[{:02}:{:02}.50]{line}\n", i / 60, i % 60)).collect();
        let reading = auto("a.txt", timed.as_bytes()).unwrap();
        prop_assert_eq!(reading.text, lines.join("\n") + "\n");
    }

    #[test]
    fn a_column_survives_its_table(cells in proptest::collection::vec("[a-zé,\"中 \n]{0,20}[a-z]", 1..20)) {
        let quoted: String = cells.iter().map(|cell| format!("x,\"{}\"\n", cell.replace('"', "\"\""))).collect();
        let reading = auto("a.csv", format!("who,lyrics\n{quoted}").as_bytes()).unwrap();
        let between = if cells.iter().any(|cell| cell.contains('\n')) { "\n\n" } else { "\n" };
        prop_assert_eq!(reading.text, cells.join(between) + "\n");
    }
}
