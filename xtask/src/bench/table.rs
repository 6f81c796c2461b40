//! Tables of Markdown, and how numbers are written in them.

use std::fmt;

/// Where a table has no figure.
pub const NOTHING: &str = "–";

/// Columns of text; all but the first are set to the right.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(head: &[&str]) -> Self {
        Self {
            rows: vec![head.iter().map(|&word| word.to_owned()).collect()],
        }
    }

    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
                .max(4)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (i, row) in self.rows.iter().enumerate() {
            write!(f, "|")?;
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                if column == 0 {
                    write!(f, " {cell:<width$} |")?;
                } else {
                    write!(f, " {cell:>width$} |")?;
                }
            }
            writeln!(f)?;
            if i == 0 {
                write!(f, "|")?;
                for (column, width) in widths.iter().enumerate() {
                    let end = if column == 0 { "-" } else { ":" };
                    write!(f, " {}{end} |", "-".repeat(width - 1))?;
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

/// A number with as many digits as mean something, in groups of three.
pub fn grouped(number: f64) -> String {
    let step = if number >= 10_000.0 { 100.0 } else { 1.0 };
    let digits = format!("{:.0}", (number / step).round() * step);
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A ratio: two digits after the point below 10, none from 10 on.
pub fn ratio(number: f64) -> String {
    if number >= 10.0 {
        format!("{number:.0}×")
    } else {
        format!("{number:.2}×")
    }
}

#[cfg(test)]
mod tests {
    use super::{Table, grouped, ratio};

    #[test]
    fn numbers_are_short() {
        assert_eq!(grouped(7.4), "7");
        assert_eq!(grouped(1234.5), "1,235");
        assert_eq!(grouped(28_449.0), "28,400");
        assert_eq!(grouped(1_234_567.0), "1,234,600");
        assert_eq!([0.904, 12.3].map(ratio), ["0.90×", "12×"]);
    }

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["", "W1"]);
        table.row(vec!["PyTorch".into(), "28,400".into()]);
        let expected = "|         |     W1 |\n| ------- | -----: |\n| PyTorch | 28,400 |\n";
        assert_eq!(table.to_string(), expected);
    }
}
