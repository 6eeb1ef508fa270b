use std::fmt::Display;
use std::time::Duration;

use crate::sample::Sample;

const WIDTH: usize = 9;

/// What stands above rows.
pub(super) fn heading(title: &str, columns: &[&str]) -> String {
    format!("\n{title}\n{}", row(columns))
}

/// Columns under each other.
pub(super) fn row(columns: &[impl Display]) -> String {
    let columns: Vec<String> =
        columns.iter().map(|column| format!("{:>WIDTH$}", column.to_string())).collect();
    format!("{}\n", columns.concat())
}

/// The median in milliseconds.
pub(super) fn median(sample: &mut Sample) -> String {
    milliseconds(sample.percentile(50))
}

/// In milliseconds, with three digits that count.
pub(super) fn milliseconds(time: Duration) -> String {
    digits(time.as_secs_f64() * 1000.0)
}

/// How many times the median of `floor` that of `sample` is.
pub(super) fn ratio(sample: &mut Sample, floor: &mut Sample) -> String {
    digits(sample.percentile(50).as_secs_f64() / floor.percentile(50).as_secs_f64())
}

pub(super) fn digits(figure: f64) -> String {
    match figure {
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_eleven_columns_fits_a_terminal_of_a_hundred() {
        let rows = heading("title", &["x"; 11]);
        assert!(rows.lines().all(|line| line.chars().count() <= 100), "{rows}");
    }

    #[test]
    fn a_figure_has_three_digits_that_count() {
        assert_eq!(digits(1.234), "1.23");
        assert_eq!(digits(12.34), "12.3");
        assert_eq!(digits(1234.4), "1234");
    }
}
