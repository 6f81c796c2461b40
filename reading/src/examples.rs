//! Files → texts with labels.

use std::collections::BTreeSet;

use super::read::{each_file, format_of, some};
use super::table::{Cells, is_named};
use super::{Choices, Confidence, Encoding, File, FormatChoice, ReadError, decode};

/// Names that a column of labels has, as people write them, best first.
const NAMES: [&str; 20] = [
    "label",
    "labels",
    "class",
    "category",
    "target",
    "sentiment",
    "topic",
    "标签",
    "標籤",
    "类别",
    "類別",
    "分类",
    "分類",
    "情感",
    "etiqueta",
    "étiquette",
    "klasse",
    "метка",
    "lang",
    "language",
];

/// A text, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The text.
    pub text: String,
    /// Its label; none where only texts were asked for.
    pub label: Option<String>,
}

/// Texts with labels, and how they were come by.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples {
    /// All of them, in the files' order.
    pub examples: Vec<Example>,
    /// Rows that have no text, or no label.
    pub skipped: usize,
    /// The column of the texts; none where each is a file of its own.
    pub text: Option<String>,
    /// The column of the labels; none where a text's folder is its label.
    pub label: Option<String>,
    /// The columns to choose from.
    pub columns: Vec<String>,
    /// The first file's encoding.
    pub encoding: Encoding,
    /// How sure the encodings are, the least sure of them.
    pub confidence: Confidence,
    /// Files of archives that were left out: some names.
    pub left_out: Option<String>,
}

/// What is asked for beside the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// Labels, in the column of this name or number, or in the one that looks like labels.
    Labels(Option<&'a str>),
    /// Nothing.
    Texts,
}

/// Reads tables with a column for the text and one for its label, or archives with a folder for each label.
///
/// Errors: as [`read`](super::read()), and [`ReadError::NoLabels`].
pub fn read_examples(
    files: &[File],
    choices: &Choices,
    wanted: Wanted,
) -> Result<Examples, ReadError> {
    let mut all: Option<Examples> = None;
    let mut left_out = Vec::new();
    for file in files {
        left_out.extend(each_file(*file, choices, &mut |file| {
            let more = examples_of(file, choices, wanted)?;
            match &mut all {
                None => all = Some(more),
                Some(all) => {
                    all.confidence = all.confidence.min(more.confidence);
                    all.skipped += more.skipped;
                    all.examples.extend(more.examples);
                }
            }
            Ok(())
        })?);
    }
    let mut all = all.ok_or(ReadError::Empty)?;
    all.left_out = (!left_out.is_empty()).then(|| some(&left_out));
    if all.examples.is_empty() {
        return Err(match all.label {
            Some(_) => ReadError::NoLabels {
                columns: all.columns.join(", "),
            },
            None => ReadError::Empty,
        });
    }
    Ok(all)
}

