//! Tables of songs, and songs as JSON: one column is the text.

use super::ReadError;
use serde_json::{Map, Value};

/// Names that a column of lyrics has, as people write them, best first.
const NAMES: [&str; 24] = [
    "lyrics",
    "lyric",
    "歌词",
    "歌詞",
    "letra",
    "letras",
    "paroles",
    "text",
    "liedtext",
    "songtext",
    "testo",
    "текст",
    "가사",
    "content",
    "正文",
    "内容",
    "內容",
    "body",
    "verse",
    "verses",
    "lines",
    "line",
    "words",
    "文本",
];
/// A name is no longer.
const LONGEST_NAME: usize = 60;

/// The text of one column, and what there was to choose from.
pub(crate) struct Column {
    pub text: String,
    pub name: String,
    pub columns: Vec<String>,
    /// Songs, or whatever a row holds.
    pub rows: usize,
    /// Rows that have nothing there, or cannot be read.
    pub skipped: usize,
}

/// Rows that tell a table from other texts, and its separator.
const LOOKED_AT: usize = 50;

/// Whether a text is a table, though its name does not say so: its first line names a column of lyrics.
pub(crate) fn is_table(text: &str) -> bool {
    let Some(first) = rows(text).next() else {
        return false;
    };
    let named = first.iter().any(|name| known(name).is_some());
    let names = first
        .iter()
        .all(|name| !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME);
    first.len() > 1
        && named
        && names
        && rows(text)
            .take(LOOKED_AT)
            .all(|row| row.len() == first.len())
}

/// Whether a text is lines of JSON, or a list of objects.
pub(crate) fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let first = text.lines().next().unwrap_or_default();
    let object =
        first.starts_with('{') && serde_json::from_str::<Map<String, Value>>(first).is_ok();
    object
        || (text.starts_with('[') && serde_json::from_str::<Vec<Map<String, Value>>>(text).is_ok())
}

/// A table's columns and cells; a cell is none where its row has nothing there.
pub(crate) struct Cells {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
}

impl Cells {
    /// Of a table with commas, semicolons or tabs. `wanted`: columns that are asked for, which a first row of names has.
    pub(crate) fn of_table(text: &str, wanted: &[&str]) -> Self {
        let rows: Vec<Vec<String>> = rows(text).collect();
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        let first = rows.first().cloned().unwrap_or_default();
        let rest = &rows[rows.len().min(1)..];
        let named = first.iter().any(|name| {
            known(name).is_some() || wanted.iter().any(|wanted| is_named(name, wanted))
        });
        let headed = named || is_header(&first, rest);
        let name = |i: usize| match first.get(i).map(|name| name.trim()) {
            Some(name) if headed && !name.is_empty() => name.to_owned(),
            _ => (i + 1).to_string(),
        };
        let cells = if headed { rest } else { &rows[..] };
        let row = |row: &Vec<String>| (0..width).map(|i| row.get(i).cloned()).collect();
        Self {
            columns: (0..width).map(name).collect(),
            rows: cells.iter().map(row).collect(),
        }
    }

    /// Of lines of JSON, or of a list.
    pub(crate) fn of_json(text: &str) -> Self {
        let listed = serde_json::from_str::<Vec<Value>>(text).ok();
        let objects: Vec<Value> = listed.unwrap_or_else(|| {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            lines
                .map(|line| serde_json::from_str(line).unwrap_or(Value::Null))
                .collect()
        });
        let mut columns: Vec<String> = Vec::new();
        let names = objects
            .iter()
            .filter_map(Value::as_object)
            .flat_map(Map::keys);
        for name in names {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        let row = |object: &Value| {
            let cell = |name: &String| written(object.get(name)?);
            columns.iter().map(cell).collect()
        };
        Self {
            rows: objects.iter().map(row).collect(),
            columns,
        }
    }

    /// Characters in column `i`.
    pub(crate) fn characters(&self, i: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row[i].as_deref());
        cells.map(|cell| cell.chars().count()).sum()
    }

