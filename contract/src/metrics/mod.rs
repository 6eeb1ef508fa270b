//! What a program counts, as a text that Prometheus reads, in a file that node_exporter's textfile collector finds.
//!
//! The format is Prometheus' text-based exposition format 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

mod file;

use std::fmt::{Display, Write as _};

pub use file::{MetricsError, MetricsFile};

/// A text in the exposition format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposition(String);

/// What the values of a metric mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, and may begin anew at 0.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How many observations were at most so large.
    Histogram,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A metric that samples are added to.
#[derive(Debug)]
pub struct Metric<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Exposition {
    /// That of a program, which tells first which one it is.
    #[must_use]
    pub fn of(program: &str, version: &str) -> Self {
        let mut text = Self(String::new());
        let help = "Which version runs; always 1.";
        let labels = [("program", program), ("version", version)];
        text.metric("dialgate_build_info", Kind::Gauge, help).sample(&labels, 1);
        text
    }

    /// Begins a metric. `name` and `help` are what Prometheus takes for one: `help` is one line without a backslash.
    pub fn metric(&mut self, name: &'static str, kind: Kind, help: &'static str) -> Metric<'_> {
        let text = &mut self.0;
        // Writing to a text does not fail.
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str());
        Metric { text, name }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Metric<'_> {
    /// Adds a sample with these labels.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        self.part("", labels, value)
    }

    /// Adds a sample of one of a histogram's series, such as `_bucket`.
    pub fn part(
        &mut self,
        suffix: &str,
        labels: &[(&str, &str)],
        value: impl Display,
    ) -> &mut Self {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "{}{suffix}{labels} {value}", self.name);
        self
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_help_and_type_before_the_samples_and_labels_are_escaped() {
        let mut text = Exposition::of("dialgate-x", "1.2.3");
        let mut metric = text.metric("dialgate_calls_total", Kind::Counter, "Calls.");
        metric.sample(&[("result", "open")], 3).sample(&[("result", "a\\b\"c\nd")], 0);
        text.metric("dialgate_pass_seconds", Kind::Gauge, "Time.").sample(&[], 0.25);
        assert_eq!(
            text.as_str(),
            "# HELP dialgate_build_info Which version runs; always 1.\n\
             # TYPE dialgate_build_info gauge\n\
             dialgate_build_info{program=\"dialgate-x\",version=\"1.2.3\"} 1\n\
             # HELP dialgate_calls_total Calls.\n\
             # TYPE dialgate_calls_total counter\n\
             dialgate_calls_total{result=\"open\"} 3\n\
             dialgate_calls_total{result=\"a\\\\b\\\"c\\nd\"} 0\n\
             # HELP dialgate_pass_seconds Time.\n\
             # TYPE dialgate_pass_seconds gauge\n\
             dialgate_pass_seconds 0.25\n"
        );
    }
}
