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
#[derive(Debug, Clone, Copy)]
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
    text += "x: times the floor under the same load. CPU: of the server, for each call, whatever its end. p50,\n\
             p99: from a reply to the next command, without the second of a login and the wait for a verdict.\n\
             Busy: calls that heard that all lines are. Odd: calls that ended otherwise than scripted. KiB: for\n\
             each call that waits for a key. *: cut off after 15 s; CPU is what was used until then.\n";
    text
}

fn heading(text: &mut String, title: &str) {
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        text,
        "{title}\n{:<21}{:>7}{:>9}{:>6}{:>8}{:>7}{:>8}{:>9}{:>6}{:>6}{:>7}{:>6}",
        "server",
        "at once",
        "calls/s",
        "x",
        "CPU us",
        "x",
        "p50 us",
        "p99",
        "busy",
        "odd",
        "KiB",
        "x"
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
        "{:<21}{:>7}{:>9}{:>6}{:>8}{:>7}{:>8.0}{:>9.0}{:>6}{:>6}{:>7}{:>6}",
        row.server,
        row.concurrency,
        format!("{:.0}{cut}", figures.calls_per_second),
        decimals(ratio(|row| Some(row.figures.calls_per_second))),
        whole(figures.processor),
        decimals(ratio(|row| Some(row.figures.processor))),
        figures.median,
        figures.p99,
        figures.busy,
        figures.odd,
        decimals(row.idle),
        decimals(ratio(|row| row.idle)),
    );
}

/// Nothing where no call ended.
fn whole(figure: f64) -> String {
    if figure.is_finite() { format!("{figure:.0}") } else { String::new() }
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
            busy: 10_000,
            odd: 10_000,
            is_cut: true,
        };
        let row = |server, processor| Row {
            server,
            concurrency: 10_000,
            figures: Figures { processor, ..figures },
            idle: Some(1234.5),
        };
        let rows = vec![row(FLOOR, 1.0), row("dialgate-agi", 1.5)];
        let text = print(&[Section { title: "title".to_owned(), rows }]);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.contains(" 1.50 "), "{text}");
    }
}