    /// The column that is wanted by name or number, or the one that looks like lyrics.
    pub(crate) fn choose(&self, wanted: Option<&str>) -> Result<usize, ReadError> {
        if let Some(wanted) = wanted.filter(|wanted| !wanted.trim().is_empty()) {
            return self.find(wanted);
        }
        let columns = 0..self.columns.len();
        let by_name = columns.clone();
        let by_name = by_name
            .filter_map(|i| Some((known(&self.columns[i])?, i)))
            .min();
        let longest = columns.max_by_key(|&i| (self.characters(i), std::cmp::Reverse(i)));
        by_name.map(|(_, i)| i).or(longest).ok_or(ReadError::Empty)
    }

    /// The column `wanted`, by its name or its number from 1.
    pub(crate) fn find(&self, wanted: &str) -> Result<usize, ReadError> {
        let by_name = self.columns.iter().position(|name| is_named(name, wanted));
        let number = wanted.trim().parse::<usize>().ok();
        let by_number = number
            .and_then(|number| number.checked_sub(1))
            .filter(|&i| i < self.columns.len());
        by_name.or(by_number).ok_or_else(|| ReadError::NoColumn {
            wanted: wanted.to_owned(),
            columns: self.columns.join(", "),
        })
    }

    /// The text of column `i`.
    fn column(self, i: usize) -> Column {
        let cells = self.rows.into_iter().map(|mut row| row.swap_remove(i));
        joined(cells, self.columns, i)
    }
}

/// The wanted column of a table, or the one that looks like lyrics.
pub(crate) fn of_table(text: &str, wanted: Option<&str>) -> Result<Column, ReadError> {
    let cells = Cells::of_table(text, wanted.as_slice());
    let column = cells.choose(wanted)?;
    Ok(cells.column(column))
}

/// The wanted key of JSON, or the one that looks like lyrics.
pub(crate) fn of_json(text: &str, wanted: Option<&str>) -> Result<Column, ReadError> {
    let cells = Cells::of_json(text);
    let column = cells.choose(wanted)?;
    Ok(cells.column(column))
}

/// A string, or a list of lines.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(lines) => {
            let lines: Option<Vec<&str>> = lines.iter().map(Value::as_str).collect();
            Some(lines?.join("\n"))
        }
        // Labels often are.
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// Records, by the separator that cuts all lines into equally many, or else the first one into most; quoted line ends
/// stay.
fn rows(text: &str) -> impl Iterator<Item = Vec<String>> {
    let reader = |separator| {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(text.as_bytes())
    };
    let fields = |separator: &u8| {
        let mut reader = reader(*separator);
        let rows = reader.records().take(LOOKED_AT).filter_map(Result::ok);
        let mut widths = rows.map(|row| row.len());
        let first = widths.next().unwrap_or(0);
        (first > 1 && widths.all(|width| width == first), first)
    };
    // Of equals the last: verses have commas, and no tabs.
    let separator = [b'|', b';', b',', b'\t']
        .into_iter()
        .max_by_key(fields)
        .unwrap_or(b',');
    let records = reader(separator).into_records().filter_map(Result::ok);
    records.map(|record| record.iter().map(str::to_owned).collect())
}

/// How good a name for lyrics it is, 0 the best.
fn known(name: &str) -> Option<usize> {
    NAMES.iter().position(|known| is_named(name, known))
}

pub(crate) fn is_named(name: &str, wanted: &str) -> bool {
    name.trim().to_lowercase() == wanted.trim().to_lowercase()
}

/// Whether a first row is one of names: short, none of them a number, above columns of longer texts.
fn is_header(first: &[String], rest: &[Vec<String>]) -> bool {
    let is_name = |name: &String| {
        let name = name.trim();
        !name.is_empty()
            && name.chars().count() <= LONGEST_NAME
            && !name.contains('\n')
            && name.parse::<f64>().is_err()
    };
    let longer = |i: usize| {
        let lengths = rest
            .iter()
            .filter_map(|row| row.get(i))
            .map(|cell| cell.chars().count());
        lengths.sum::<usize>() > 4 * first[i].chars().count() * rest.len()
    };
    !rest.is_empty() && first.iter().all(is_name) && (0..first.len()).any(longer)
}

