use std::fmt::Write as _;

use super::figures::Figures;

/// What all others are compared with.
pub(super) const FLOOR: &str = "floor: bare line echo";

/// Rows that are compared with each other.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

/// One server under one load.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) server: &'static str,
    pub(super) concurrency: u32,
    pub(super) figures: Figures,
    /// KiB for each call that waits for a key.
    pub(super) idle: Option<f64>,
}

/// 100 columns at most.
pub(super) fn print(sections: &[Section]) -> String {
    let mut text = String::new();
    for section in sections {
        heading(&mut text, &section.title);
        let mut levels: Vec<u32> = section.rows.iter().map(|row| row.concurrency).collect();
        levels.sort_unstable();
        levels.dedup();
        for level in levels {
            let same_load = || section.rows.iter().filter(|row| row.concurrency == level);
            let floor = same_load().find(|row| row.server == FLOOR);
            for row in same_load() {
                line(&mut text, row, floor);
            }
        }
        text.push('\n');
    }
    text += "x: times the floor under the same load. CPU: of the server, for each call. Turn: from a reply to\n\
             the next command, in us, without the second of a login and the wait for a verdict. Odd: calls that\n\
             ended otherwise than scripted. KiB: for each call that waits for a key. *: cut off after 15 s; CPU\n\
             is what was used until then for each call that had ended.\n";
    text
}

fn heading(text: &mut String, title: &str) {
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        text,
        "{title}\n{:<24}{:>7}{:>9}{:>6}{:>10}{:>7}{:>9}{:>9}{:>6}{:>7}{:>6}",
        "server", "at once", "calls/s", "x", "CPU us", "x", "turn p50", "p99", "odd", "KiB", "x"
    );
}

fn line(text: &mut String, row: &Row, floor: Option<&Row>) {
    let figures = &row.figures;
    let ratio = |figure: fn(&Row) -> Option<f64>| {
        Some(figure(row)? / figure(floor?)?).filter(|ratio| ratio.is_finite())
    };
    let cut = if figures.is_cut { "*" } else { "" };
    let _ = writeln!(
        text,
        "{:<24}{:>7}{:>9}{:>6}{:>10}{:>7}{:>9.0}{:>9.0}{:>6}{:>7}{:>6}",
        row.server,
        row.concurrency,
        format!("{:.0}{cut}", figures.calls_per_second),
        decimals(ratio(|row| Some(row.figures.calls_per_second))),
        format!("{:.0}", figures.processor),
        decimals(ratio(|row| Some(row.figures.processor))),
        figures.median,
        figures.p99,
        figures.odd,
        decimals(row.idle),
        decimals(ratio(|row| row.idle)),
    );
}

fn decimals(figure: Option<f64>) -> String {
    figure.map_or_else(String::new, |figure| match figure {
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_a_hundred_columns_at_most() {
        let figures = Figures {
            calls_per_second: 12_345.0,
            processor: 123_456.0,
            median: 1_234_567.0,
            p99: 12_345_678.0,
            odd: 10_000,
            is_cut: true,
        };
        let row = |server, processor| Row {
            server,
            concurrency: 10_000,
            figures: Figures { processor, ..figures },
            idle: Some(1234.5),
        };
        let rows = vec![row(FLOOR, 1.0), row("dialgate-agi, cheap hash", 1.5)];
        let text = print(&[Section { title: "title".to_owned(), rows }]);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.contains(" 1.50 "), "{text}");
    }
}
