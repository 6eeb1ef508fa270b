/// What a load took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    pub(super) calls_per_second: f64,
    /// Of the server: microseconds of a processor for each call.
    pub(super) processor: f64,
    /// From a reply of ours to the next command, in microseconds, without the turns in which the server waits on
    /// purpose.
    pub(super) median: f64,
    /// As [`Self::median`].
    pub(super) p99: f64,
    /// Calls that heard that all lines are busy.
    pub(super) busy: u32,
    /// Calls that failed, or ended otherwise than they should.
    pub(super) odd: u32,
    /// Not all calls were made in time.
    pub(super) is_cut: bool,
}

impl Figures {
    /// The median of each figure; of what went wrong, all.
    pub(super) fn median(rounds: &[Self]) -> Self {
        let median = |figure: fn(&Self) -> f64| {
            let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures.get(figures.len() / 2).copied().unwrap_or_default()
        };
        Self {
            calls_per_second: median(|it| it.calls_per_second),
            processor: median(|it| it.processor),
            median: median(|it| it.median),
            p99: median(|it| it.p99),
            busy: rounds.iter().map(|it| it.busy).sum(),
            odd: rounds.iter().map(|it| it.odd).sum(),
            is_cut: rounds.iter().any(|it| it.is_cut),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_disturbed_round_of_three_is_not_seen() {
        let round = |processor| Figures { processor, odd: 1, ..Figures::default() };
        let median = Figures::median(&[round(9.0), round(2.0), round(3.0)]);
        assert_eq!((median.processor, median.odd), (3.0, 3));
    }
}