/// Songs of several lines stand apart; single lines stand together.
fn joined(
    cells: impl Iterator<Item = Option<String>>,
    columns: Vec<String>,
    column: usize,
) -> Column {
    let (mut texts, mut skipped) = (Vec::new(), 0);
    for cell in cells {
        match cell {
            Some(text) if !text.trim().is_empty() => texts.push(text.trim_end().to_owned()),
            _ => skipped += 1,
        }
    }
    let verses = texts.iter().any(|text| text.contains(['\n', '\r']));
    let mut text = texts.join(if verses { "\n\n" } else { "\n" });
    text.push('\n');
    Column {
        text,
        name: columns[column].clone(),
        columns,
        rows: texts.len(),
        skipped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_of_lyrics_is_found() {
        let csv =
            "artist,title,lyrics\r\nA,\"B \"\"b\"\"\",\"one,\ntwo\n\"\r\nC,D,three\r\nE,F,\r\n";
        assert!(is_table(csv));
        let column = of_table(csv, None).unwrap();
        assert_eq!(
            (column.text.as_str(), column.name.as_str()),
            ("one,\ntwo\n\nthree\n", "lyrics")
        );
        assert_eq!(
            (column.rows, column.skipped, column.columns.len()),
            (2, 1, 3)
        );
        assert_eq!(
            of_table(csv, Some("Title")).unwrap().text,
            "B \"b\"\nD\nF\n"
        );
        assert_eq!(of_table(csv, Some("2")).unwrap().name, "title");
        assert_eq!(
            of_table(csv, Some("word")).err().unwrap().to_string(),
            "there is no column \"word\": the columns are artist, title, lyrics"
        );
    }

    #[test]
    fn without_a_known_name_the_longest_column_is_taken() {
        let tsv = "wer\twas\nA\tein langes Lied mit vielen Worten\nB\tnoch ein langes Lied\n";
        let column = of_table(tsv, None).unwrap();
        assert_eq!((column.name.as_str(), column.rows), ("was", 2));
        // Without names too.
        let column = of_table("1;ein langes Lied\n2;noch ein langes\n", None).unwrap();
        assert_eq!(
            (column.name.as_str(), column.text.as_str()),
            ("2", "ein langes Lied\nnoch ein langes\n")
        );
    }

    #[test]
    fn tabs_separate_verses_that_have_commas() {
        let tsv = "1\tthe river, the sea, and the rain\t3\n2\tand again, and again\t4\n";
        let column = of_table(tsv, Some("2")).unwrap();
        assert_eq!(
            column.text,
            "the river, the sea, and the rain\nand again, and again\n"
        );
        // As many commas as tabs in each line.
        let tsv = "1\tthe river, the sea\n2\tand again, and again\n";
        assert_eq!(
            of_table(tsv, None).unwrap().text,
            "the river, the sea\nand again, and again\n"
        );
    }

    #[test]
    fn json_by_lines_and_as_a_list() {
        let lines =
            "{\"id\":1,\"lyrics\":\"a\\nb\"}\n\nnot json\n{\"id\":2,\"lyrics\":[\"c\",\"d\"]}\n";
        assert!(is_json(lines));
        let column = of_json(lines, None).unwrap();
        assert_eq!(
            (column.text.as_str(), column.rows, column.skipped),
            ("a\nb\n\nc\nd\n", 2, 1)
        );
        let list = "[{\"who\":\"x\",\"song\":\"la la la\"},\n{\"who\":\"y\",\"song\":\"lo\"}]";
        assert!(is_json(list));
        assert_eq!(of_json(list, None).unwrap().name, "song");
        for text in ["{oh}", "[Chorus]", "{\n", "", "[1, 2]"] {
            assert!(!is_json(text), "{text}");
        }
        assert_eq!(of_json("[]", None).err(), Some(ReadError::Empty));
    }

    #[test]
    fn verses_with_commas_are_no_table() {
        for text in [
            "I see, you see\nall lyrics, all words, all\n",
            "text\nmore\n",
            "words, words, words\nmore\n",
        ] {
            assert!(!is_table(text), "{text}");
        }
    }
}
