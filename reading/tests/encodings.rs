//! Files in every encoding, from their bytes to their text.
#![cfg(not(target_arch = "wasm32"))]
#![cfg(feature = "tables")]
// A test may panic: its helpers too.
#![allow(clippy::unwrap_used)]

use charloom_reading::{Confidence, Decoded, Encoding, EncodingChoice, ReadError, decode};
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
    match encoding {
        Encoding::Utf16Le => return text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => return text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        _ => (),
    }
    let table = encoding_rs::Encoding::for_label(encoding.label().as_bytes()).unwrap();
    let (bytes, _, lossy) = table.encode(text);
    assert!(
        !lossy,
        "the fixture cannot be written in {encoding}: {text}"
    );
    bytes.into()
}

fn auto(bytes: &[u8]) -> Result<Decoded, ReadError> {
    decode(bytes, EncodingChoice::Auto)
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
    let text = include_str!("../../assets/corpora/lyrics-zh.txt");
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
            let decoded = decode(&bytes, choice).unwrap();
            let (bom, replaced, confidence) = (true, 0, Confidence::Certain);
            assert_eq!(
                decoded,
                Decoded {
                    text: "好".into(),
                    encoding,
                    bom,
                    replaced,
                    confidence,
                    strays: 0,
                    marks: 0,
                    changes: Vec::new(),
                }
            );
        }
        assert_eq!(auto(&encode("\u{FEFF}", encoding)), Err(ReadError::Empty));
        assert_eq!(
            auto(&encode("\u{FEFF} \r\n", encoding)),
            Err(ReadError::Empty)
        );
    }
}

#[test]
fn a_chosen_encoding_is_used() {
    for (text, encoding) in CASES {
        let decoded = decode(&encode(text, encoding), EncodingChoice::Use(encoding)).unwrap();
        assert_eq!((decoded.text.as_str(), decoded.replaced), (text, 0));
    }
    // Also a wrong one; the reader sees what comes of it.
    let bytes = encode(SIMPLIFIED, Encoding::Gb18030);
    let decoded = decode(&bytes, EncodingChoice::Use(Encoding::Utf8)).unwrap();
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
        Err(ReadError::Binary { looks_like, .. }) => looks_like,
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
        Some("a ZIP archive")
    );
    assert_eq!(binary(&[0; 100]), None);
    let utf32: Vec<u8> = "\u{FEFF}abc中文"
        .chars()
        .flat_map(|c| (c as u32).to_le_bytes())
        .collect();
    assert_eq!(binary(&utf32), Some("text in UTF-32"));
    // Chosen encodings do not make it one.
    for encoding in Encoding::ALL {
        let error = decode(&[1; 100], EncodingChoice::Use(encoding));
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
        assert_eq!(auto(empty), Err(ReadError::Empty));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_text_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let choices = Encoding::ALL.map(EncodingChoice::Use);
        for choice in choices.into_iter().chain([EncodingChoice::Auto]) {
            match decode(&bytes, choice) {
                Ok(decoded) => prop_assert!(!decoded.text.trim().is_empty()),
                Err(error) => prop_assert!(["empty", "binary", "no-encoding"].contains(&error.code())),
            }
        }
    }

    #[test]
    fn utf8_is_always_recognised(text in "[^\\x00-\\x1F\\x7F\u{FEFF}]{1,80}") {
        prop_assume!(text.chars().any(|c| !c.is_whitespace() && c != char::REPLACEMENT_CHARACTER));
        let decoded = auto(text.as_bytes()).unwrap();
        prop_assert_eq!((decoded.encoding, decoded.confidence), (Encoding::Utf8, Confidence::Certain));
        prop_assert_eq!(decoded.text, text);
    }

    #[test]
    fn a_chosen_unicode_encoding_returns_the_text(text in "[^\\x00-\\x1F\\x7F\u{FEFF}]{1,80}") {
        prop_assume!(text.chars().any(|c| !c.is_whitespace() && c != char::REPLACEMENT_CHARACTER));
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Gb18030] {
            let bytes = match encoding {
                // Private-use characters have moved between editions of GB18030.
                Encoding::Gb18030 if text.chars().any(|c| ('\u{E000}'..='\u{F8FF}').contains(&c)) => continue,
                _ => encode(&text, encoding),
            };
            let decoded = decode(&bytes, EncodingChoice::Use(encoding)).unwrap();
            prop_assert_eq!((decoded.text, decoded.replaced), (text.clone(), 0));
        }
    }
}

