//! Work on many things at once, on all processors, with a bar for whoever waits.

use std::io::{IsTerminal, stderr};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::error::Error;

/// From so many lines on a bar is shown.
const MANY: usize = 1000;

/// How work on a file of so many lines is done.
pub(super) struct Labour {
    lines: usize,
}

impl Labour {
    pub(super) const fn of(lines: usize) -> Self {
        Self { lines }
    }

    /// Does `work` on each of the items; stops at the first that fails.
    pub(super) fn each<T: Sync, R: Send>(
        &self,
        what: &'static str,
        items: &[T],
        work: impl Fn(&T) -> Result<R, Error> + Sync,
    ) -> Result<Vec<R>, Error> {
        let bar = self.bar(what, items.len());
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let worker = || {
            let mut done = Vec::new();
            while !failed.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(index) else { break };
                let result = work(item).inspect_err(|_| failed.store(true, Ordering::Relaxed));
                done.push((index, result?));
                bar.inc(1);
            }
            Ok::<_, Error>(done)
        };
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let done = std::thread::scope(|scope| {
            let workers: Vec<_> =
                (0..threads.min(items.len())).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().map(|worker| worker.join()).collect::<Vec<_>>()
        });
        bar.finish_and_clear();
        let mut all = Vec::with_capacity(items.len());
        for part in done {
            all.extend(part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        all.sort_by_key(|(index, _)| *index);
        Ok(all.into_iter().map(|(_, result)| result).collect())
    }

    fn bar(&self, what: &'static str, length: usize) -> ProgressBar {
        if self.lines < MANY || !stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(
            Some(length.try_into().unwrap_or(u64::MAX)),
            ProgressDrawTarget::stderr(),
        );
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos} of {len}, {eta} left");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        bar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<u32> = (0..2000).collect();
        let done = Labour::of(5).each("counting", &items, |item| Ok(item * 2)).unwrap();
        assert_eq!(done, items.iter().map(|item| item * 2).collect::<Vec<_>>());
    }

    #[test]
    fn one_failure_ends_it_all() {
        let items: Vec<u32> = (0..100).collect();
        let done = Labour::of(5).each("counting", &items, |item| {
            if *item == 50 { Err(Error::NoSuchTime) } else { Ok(*item) }
        });
        assert!(matches!(done, Err(Error::NoSuchTime)));
    }
}
