//! The encodings of the WHATWG standard, by their names.

use super::ReadError;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Makes [`Encoding`]: a variant, its label and its table in `encoding_rs`.
macro_rules! encodings {
    ($($variant:ident $label:literal $table:ident $doc:literal;)+) => {
        /// A text encoding. Its name in JSON and in [`Encoding::label`] is the WHATWG label, as `TextDecoder` takes it.
        ///
        /// All of the WHATWG standard but GBK, whose bytes GB18030 reads alike, and the two that stand for no text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum Encoding {
            $(#[doc = $doc] $variant,)+
        }

        impl Encoding {
            /// Every encoding, in the order to offer them.
            pub const ALL: [Self; [$($label),+].len()] = [$(Self::$variant),+];

            /// The WHATWG label: `"gb18030"`.
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)+
                }
            }

            #[cfg(feature = "tables")]
            pub(crate) fn table(self) -> &'static encoding_rs::Encoding {
                match self {
                    $(Self::$variant => encoding_rs::$table,)+
                }
            }
        }
    };
}

encodings! {
    Utf8 "utf-8" UTF_8 "Also plain ASCII.";
    Utf16Le "utf-16le" UTF_16LE "UTF-16, low byte first.";
    Utf16Be "utf-16be" UTF_16BE "UTF-16, high byte first.";
    Gb18030 "gb18030" GB18030 "Simplified Chinese; the superset of GBK and GB2312.";
    Big5 "big5" BIG5 "Traditional Chinese, with the Hong Kong additions.";
    ShiftJis "shift_jis" SHIFT_JIS "Japanese on Windows.";
    EucJp "euc-jp" EUC_JP "Japanese on Unix.";
    Iso2022Jp "iso-2022-jp" ISO_2022_JP "Japanese in mail.";
    EucKr "euc-kr" EUC_KR "Korean, with the additions of Windows.";
    Windows1250 "windows-1250" WINDOWS_1250 "Central European on Windows.";
    Windows1251 "windows-1251" WINDOWS_1251 "Cyrillic on Windows.";
    Windows1252 "windows-1252" WINDOWS_1252 "Western European; also Latin-1.";
    Windows1253 "windows-1253" WINDOWS_1253 "Greek on Windows.";
    Windows1254 "windows-1254" WINDOWS_1254 "Turkish; also Latin-5.";
    Windows1255 "windows-1255" WINDOWS_1255 "Hebrew on Windows.";
    Windows1256 "windows-1256" WINDOWS_1256 "Arabic on Windows.";
    Windows1257 "windows-1257" WINDOWS_1257 "Baltic on Windows.";
    Windows1258 "windows-1258" WINDOWS_1258 "Vietnamese.";
    Windows874 "windows-874" WINDOWS_874 "Thai; also TIS-620.";
    Koi8R "koi8-r" KOI8_R "Russian on Unix.";
    Koi8U "koi8-u" KOI8_U "Ukrainian on Unix.";
    Ibm866 "ibm866" IBM866 "Cyrillic in DOS.";
    MacRoman "macintosh" MACINTOSH "Western European on old Macs.";
    MacCyrillic "x-mac-cyrillic" X_MAC_CYRILLIC "Cyrillic on old Macs.";
    Iso8859_2 "iso-8859-2" ISO_8859_2 "Central European.";
    Iso8859_3 "iso-8859-3" ISO_8859_3 "South European: Maltese, Esperanto.";
    Iso8859_4 "iso-8859-4" ISO_8859_4 "North European.";
    Iso8859_5 "iso-8859-5" ISO_8859_5 "Cyrillic.";
    Iso8859_6 "iso-8859-6" ISO_8859_6 "Arabic.";
    Iso8859_7 "iso-8859-7" ISO_8859_7 "Greek.";
    Iso8859_8 "iso-8859-8" ISO_8859_8 "Hebrew, in visual order.";
    Iso8859_8I "iso-8859-8-i" ISO_8859_8_I "Hebrew, in logical order.";
    Iso8859_10 "iso-8859-10" ISO_8859_10 "Nordic.";
    Iso8859_13 "iso-8859-13" ISO_8859_13 "Baltic.";
    Iso8859_14 "iso-8859-14" ISO_8859_14 "Celtic.";
    Iso8859_15 "iso-8859-15" ISO_8859_15 "Western European with the euro sign.";
    Iso8859_16 "iso-8859-16" ISO_8859_16 "Romanian.";
}