/// Those of one file that is no archive.
fn examples_of(file: File, choices: &Choices, wanted: Wanted) -> Result<Examples, ReadError> {
    let decoded = decode(file.bytes, choices.encoding)?;
    let format = match choices.format {
        FormatChoice::Auto => format_of(file.name, &decoded.text),
        chosen => chosen,
    };
    let mut read = Examples {
        examples: Vec::new(),
        skipped: 0,
        text: None,
        label: None,
        columns: Vec::new(),
        encoding: decoded.encoding,
        confidence: decoded.confidence,
        left_out: None,
    };
    let is_plain = !matches!(format, FormatChoice::Table | FormatChoice::Json);
    if let (Wanted::Labels(None), true, Some(folder)) = (wanted, is_plain, folder_of(file.name)) {
        read.add(Some(decoded.text), Some(folder.to_owned()));
        return Ok(read);
    }
    let asked: Vec<&str> = match wanted {
        Wanted::Labels(label) => choices.column.as_deref().into_iter().chain(label).collect(),
        Wanted::Texts => choices.column.as_deref().into_iter().collect(),
    };
    let cells = match format {
        FormatChoice::Json => Cells::of_json(&decoded.text),
        FormatChoice::Table if wanted == Wanted::Texts => Cells::of_table(&decoded.text, &asked),
        _ if wanted == Wanted::Texts => {
            // A line is a text.
            for line in decoded.text.lines() {
                read.add(Some(line.to_owned()), None);
            }
            return Ok(read);
        }
        // Lines of a text and its label, whatever the file is called.
        _ => Cells::of_table(&decoded.text, &with_names(&asked)),
    };
    let Wanted::Labels(label) = wanted else {
        let text = cells.choose(choices.column.as_deref())?;
        read.text = Some(cells.columns[text].clone());
        for mut row in cells.rows {
            read.add(row.swap_remove(text), None);
        }
        read.columns = cells.columns;
        return Ok(read);
    };
    let (text, label) = columns(&cells, choices.column.as_deref(), label)?;
    read.text = Some(cells.columns[text].clone());
    read.label = Some(cells.columns[label].clone());
    for mut row in cells.rows {
        let label = row[label].take().map(|label| label.trim().to_owned());
        match label.filter(|label| !label.is_empty()) {
            Some(label) => read.add(row[text].take(), Some(label)),
            None => read.skipped += 1,
        }
    }
    read.columns = cells.columns;
    Ok(read)
}

impl Examples {
    fn add(&mut self, text: Option<String>, label: Option<String>) {
        match text.filter(|text| !text.trim().is_empty()) {
            Some(text) => self.examples.push(Example { text, label }),
            None => self.skipped += 1,
        }
    }
}

/// Names that are asked for, and those that labels have: a first row with one of them is one of names.
fn with_names<'a>(asked: &[&'a str]) -> Vec<&'a str> {
    asked.iter().copied().chain(NAMES).collect()
}

/// Where the text is, and where its label.
fn columns(
    cells: &Cells,
    text: Option<&str>,
    label: Option<&str>,
) -> Result<(usize, usize), ReadError> {
    let missing = || ReadError::NoLabels {
        columns: cells.columns.join(", "),
    };
    let named = |name: &&str| {
        cells
            .columns
            .iter()
            .position(|column| is_named(column, name))
    };
    let label = match label {
        Some(label) => Some(cells.find(label)?),
        None => NAMES.iter().find_map(named),
    };
    let chosen = match text {
        Some(_) => Some(cells.choose(text)?),
        None => None,
    };
    let others = |taken: Option<usize>| (0..cells.columns.len()).filter(move |&i| Some(i) != taken);
    let label = label
        .filter(|&label| Some(label) != chosen)
        .or_else(|| {
            let looks_like_text = chosen.or_else(|| cells.choose(None).ok());
            let repeats = |i: &usize| {
                let values = distinct(cells, *i);
                (2..=cells.rows.len() / 2).contains(&values)
            };
            others(looks_like_text)
                .filter(repeats)
                .min_by_key(|&i| distinct(cells, i))
        })
        .ok_or_else(missing)?;
    let text = chosen.or_else(|| {
        let looks_like_text = cells.choose(None).ok().filter(|&i| i != label);
        let longest = others(Some(label)).max_by_key(|&i| cells.characters(i));
        looks_like_text.or(longest)
    });
    Ok((text.ok_or_else(missing)?, label))
}

/// Different values of column `i`.
fn distinct(cells: &Cells, i: usize) -> usize {
    let values = cells.rows.iter().filter_map(|row| row[i].as_deref());
    values.map(str::trim).collect::<BTreeSet<_>>().len()
}