/// Lines of songs that nobody sang yet, one a language, and the encodings that people have such texts in.
const ALPHABETS: [(&str, &[Encoding]); 13] = [
    (
        "Дождь идёт, и я опять один.\nПод окном твоим горит фонарь, и вечер долгий не кончается.\nПомнишь ли ты наши песни у реки?\n",
        &[
            Encoding::Windows1251,
            Encoding::Koi8R,
            Encoding::Ibm866,
            Encoding::Iso8859_5,
            Encoding::Utf16Le,
            Encoding::Utf16Be,
        ],
    ),
    (
        "雨の夜に君を思い出す。\nあの坂道で笑っていたね、ラジオから流れる歌のように。\nさよならも言えないまま、朝が来る。\n",
        &[
            Encoding::ShiftJis,
            Encoding::EucJp,
            Encoding::Iso2022Jp,
            Encoding::Utf16Le,
            Encoding::Utf16Be,
        ],
    ),
    (
        "비가 내리는 밤에 너를 생각해.\n우리가 걷던 그 길 위에 달빛이 내려와 노래를 부르네.\n사랑한다는 말도 하지 못하고 아침이 온다.\n",
        &[Encoding::EucKr, Encoding::Utf16Le, Encoding::Utf16Be],
    ),
    (
        "คืนที่ฝนตกฉันคิดถึงเธอ\nบนทางที่เราเคยเดินด้วยกัน พระจันทร์ส่องแสงลงมา\nยังไม่ทันได้บอกรักก็เช้าแล้ว\n",
        &[Encoding::Windows874, Encoding::Utf16Le, Encoding::Utf16Be],
    ),
    (
        "בלילה של גשם אני חושב עליך\nעל הדרך שבה הלכנו יחד, הירח מאיר את השדות\nולא אמרתי לך שאני אוהב, והבוקר בא\n",
        &[Encoding::Windows1255, Encoding::Utf16Le, Encoding::Utf16Be],
    ),
    (
        "في ليلة المطر أفكر فيك\nعلى الطريق الذي مشينا فيه معا، والقمر يضيء الحقول\nولم أقل لك إني أحبك حتى جاء الصباح\n",
        &[Encoding::Windows1256, Encoding::Utf16Le, Encoding::Utf16Be],
    ),
    (
        "Τη νύχτα με τη βροχή σε σκέφτομαι\nστον δρόμο που περπατήσαμε μαζί, και το φεγγάρι φωτίζει τα χωράφια\nδεν σου είπα πως σ' αγαπώ κι ήρθε το πρωί\n",
        &[Encoding::Windows1253, Encoding::Utf16Le, Encoding::Utf16Be],
    ),
    (
        "W deszczową noc myślę o tobie, miła\nna ścieżce, którą szliśmy razem, księżyc oświetla łąki i żółte pola\nnie zdążyłem powiedzieć, że cię kocham, a już świt\n",
        &[
            Encoding::Windows1250,
            Encoding::Iso8859_2,
            Encoding::Utf16Le,
            Encoding::Utf16Be,
        ],
    ),
    (
        "Yağmurlu gecede seni düşünüyorum\nbirlikte yürüdüğümüz yolda ay ışığı tarlaları aydınlatıyor\nsana seni sevdiğimi söyleyemeden sabah oldu, güneş doğdu\n",
        &[Encoding::Windows1254, Encoding::Utf16Le, Encoding::Utf16Be],
    ),
    (
        "Lietingą naktį galvoju apie tave\nkelyje, kuriuo ėjome kartu, mėnulis šviečia į laukus ir žalius miškus\nnespėjau pasakyti, kad myliu, o jau išaušo rytas\n",
        &[Encoding::Windows1257, Encoding::Utf16Le, Encoding::Utf16Be],
    ),
    (
        "बरसात की रात में तुम्हारी याद आती है\nजिस राह पर हम साथ चले थे वहाँ चाँद चमकता है\nकह न पाया कि प्यार है और सुबह हो गई\n",
        &[Encoding::Utf16Le, Encoding::Utf16Be],
    ),
    (
        "წვიმიან ღამეს შენზე ვფიქრობ\nგზაზე, სადაც ერთად ვიარეთ, მთვარე ანათებს\n",
        &[Encoding::Utf16Le, Encoding::Utf16Be],
    ),
    (
        "Անձրևոտ գիշերը քեզ եմ հիշում\nայն ճանապարհին, ուր քայլում էինք միասին\n",
        &[Encoding::Utf16Le, Encoding::Utf16Be],
    ),
];