impl Encoding {
    /// The byte-order mark; empty where there is none.
    #[cfg(feature = "tables")]
    pub(crate) fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"\xEF\xBB\xBF",
            Self::Utf16Le => b"\xFF\xFE",
            Self::Utf16Be => b"\xFE\xFF",
            Self::Gb18030 => b"\x84\x31\x95\x33",
            _ => b"",
        }
    }

    /// Ours for one of `encoding_rs`.
    #[cfg(feature = "tables")]
    pub(crate) fn of_table(table: &'static encoding_rs::Encoding) -> Option<Self> {
        if table == encoding_rs::GBK {
            return Some(Self::Gb18030);
        }
        Self::ALL.into_iter().find(|e| e.table() == table)
    }

    /// By its label; where the tables are, by any name of the WHATWG standard: `"gbk"`, `"latin1"`. Case does not matter.
    fn named(name: &str) -> Option<Self> {
        let ours = Self::ALL
            .into_iter()
            .find(|encoding| name.eq_ignore_ascii_case(encoding.label()));
        #[cfg(feature = "tables")]
        let ours =
            ours.or_else(|| Self::of_table(encoding_rs::Encoding::for_label(name.as_bytes())?));
        ours
    }

    pub(crate) fn labels() -> String {
        Self::ALL.map(Self::label).join(", ")
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl From<Encoding> for &'static str {
    fn from(encoding: Encoding) -> Self {
        encoding.label()
    }
}

impl TryFrom<String> for Encoding {
    type Error = ReadError;

    fn try_from(name: String) -> Result<Self, ReadError> {
        Self::named(&name).ok_or(ReadError::UnknownEncoding { found: name })
    }
}

/// Which encoding to decode with. In JSON and on the command line: `"auto"` or a label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum EncodingChoice {
    /// Find out.
    #[default]
    Auto,
    /// This one, whatever the bytes look like.
    Use(Encoding),
}

impl EncodingChoice {
    pub(crate) const AUTO: &'static str = "auto";
}

impl fmt::Display for EncodingChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str((*self).into())
    }
}

impl FromStr for EncodingChoice {
    type Err = ReadError;

    /// Case does not matter. Errors: [`ReadError::UnknownEncoding`].
    fn from_str(name: &str) -> Result<Self, ReadError> {
        if name.eq_ignore_ascii_case(Self::AUTO) {
            return Ok(Self::Auto);
        }
        Encoding::try_from(name.to_owned()).map(Self::Use)
    }
}

impl TryFrom<String> for EncodingChoice {
    type Error = ReadError;

    fn try_from(name: String) -> Result<Self, ReadError> {
        name.parse()
    }
}

impl From<EncodingChoice> for &'static str {
    fn from(choice: EncodingChoice) -> Self {
        match choice {
            EncodingChoice::Auto => EncodingChoice::AUTO,
            EncodingChoice::Use(encoding) => encoding.label(),
        }
    }
}

/// How sure the encoding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The best of the candidates, by little, or a bad one: show the text and let the reader choose.
    Guess,
    /// The text reads well in this encoding and clearly worse in the others.
    Likely,
    /// Said by a byte-order mark, proved by strict UTF-8, or chosen by the caller.
    Certain,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_its_own_name() {
        for encoding in Encoding::ALL {
            assert_eq!(encoding.label().parse(), Ok(EncodingChoice::Use(encoding)));
            assert_eq!(EncodingChoice::Use(encoding).to_string(), encoding.label());
            #[cfg(feature = "tables")]
            assert_eq!(Encoding::of_table(encoding.table()), Some(encoding));
        }
        assert_eq!("AUTO".parse(), Ok(EncodingChoice::Auto));
        assert_eq!("Big5".parse(), Ok(EncodingChoice::Use(Encoding::Big5)));
        assert!("latin-9".parse::<EncodingChoice>().is_err());
    }

    #[cfg(feature = "tables")]
    #[test]
    fn other_names_of_the_standard_are_known() {
        for (name, encoding) in [
            ("gbk", Encoding::Gb18030),
            ("GB2312", Encoding::Gb18030),
            ("latin1", Encoding::Windows1252),
            ("sjis", Encoding::ShiftJis),
            ("tis-620", Encoding::Windows874),
        ] {
            assert_eq!(name.parse(), Ok(EncodingChoice::Use(encoding)));
        }
    }
}
