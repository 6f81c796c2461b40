//! Files in every encoding, from their bytes to their text.
#![cfg(not(target_arch = "wasm32"))]
#![cfg(feature = "encodings")]

use charloom::text::{
    Confidence, Decoded, Encoding, EncodingChoice, EncodingRsTables, TextError, decode, embedded,
};
use proptest::prelude::*;

const SIMPLIFIED: &str = "\
清晨的雨停在窗前，我把昨天的信又读了一遍。你说南方的春天来得很早，街边的树已经开满了花。
我还站在老地方，看电车慢慢走过，像小时候我们一起数过的那些日子。
如果有一天你回来，请不要问我这几年过得好不好，只要陪我喝一杯茶，听我唱完这首歌。
风从海上吹过来，带着一点咸味，也带着没有说出口的话。“我们都会变老的。”她笑着说，眼睛里却有泪光。
夜深了，城市的灯一盏一盏地灭，只有便利店还亮着，店员趴在柜台上睡着了。
";
const TRADITIONAL: &str = "\
清晨的雨停在窗前，我把昨天的信又讀了一遍。你說南方的春天來得很早，街邊的樹已經開滿了花。
我還站在老地方，看電車慢慢走過，像小時候我們一起數過的那些日子。
如果有一天你回來，請不要問我這幾年過得好不好，只要陪我喝一杯茶，聽我唱完這首歌。
風從海上吹過來，帶著一點鹹味，也帶著沒有說出口的話。「我們都會變老的。」她笑著說，眼睛裡卻有淚光。
夜深了，城市的燈一盞一盞地滅，只有便利店還亮著，店員趴在櫃檯上睡著了。
";
const POEM: &str = "床前明月光，疑是地上霜。举头望明月，低头思故乡。\n白日依山尽，黄河入海流。欲穷千里目，更上一层楼。\n";
const FRENCH: &str = "\
Ce matin-là, la rue était encore mouillée et les volets fermés. « Tu reviendras ? » demanda-t-elle à voix basse.
Il ne répondit pas tout de suite : l’été finissait, les hôtels se vidaient, et la mer avait déjà changé de couleur.
Où irait-il, après ? Là-bas, peut-être, où l’on ne connaît ni son nom ni ses créanciers ; ça lui plaisait assez.
Élodie referma la fenêtre… Garçon, un café crème, s’il vous plaît !
";
const GERMAN: &str = "Über den Dächern lag früher Schnee. Die Mädchen grüßten höflich, während die Straße leer blieb. „Schön“, sagte er.\n";
const ENGLISH: &str = "It’s the last train out of town, and I don’t know what you’d say. “Stay,” perhaps – or nothing at all…\n";
const MIXED: &str =
    "Baby 我爱你 forever，don't go 别走 tonight\nOh oh 再见 la la la 忘了我 and smile\n";
const MIXED_TRADITIONAL: &str =
    "Baby 我愛你 forever，don't go 別走 tonight\nOh oh 再見 la la la 忘了我 and smile\n";

fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    let table = match encoding {
        Encoding::Utf8 => return text.into(),
        Encoding::Utf16Le => return text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => return text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Encoding::Gb18030 => encoding_rs::GB18030,
        Encoding::Big5 => encoding_rs::BIG5,
        Encoding::Windows1252 => encoding_rs::WINDOWS_1252,
    };
    let (bytes, _, lossy) = table.encode(text);
    assert!(
        !lossy,
        "the fixture cannot be written in {encoding}: {text}"
    );
    bytes.into()
}

fn auto(bytes: &[u8]) -> Result<Decoded, TextError> {
    decode(bytes, EncodingChoice::Auto, &EncodingRsTables)
}

/// All stretches of `len` characters.
fn stretches(text: &str, len: usize) -> impl Iterator<Item = String> {
    let chars: Vec<char> = text.chars().collect();
    let all: Vec<String> = chars
        .windows(len)
        .map(|window| window.iter().collect())
        .collect();
    all.into_iter()
}

/// Stretches of `len` characters whose encoding was not found, of how many.
fn misses(text: &str, encoding: Encoding, len: usize) -> (Vec<String>, usize) {
    let mut missed = Vec::new();
    let mut count = 0;
    for stretch in
        stretches(text, len).filter(|stretch| !stretch.is_ascii() && !stretch.trim().is_empty())
    {
        count += 1;
        match auto(&encode(&stretch, encoding)) {
            Ok(decoded) if decoded.encoding == encoding => {
                assert_eq!(
                    (decoded.text, decoded.replaced, decoded.bom),
                    (stretch, 0, false)
                );
            }
            found => missed.push(format!("{stretch:?}: {found:?}")),
        }
    }
    (missed, count)
}