#[test]
fn texts_in_any_alphabet_are_recognised() {
    for (text, encodings) in ALPHABETS {
        for &encoding in encodings {
            for text in [text.to_owned(), text.repeat(200)] {
                let decoded = auto(&encode(&text, encoding)).unwrap();
                assert_eq!(decoded.encoding, encoding, "{text:.60}");
                assert_eq!((decoded.text, decoded.replaced), (text, 0));
            }
        }
    }
}

/// Every line by itself, where the detection has little to go by, in the scripts that have evidence of their own.
#[test]
fn single_lines_of_korean_and_japanese_are_recognised() {
    for (text, encodings) in &ALPHABETS[1..3] {
        for &encoding in *encodings {
            for line in text.lines() {
                let decoded = auto(&encode(line, encoding)).unwrap();
                assert_eq!((decoded.encoding, decoded.text.as_str()), (encoding, line));
            }
        }
    }
}

fn file(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    std::fs::read(path).unwrap()
}

#[test]
fn the_files_that_people_have() {
    for (name, encoding, first) in [
        ("ko-utf16le-no-mark.txt", Encoding::Utf16Le, "비가"),
        ("th-utf16be-no-mark.txt", Encoding::Utf16Be, "ฝนตก"),
        ("ja-eucjp.txt", Encoding::EucJp, "雨の音が"),
        ("ru-windows1251.txt", Encoding::Windows1251, "Дождь стучит"),
        ("song-gbk.lrc", Encoding::Gb18030, "[ti:灯]"),
    ] {
        let decoded = auto(&file(name)).unwrap();
        assert_eq!(
            (decoded.encoding, decoded.replaced),
            (encoding, 0),
            "{name}"
        );
        assert!(
            decoded.text.starts_with(first),
            "{name}: {:.40}",
            decoded.text
        );
        assert!(decoded.confidence >= Confidence::Likely, "{name}");
    }
}

#[test]
fn stray_bytes_of_windows_1252_in_utf8_are_read_as_such() {
    let decoded = auto(&file("utf8-with-stray-cp1252.txt")).unwrap();
    assert_eq!(
        (decoded.encoding, decoded.strays, decoded.replaced),
        (Encoding::Utf8, 24, 0)
    );
    assert_eq!(decoded.text.matches('’').count(), 96);
    assert!(!decoded.text.contains('â'));

    let decoded =
        auto(b"Caf\xC3\xA9 br\xFBl\xE9, cr\xE8me br\xC3\xBBl\xC3\xA9e \x96 d\xE9j\xE0 vu: \x80 5")
            .unwrap();
    assert_eq!(decoded.text, "Café brûlé, crème brûlée – déjà vu: € 5");
    assert_eq!((decoded.encoding, decoded.strays), (Encoding::Utf8, 7));
    // In a Chinese text beside English words; but not what is left of a hanzi.
    let bytes = [
        SIMPLIFIED.as_bytes(),
        b"don\x92t ",
        &SIMPLIFIED.as_bytes()[1..],
    ]
    .concat();
    let decoded = auto(&bytes).unwrap();
    assert!(decoded.text.contains("don’t "));
    assert_eq!((decoded.strays, decoded.replaced), (1, 2));
}

#[test]
fn joined_encodings_are_read_part_by_part() {
    let decoded = auto(&file("utf8-then-gbk.txt")).unwrap();
    assert_eq!((decoded.encoding, decoded.replaced), (Encoding::Utf8, 0));
    assert_eq!(decoded.changes.len(), 1);
    assert_eq!(decoded.changes[0].1, Encoding::Gb18030);
    let lines: Vec<&str> = decoded.text.lines().collect();
    assert!(
        lines
            .iter()
            .all(|line| line.chars().all(|c| !c.is_ascii() || c == ' ')),
        "{lines:?}"
    );

    // In any order, with and without marks.
    let parts = [
        (SIMPLIFIED, Encoding::Utf8, false),
        (SIMPLIFIED, Encoding::Gb18030, false),
        (SIMPLIFIED, Encoding::Utf16Le, true),
        (TRADITIONAL, Encoding::Utf8, true),
        (TRADITIONAL, Encoding::Big5, false),
        (TRADITIONAL, Encoding::Utf16Be, true),
        (POEM, Encoding::Utf16Le, true),
    ];
    for a in parts {
        for b in parts {
            // Two legacy encodings side by side, or UTF-16 with something unmarked behind it, cannot be told apart.
            let wide = |e| matches!(e, Encoding::Utf16Le | Encoding::Utf16Be);
            let table = |e| matches!(e, Encoding::Gb18030 | Encoding::Big5);
            if (wide(a.1) && !b.2) || (table(a.1) && table(b.1) && a.1 != b.1) {
                continue;
            }
            let bytes: Vec<u8> = [a, b]
                .into_iter()
                .flat_map(|(text, encoding, mark)| {
                    encode(
                        &format!("{}{text}", if mark { "\u{FEFF}" } else { "" }),
                        encoding,
                    )
                })
                .collect();
            let decoded = auto(&bytes).unwrap();
            let what = format!("{} {} then {} {}", a.1, a.2, b.1, b.2);
            assert_eq!(decoded.text, format!("{}{}", a.0, b.0), "{what}");
            assert_eq!(decoded.replaced, 0, "{what}");
            let line = a.0.matches('\n').count() + 1;
            let changes = if a.1 == b.1 {
                vec![]
            } else {
                vec![(line, b.1)]
            };
            assert_eq!(decoded.changes, changes, "{what}");
            assert_eq!(
                (decoded.bom, decoded.marks),
                (a.2, usize::from(b.2)),
                "{what}"
            );
        }
    }
}

