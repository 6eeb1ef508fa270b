//! The whole of the terminal, for what is shown live.

use std::io::{self, IsTerminal, Read, Stdin, Write, stdin, stdout};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use crate::error::Error;
use crate::paint::coloured;

/// Another screen than the one with the commands, without a cursor; and back (`smcup`, `civis`, `cnorm`, `rmcup`).
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";
const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";
const TOP: &str = "\u{1b}[H";
const END_OF_LINE: &str = "\u{1b}[K";
const END_OF_SCREEN: &str = "\u{1b}[J";
/// What a terminal has that does not say.
const SIZE: (usize, usize) = (24, 80);
/// How often it is shown anew: times go on.
const EVERY: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// Ctrl-C, Ctrl-D, and q for quit.
const LEAVING: [u8; 4] = [3, 4, b'q', b'Q'];

/// As it was before, when this is dropped.
pub(crate) struct Screen {
    keys: Stdin,
    before: Termios,
    signals: SignalFd,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Show it anew.
    Show,
    /// Somebody wants to leave.
    Leave,
}

impl Screen {
    pub(crate) fn open() -> Result<Self, Error> {
        if !stdin().is_terminal() || !stdout().is_terminal() {
            return Err(Error::NoScreen);
        }
        let keys = stdin();
        let before = tcgetattr(&keys).map_err(|error| Error::Print(error.into()))?;
        let mut signals = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGWINCH] {
            signals.add(signal);
        }
        let failed = |error: nix::Error| Error::Print(error.into());
        signals.thread_block().map_err(failed)?;
        let signals =
            SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC);
        let screen = Self { keys, before, signals: signals.map_err(failed)? };
        let mut silent = screen.before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(&screen.keys, OptionalActions::Now, &silent)
            .map_err(|error| Error::Print(error.into()))?;
        write(ENTER).map_err(Error::Print)?;
        Ok(screen)
    }

    /// Shows as much of a text as there is room for.
    pub(crate) fn show(&self, text: &str) -> io::Result<()> {
        write(&drawn(text, size()))
    }

    /// Waits a second, or until there is something to read from `changes` or somebody wants to leave.
    pub(crate) fn wait(&self, changes: BorrowedFd<'_>) -> io::Result<Next> {
        let mut fds = [
            PollFd::new(&self.keys, PollFlags::IN),
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::from_borrowed_fd(changes, PollFlags::IN),
        ];
        match poll(&mut fds, Some(&EVERY)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(Next::Show),
            Err(error) => return Err(error.into()),
        }
        let [keys, signals, _] = fds.map(|fd| !fd.revents().is_empty());
        if (keys && self.is_leaving()?) || (signals && self.is_ended()?) {
            return Ok(Next::Leave);
        }
        Ok(Next::Show)
    }

    fn is_leaving(&self) -> io::Result<bool> {
        let mut typed = [0; 64];
        let length = self.keys.lock().read(&mut typed)?;
        let typed = typed.get(..length).unwrap_or_default();
        // A terminal that has gone says that nothing is typed any more.
        Ok(typed.is_empty() || typed.iter().any(|key| LEAVING.contains(key)))
    }

    fn is_ended(&self) -> io::Result<bool> {
        let size = u32::try_from(Signal::SIGWINCH as i32).unwrap_or_default();
        while let Some(signal) = self.signals.read_signal()? {
            if signal.ssi_signo != size {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that has gone shows nothing any more.
        let _ = write(LEAVE);
        let _ = tcsetattr(&self.keys, OptionalActions::Now, &self.before);
    }
}

fn size() -> (usize, usize) {
    let size = tcgetwinsize(stdout()).map(|size| (size.ws_row.into(), size.ws_col.into()));
    size.ok().filter(|(rows, columns)| *rows > 0 && *columns > 0).unwrap_or(SIZE)
}

/// What brings the text onto a screen of so many rows and columns, with nothing of what was there before.
fn drawn(text: &str, (rows, columns): (usize, usize)) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let cut = |line: &str| line.chars().take(columns).collect::<String>();
    let mut shown: Vec<String> = lines.iter().take(rows).map(|line| cut(line)).collect();
    if lines.len() > rows
        && let Some(last) = shown.last_mut()
    {
        *last = cut(&format!("and {} more lines", lines.len() - rows + 1));
    }
    let shown: Vec<String> = shown.iter().map(|line| coloured(line) + END_OF_LINE).collect();
    format!("{TOP}{}{END_OF_SCREEN}", shown.join("\n"))
}

fn write(text: &str) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_the_screen_is_left_out_and_said() {
        let plain =
            |text: &str| text.replace(TOP, "").replace(END_OF_LINE, "").replace(END_OF_SCREEN, "");
        assert_eq!(plain(&drawn("one\ntwo\nthree\n", (3, 80))), "one\ntwo\nthree");
        assert_eq!(plain(&drawn("one\ntwo\nthree\n", (2, 80))), "one\nand 2 more lines");
        assert_eq!(plain(&drawn("one two\nthree\n", (9, 4))), "one \nthre");
    }
}