const CASES: [(&str, Encoding); 16] = [
    (MIXED, Encoding::Gb18030),
    (MIXED_TRADITIONAL, Encoding::Big5),
    (SIMPLIFIED, Encoding::Utf8),
    (SIMPLIFIED, Encoding::Utf16Le),
    (SIMPLIFIED, Encoding::Utf16Be),
    (SIMPLIFIED, Encoding::Gb18030),
    (POEM, Encoding::Gb18030),
    (TRADITIONAL, Encoding::Utf16Le),
    (TRADITIONAL, Encoding::Gb18030),
    (TRADITIONAL, Encoding::Big5),
    (FRENCH, Encoding::Utf8),
    (FRENCH, Encoding::Utf16Le),
    (FRENCH, Encoding::Utf16Be),
    (FRENCH, Encoding::Windows1252),
    (GERMAN, Encoding::Windows1252),
    (ENGLISH, Encoding::Windows1252),
];

#[test]
fn every_stretch_of_twenty_characters_is_recognised() {
    for (text, encoding) in CASES {
        for len in [20, 35, 90] {
            let (missed, count) = misses(text, encoding, len);
            assert!(count > 0 || len == 90, "{encoding} {len}");
            assert!(
                missed.is_empty(),
                "{encoding}, {len}: {} of {count}: {missed:#?}",
                missed.len()
            );
        }
    }
}

#[test]
fn most_stretches_of_six_characters_are_recognised() {
    for (text, encoding) in CASES {
        let (missed, count) = misses(text, encoding, 6);
        assert!(
            missed.len() * 20 <= count,
            "{encoding}: {} of {count}: {missed:#?}",
            missed.len()
        );
    }
}

/// Text that the scores were not made with.
#[test]
fn any_twenty_characters_of_the_chinese_lyrics_are_recognised() {
    let text = embedded()
        .iter()
        .find(|corpus| corpus.language == "zh-Hans")
        .unwrap()
        .text;
    for encoding in [Encoding::Gb18030, Encoding::Utf16Le, Encoding::Utf16Be] {
        let (missed, count) = misses(text, encoding, 20);
        assert!(
            missed.is_empty(),
            "{encoding}: {} of {count}: {missed:#?}",
            missed.len()
        );
    }
}

#[test]
fn long_texts_are_likely_and_utf8_is_certain() {
    for (text, encoding) in CASES {
        let decoded = auto(&encode(&text.repeat(300), encoding)).unwrap();
        let expected = if encoding == Encoding::Utf8 {
            Confidence::Certain
        } else {
            Confidence::Likely
        };
        assert_eq!((decoded.encoding, decoded.confidence), (encoding, expected));
        assert_eq!(decoded.text, text.repeat(300));
    }
}

#[test]
fn a_byte_order_mark_decides_and_is_removed() {
    for encoding in [
        Encoding::Utf8,
        Encoding::Utf16Le,
        Encoding::Utf16Be,
        Encoding::Gb18030,
    ] {
        let bytes = encode("\u{FEFF}好", encoding);
        for choice in [EncodingChoice::Auto, EncodingChoice::Use(encoding)] {
            let decoded = decode(&bytes, choice, &EncodingRsTables).unwrap();
            let (bom, replaced, confidence) = (true, 0, Confidence::Certain);
            assert_eq!(
                decoded,
                Decoded {
                    text: "好".into(),
                    encoding,
                    bom,
                    replaced,
                    confidence
                }
            );
        }
        assert_eq!(auto(&encode("\u{FEFF}", encoding)), Err(TextError::Empty));
        assert_eq!(
            auto(&encode("\u{FEFF} \r\n", encoding)),
            Err(TextError::Empty)
        );
    }
}

#[test]
fn a_chosen_encoding_is_used() {
    for (text, encoding) in CASES {
        let decoded = decode(
            &encode(text, encoding),
            EncodingChoice::Use(encoding),
            &EncodingRsTables,
        )
        .unwrap();
        assert_eq!((decoded.text.as_str(), decoded.replaced), (text, 0));
    }
    // Also a wrong one; the reader sees what comes of it.
    let bytes = encode(SIMPLIFIED, Encoding::Gb18030);
    let decoded = decode(
        &bytes,
        EncodingChoice::Use(Encoding::Utf8),
        &EncodingRsTables,
    )
    .unwrap();
    assert!(decoded.replaced > 100);
    assert_eq!(decoded.text.matches('\u{FFFD}').count(), decoded.replaced);
}