#[test]
fn marks_where_files_were_joined_are_no_characters() {
    let decoded = auto(&file("three-files-joined-with-boms.txt")).unwrap();
    assert_eq!((decoded.bom, decoded.marks), (true, 2));
    assert!(!decoded.text.contains('\u{FEFF}'));
    for encoding in [
        Encoding::Utf8,
        Encoding::Utf16Le,
        Encoding::Utf16Be,
        Encoding::Gb18030,
    ] {
        let bytes = encode("\u{FEFF}one\n\u{FEFF}two\u{FEFF}\n", encoding);
        for choice in [EncodingChoice::Auto, EncodingChoice::Use(encoding)] {
            let decoded = decode(&bytes, choice).unwrap();
            assert_eq!(
                (decoded.text.as_str(), decoded.bom, decoded.marks),
                ("one\ntwo\n", true, 2)
            );
        }
    }
    // Hostile: nothing but marks takes no longer than its length.
    assert_eq!(
        auto(&b"\xEF\xBB\xBF".repeat(300_000)),
        Err(ReadError::Empty)
    );
    assert!(auto(&[b"a\n".as_slice(), &b"\xFF\xFE".repeat(300_000)].concat()).is_ok());
}

/// Where no encoding fits, that is said, and any can be chosen.
#[test]
fn what_no_encoding_reads_is_refused() {
    // Text whose every byte was turned round: letters and spaces, but of no language.
    let bytes: Vec<u8> = (0..2000u32)
        .map(|i| 0x80 | (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    match auto(&bytes) {
        Err(ReadError::NoEncoding { replaced, .. }) => assert!(replaced > 2),
        other => panic!("{other:?}"),
    }
    for encoding in Encoding::ALL {
        match decode(&bytes, EncodingChoice::Use(encoding)) {
            Ok(decoded) => assert_eq!(
                (decoded.encoding, decoded.confidence),
                (encoding, Confidence::Certain)
            ),
            // Nothing but control codes, or nothing at all that could be read.
            Err(error) => assert!(matches!(error.code(), "binary" | "empty"), "{encoding}"),
        }
    }
}

/// A chosen encoding returns what was written in it, whatever that is.
#[test]
fn a_chosen_encoding_round_trips() {
    for encoding in Encoding::ALL {
        let table = encoding_rs::Encoding::for_label(encoding.label().as_bytes()).unwrap();
        let mut text = String::from("a, b\n");
        for code in (0xA0..0x1000)
            .chain(0x2010..0x2050)
            .chain(0x3041..0x30FF)
            .chain(0x4E00..0x9FA5)
            .chain(0xAC00..0xD7A4)
        {
            let Some(c) = char::from_u32(code) else {
                continue;
            };
            let one = c.to_string();
            let wide = matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be);
            // Some tables read two codes as one character.
            let (bytes, _, lossy) = table.encode(&one);
            if wide || (!lossy && table.decode_without_bom_handling(&bytes).0 == one) {
                text.push(c);
            }
        }
        let decoded = decode(&encode(&text, encoding), EncodingChoice::Use(encoding)).unwrap();
        assert_eq!(
            (decoded.text, decoded.replaced, decoded.strays),
            (text, 0, 0),
            "{encoding}"
        );
    }
}
