//! Other programs that are asked something: they have so long to answer, and what they say is bounded.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// What is read of an answer at most.
const LONGEST: u64 = 32 << 20;
/// How often it is looked whether a program that has said all has ended, too.
const PAUSE: Duration = Duration::from_millis(10);

/// How a program answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Whether it ended as programs do that have done what they were asked.
    pub(crate) is_success: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// `program` with nothing of our environment but where programs are.
#[expect(clippy::disallowed_methods, reason = "the adapter that starts other programs")]
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

/// Runs a program to its end; what went wrong, in words that follow its name.
pub(crate) fn run(command: &mut Command, patience: Duration) -> Result<Answer, String> {
    let end = now() + patience;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("could not be started ({error})"))?;
    let heard = (hear(child.stdout.take()), hear(child.stderr.take()));
    let answer = listen(&mut child, &heard, end, patience);
    if answer.is_err() {
        // It may have ended by now; one that cannot be ended is left to the system.
        let _ = child.kill();
        let _ = child.try_wait();
    }
    answer
}

type Heard = Receiver<std::io::Result<Vec<u8>>>;

fn hear(pipe: Option<impl Read + Send + 'static>) -> Heard {
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.map_or(Ok(0), |pipe| pipe.take(LONGEST).read_to_end(&mut bytes));
        // Nobody listens any more when it took too long.
        let _ = told.send(read.map(|_| bytes));
    });
    heard
}

fn listen(
    child: &mut Child,
    (out, err): &(Heard, Heard),
    end: Instant,
    patience: Duration,
) -> Result<Answer, String> {
    let late = || format!("did not answer within {} s", patience.as_secs());
    let said = |heard: &Heard| match heard.recv_timeout(end.saturating_duration_since(now())) {
        Ok(Ok(bytes)) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Ok(Err(error)) => Err(format!("could not be heard ({error})")),
        Err(_) => Err(late()),
    };
    let (out, err) = (said(out)?, said(err)?);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(Answer { is_success: status.success(), out, err }),
            Ok(None) if now() < end => std::thread::sleep(PAUSE),
            Ok(None) => return Err(late()),
            Err(error) => return Err(format!("could not be waited for ({error})")),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "an adapter: patience is counted by the clock")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn shell(script: &str) -> Command {
        let mut shell = command(Path::new("/bin/sh"));
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn what_a_program_says_and_how_it_ends_is_told() {
        let answer = run(&mut shell("echo yes; echo no >&2; exit 3"), LONG).unwrap();
        assert_eq!(
            answer,
            Answer { is_success: false, out: "yes\n".to_owned(), err: "no\n".to_owned() }
        );
        assert!(run(&mut shell("true"), LONG).unwrap().is_success);
    }

    #[test]
    fn a_program_that_does_not_end_is_not_waited_for() {
        for script in ["exec sleep 1000", "exec sleep 1000 >&- 2>&-", "sleep 1000 & exit"] {
            let begun = now();
            let error = run(&mut shell(script), Duration::from_secs(1)).unwrap_err();
            assert!(error.contains("within 1 s") && begun.elapsed() < LONG, "{script}: {error}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_told() {
        let error = run(&mut command(Path::new("/nonexistent/x")), LONG).unwrap_err();
        assert!(error.contains("could not be started"), "{error}");
    }
}