#[test]
fn a_file_may_be_cut_inside_a_character() {
    for (text, encoding) in CASES {
        let bytes = encode(text.trim_end(), encoding);
        let width = bytes.len()
            - encode(
                &text.trim_end()[..text.trim_end().char_indices().last().unwrap().0],
                encoding,
            )
            .len();
        for cut in 1..width {
            let decoded = auto(&bytes[..bytes.len() - cut]).unwrap();
            assert_eq!((decoded.encoding, decoded.replaced), (encoding, 1), "{cut}");
            let whole = decoded.text.strip_suffix('\u{FFFD}').unwrap();
            assert!(text.starts_with(whole));
        }
    }
}

#[test]
fn broken_utf8_stays_utf8() {
    let mut bytes = encode(SIMPLIFIED, Encoding::Utf8);
    bytes.insert(30, 0xFF);
    bytes.remove(300);
    let decoded = auto(&bytes).unwrap();
    assert_eq!(
        (decoded.encoding, decoded.confidence),
        (Encoding::Utf8, Confidence::Likely)
    );
    assert_eq!(decoded.replaced, decoded.text.matches('\u{FFFD}').count());
    assert!((2..=3).contains(&decoded.replaced));
}

#[test]
fn foreign_text_after_much_ascii_is_found() {
    let header = "This file may be copied freely. ".repeat(10_000);
    for (text, encoding) in CASES {
        if !matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be) {
            let text = format!("{header}{text}");
            let decoded = auto(&encode(&text, encoding)).unwrap();
            assert_eq!((decoded.encoding, decoded.text), (encoding, text));
        }
    }
}

#[test]
fn what_is_no_text_is_refused() {
    let binary = |bytes: &[u8]| match auto(bytes) {
        Err(TextError::Binary { looks_like, .. }) => looks_like,
        other => panic!("{other:?}"),
    };
    let noise: Vec<u8> = (0u32..4000)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    assert_eq!(binary(&noise), None);
    assert_eq!(
        binary(&[b"%PDF-1.7\n".as_slice(), &noise].concat()),
        Some("a PDF document")
    );
    assert_eq!(
        binary(&[b"PK\x03\x04".as_slice(), &noise].concat()),
        Some("a ZIP archive, such as a Word or EPUB document")
    );
    assert_eq!(binary(&[0; 100]), None);
    let utf32: Vec<u8> = "\u{FEFF}abc中文"
        .chars()
        .flat_map(|c| (c as u32).to_le_bytes())
        .collect();
    assert_eq!(binary(&utf32), Some("text in UTF-32"));
    // Chosen encodings do not make it one.
    for encoding in Encoding::ALL {
        let error = decode(&[1; 100], EncodingChoice::Use(encoding), &EncodingRsTables);
        match encoding {
            Encoding::Utf16Le | Encoding::Utf16Be => assert!(error.is_ok()), // U+0101, ā
            _ => assert_eq!(error.unwrap_err().code(), "binary"),
        }
    }
    // A stray control code is forgiven.
    assert_eq!(
        auto(b"a \x00stray one\x1A").unwrap().text,
        "a \0stray one\x1A"
    );
    for empty in [b"".as_slice(), b" \r\n\t"] {
        assert_eq!(auto(empty), Err(TextError::Empty));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_text_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let choices = Encoding::ALL.map(EncodingChoice::Use);
        for choice in choices.into_iter().chain([EncodingChoice::Auto]) {
            match decode(&bytes, choice, &EncodingRsTables) {
                Ok(decoded) => prop_assert!(!decoded.text.trim().is_empty()),
                Err(error) => prop_assert!(["empty", "binary"].contains(&error.code())),
            }
        }
    }

    #[test]
    fn utf8_is_always_recognised(text in "[^\\x00-\\x1F\\x7F\u{FEFF}]{1,80}") {
        prop_assume!(!text.trim().is_empty());
        let decoded = auto(text.as_bytes()).unwrap();
        prop_assert_eq!((decoded.encoding, decoded.confidence), (Encoding::Utf8, Confidence::Certain));
        prop_assert_eq!(decoded.text, text);
    }

    #[test]
    fn a_chosen_unicode_encoding_returns_the_text(text in "[^\\x00-\\x1F\\x7F\u{FEFF}]{1,80}") {
        prop_assume!(!text.trim().is_empty());
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Gb18030] {
            let bytes = match encoding {
                // Private-use characters have moved between editions of GB18030.
                Encoding::Gb18030 if text.chars().any(|c| ('\u{E000}'..='\u{F8FF}').contains(&c)) => continue,
                _ => encode(&text, encoding),
            };
            let decoded = decode(&bytes, EncodingChoice::Use(encoding), &EncodingRsTables).unwrap();
            prop_assert_eq!((decoded.text, decoded.replaced), (text.clone(), 0));
        }
    }
}