/// The folder that a file of an archive is in.
fn folder_of(name: &str) -> Option<&str> {
    let mut parts = name.rsplit(['/', '\\']);
    parts.next();
    parts.next().filter(|folder| !folder.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, text: &str, wanted: Wanted) -> Result<Examples, ReadError> {
        let bytes = text.as_bytes();
        read_examples(&[File { name, bytes }], &Choices::default(), wanted)
    }

    fn pairs(read: &Examples) -> Vec<(&str, &str)> {
        read.examples
            .iter()
            .map(|e| (e.text.as_str(), e.label.as_deref().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn columns_of_text_and_label_are_found() {
        let csv = "id,Label,review\n1,good,what a day\n2,bad,\"no, never\"\n3,,lost\n4,good,\n";
        let read = of("a.csv", csv, Wanted::Labels(None)).unwrap();
        assert_eq!(pairs(&read), [("what a day", "good"), ("no, never", "bad")]);
        assert_eq!(read.skipped, 2);
        assert_eq!(read.text.as_deref(), Some("review"));
        // Without names: what repeats is the label, what is long the text.
        let tsv = "1\tthe river runs\n0\tthe rain falls\n1\tthe sun is up\n0\tit is late now\n";
        let read = of("b.txt", tsv, Wanted::Labels(None)).unwrap();
        assert_eq!(pairs(&read)[1], ("the rain falls", "0"));
        let json = "{\"text\":\"走吧\",\"标签\":\"动\"}\n{\"text\":\"停下\",\"标签\":\"静\"}\n";
        let read = of("c.jsonl", json, Wanted::Labels(None)).unwrap();
        assert_eq!(pairs(&read), [("走吧", "动"), ("停下", "静")]);
    }

    #[test]
    fn columns_can_be_chosen_and_texts_may_have_no_labels() {
        let csv = "text,label,mood\na b c,1,sad\nd e f,2,glad\n";
        let read = of("a.csv", csv, Wanted::Labels(Some("mood"))).unwrap();
        assert_eq!(pairs(&read), [("a b c", "sad"), ("d e f", "glad")]);
        let missing = of("a.csv", csv, Wanted::Labels(Some("tone"))).unwrap_err();
        assert_eq!(missing.code(), "no-column");
        let texts = of("a.csv", csv, Wanted::Texts).unwrap();
        assert_eq!(pairs(&texts), [("a b c", ""), ("d e f", "")]);
        let lines = of("a.txt", "one\n\ntwo\n", Wanted::Texts).unwrap();
        assert_eq!((pairs(&lines).len(), lines.skipped), (2, 1));
    }

    #[test]
    fn numbers_are_labels_and_what_lies_beside_the_folders_is_left_out() {
        let json = "{\"text\":\"a b\",\"label\":1}\n{\"text\":\"c d\",\"label\":false}\n";
        let read = of("a.jsonl", json, Wanted::Labels(None)).unwrap();
        assert_eq!(pairs(&read), [("a b", "1"), ("c d", "false")]);

        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let files = [
            ("data/sad/1.txt", "rain"),
            ("data/glad/1.txt", "sun"),
            ("readme.txt", "what this is"),
        ];
        for (name, text) in files {
            zip.start_file(name, zip::write::SimpleFileOptions::default())
                .unwrap();
            std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
        }
        let bytes = &zip.finish().unwrap().into_inner();
        let file = File {
            name: "d.zip",
            bytes,
        };
        let read = read_examples(&[file], &Choices::default(), Wanted::Labels(None)).unwrap();
        assert_eq!(pairs(&read), [("rain", "sad"), ("sun", "glad")]);
        let left_out = read.left_out.unwrap();
        assert_eq!(left_out, "readme.txt (without a label)");
    }

    #[test]
    fn what_has_no_labels_is_said() {
        for (name, text) in [
            ("b.csv", "text,label\na b c,\nd e f,\n"),
            ("a.txt", "just a text\nof two lines\n"),
            ("a.csv", "text,title\na b c,x\nd e f,y\ng h i,z\n"),
        ] {
            let error = of(name, text, Wanted::Labels(None)).unwrap_err();
            assert_eq!(error.code(), "no-labels", "{error}");
        }
    }
}
