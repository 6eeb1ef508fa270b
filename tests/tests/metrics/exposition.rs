//! Prometheus' text format, read as strictly as its description has it.

use std::collections::{BTreeMap, BTreeSet};

/// What a file says.
pub(crate) struct Exposition {
    text: String,
    /// The names of all samples.
    pub(crate) names: BTreeSet<String>,
    /// Each label that some sample has, as `name="value"`.
    pub(crate) labels: BTreeSet<String>,
    helps: BTreeMap<String, String>,
}

impl Exposition {
    pub(crate) fn parse(text: &str) -> Self {
        let mut read = Self {
            text: text.to_owned(),
            names: BTreeSet::new(),
            labels: BTreeSet::new(),
            helps: BTreeMap::new(),
        };
        assert!(text.ends_with('\n'), "the last line ends");
        let (mut family, mut kind) = (String::new(), String::new());
        let mut series = BTreeSet::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').unwrap();
                assert!(is_name(name) && name.starts_with("dialgate_"), "{line}");
                assert!(!words.is_empty() && !words.contains('\\'), "{line}");
                let again = read.helps.insert(name.to_owned(), words.to_owned());
                assert_eq!(again, None, "a metric is told of once, and all of it together: {line}");
                let type_line = lines.next().unwrap();
                let told = type_line.strip_prefix(&format!("# TYPE {name} ")).unwrap();
                assert!(["counter", "gauge", "histogram"].contains(&told), "{type_line}");
                assert_eq!(told == "counter", name.ends_with("_total"), "{type_line}");
                (family, kind) = (name.to_owned(), told.to_owned());
                assert!(lines.peek().is_some_and(|next| next.starts_with(name)), "{name}");
            } else {
                let (name, labels) = read.sample(line);
                let suffix = name.strip_prefix(family.as_str()).unwrap();
                let suffixes: &[&str] =
                    if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
                assert!(suffixes.contains(&suffix), "{line}");
                assert!(series.insert((name, labels)), "twice: {line}");
            }
        }
        read.assert_histograms();
        read
    }

    /// A sample's name and labels.
    fn sample(&mut self, line: &str) -> (String, Vec<String>) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let number: f64 = value.parse().unwrap();
        assert!(number.is_finite() && number >= 0.0, "{line}");
        let (name, labels) = match series.split_once('{') {
            None => (series, Vec::new()),
            Some((name, rest)) => (name, labels(rest.strip_suffix('}').unwrap())),
        };
        assert!(is_name(name), "{line}");
        self.names.insert(name.to_owned());
        self.labels.extend(labels.iter().cloned());
        (name.to_owned(), labels)
    }

    fn assert_histograms(&self) {
        let buckets: Vec<&str> =
            self.text.lines().filter(|line| line.contains("_bucket{le=")).collect();
        let value = |line: &str| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap();
        assert!(buckets.iter().map(|line| value(line)).is_sorted(), "{buckets:?}");
        if let Some(last) = buckets.last() {
            assert!(last.contains("le=\"+Inf\""), "{last}");
            let name = last.split_once("_bucket").unwrap().0;
            self.assert_says(&format!("{name}_count {}", value(last)));
        }
    }

    pub(crate) fn assert_says(&self, line: &str) {
        assert!(self.text.lines().any(|it| it == line), "{line}\n{}", self.text);
    }

    /// What two files in one folder say: node_exporter refuses a metric that is told of in two ways.
    pub(crate) fn beside(&self, other: &Self) -> Self {
        for (name, help) in &self.helps {
            assert!(other.helps.get(name).is_none_or(|it| it == help), "{name}");
        }
        Self {
            text: format!("{}{}", self.text, other.text),
            names: self.names.union(&other.names).cloned().collect(),
            labels: self.labels.union(&other.labels).cloned().collect(),
            helps: BTreeMap::new(),
        }
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// `a="b",c="d"`, with no comma or quote within a value: ours have none.
fn labels(text: &str) -> Vec<String> {
    let labels: Vec<String> = text.split(',').map(str::to_owned).collect();
    for label in &labels {
        let (name, value) = label.split_once('=').unwrap();
        let value = value.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap();
        assert!(is_name(name) && !value.contains(['"', '\\']), "{text}");
    }
    labels
}

#[test]
#[should_panic(expected = "twice")]
fn a_series_that_is_there_twice_is_refused() {
    Exposition::parse(
        "# HELP dialgate_a A.\n# TYPE dialgate_a gauge\ndialgate_a 1\ndialgate_a 2\n",
    );
}
