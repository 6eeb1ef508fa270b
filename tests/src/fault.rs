//! What can befall a program at one of its system calls, by `strace`: what is tested is what ships.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// A moment: the reconciler is about to make its `n`-th call of `syscall`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// The system call's name.
    pub syscall: String,
    /// Counted from 1.
    pub n: u32,
}

/// What happens then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The program is killed before the call is made.
    Kill,
    /// The call is not made and returns this error, such as `EIO`; every further one too when it lasts.
    Error {
        /// Its name.
        name: &'static str,
        /// Whether every further call of the kind fails as well.
        lasts: bool,
    },
}

/// Whose calls count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of the program itself; the tools and children that it starts are left alone.
    Its,
    /// Those of the program and of everybody it starts, counted for each alone.
    Everybodys,
}

impl Point {
    /// `strace` and its arguments, to stand before the program and its arguments.
    #[must_use]
    pub fn strace(&self, effect: Effect, whose: Whose, log: &Path) -> Vec<String> {
        let Self { syscall, n } = self;
        let (what, further) = match effect {
            Effect::Kill => ("signal=SIGKILL".to_owned(), ""),
            Effect::Error { name, lasts } => {
                (format!("error={name}"), if lasts { "+" } else { "" })
            }
        };
        let mut words = tracing(&[syscall], whose, log);
        words.push(format!("--inject={syscall}:{what}:when={n}{further}"));
        words
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.syscall, self.n)
    }
}

/// `strace` and its arguments, that write these calls to `log`.
#[must_use]
pub fn tracing(syscalls: &[&str], whose: Whose, log: &Path) -> Vec<String> {
    let mut words = vec!["strace".to_owned(), "-qq".to_owned()];
    match whose {
        Whose::Its => {}
        // Not with --seccomp-bpf, although that is faster: strace 6.1 then injects no signal.
        Whose::Everybodys => words.push("-f".to_owned()),
    }
    words.push(format!("--output={}", log.display()));
    words.push(format!("--trace={}", syscalls.join(",")));
    words
}

/// The points of one traced run of a program alone.
#[must_use]
pub fn points(log: &str) -> Vec<Point> {
    let mut counts = BTreeMap::<&str, u32>::new();
    for (name, _) in log.lines().filter_map(|line| line.split_once('(')) {
        *counts.entry(name).or_default() += 1;
    }
    let each = |(name, most): (&str, u32)| {
        let syscall = name.to_owned();
        (1..=most).map(move |n| Point { syscall: syscall.clone(), n })
    };
    counts.into_iter().flat_map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_a_run_is_a_point() {
        let log =
            "openat(AT_FDCWD, \"a(b\") = 3\nwrite(3, \"x\") = 1\nopenat(AT_FDCWD, \"c\") = 4\n";
        let names: Vec<String> = points(log).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["openat#1", "openat#2", "write#1"]);
    }

    #[test]
    fn an_error_that_lasts_is_told_from_one_that_does_not() {
        let point = Point { syscall: "write".to_owned(), n: 3 };
        let last = |effect| point.strace(effect, Whose::Its, Path::new("/log")).pop().unwrap();
        assert_eq!(last(Effect::Kill), "--inject=write:signal=SIGKILL:when=3");
        let once = Effect::Error { name: "EIO", lasts: false };
        assert_eq!(last(once), "--inject=write:error=EIO:when=3");
        let lasting = Effect::Error { name: "EROFS", lasts: true };
        assert_eq!(last(lasting), "--inject=write:error=EROFS:when=3+");
    }
}
