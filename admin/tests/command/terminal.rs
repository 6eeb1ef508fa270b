use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command};

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};

/// A terminal with a program in it.
pub(crate) struct Terminal {
    screen: File,
    /// What has been on it since it was last asked.
    seen: String,
    program: Child,
}

impl Terminal {
    pub(crate) fn open(mut command: Command) -> Self {
        let (screen, inside) = pair();
        let (input, output) = (inside.try_clone().unwrap(), inside.try_clone().unwrap());
        let program = command.stdin(input).stdout(output).stderr(inside).spawn().unwrap();
        // What the command still holds would keep its own terminal open.
        drop(command);
        Self { screen, seen: String::new(), program }
    }

    /// Waits until `question` is asked, and types a line.
    pub(crate) fn answer(&mut self, question: &str, line: &str) {
        let mut bytes = [0; 1024];
        while !self.seen.contains(question) {
            let length = self.screen.read(&mut bytes).unwrap_or_else(|_| panic!("{}", self.seen));
            self.seen += &String::from_utf8_lossy(bytes.get(..length).unwrap_or_default());
        }
        self.seen.clear();
        self.screen.write_all(format!("{line}\r").as_bytes()).unwrap();
    }

    /// Closes it, as a connection that is lost does; how the program ended.
    pub(crate) fn close(self) -> Option<i32> {
        let Self { screen, mut program, .. } = self;
        drop(screen);
        program.wait().unwrap().code()
    }

    /// What is on the screen from the last answer to the end, and how it ended.
    pub(crate) fn end(mut self) -> (String, Option<i32>) {
        let mut bytes = [0; 1024];
        // A terminal that nobody has open any more is an error to read (EIO).
        while let Ok(length @ 1..) = self.screen.read(&mut bytes) {
            self.seen += &String::from_utf8_lossy(bytes.get(..length).unwrap_or_default());
        }
        (self.seen, self.program.wait().unwrap().code())
    }
}

/// The two ends of a terminal. The program must not inherit the outer one.
fn pair() -> (File, File) {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let outside = posix_openpt(flags).unwrap();
    grantpt(&outside).unwrap();
    unlockpt(&outside).unwrap();
    let name = ptsname_r(&outside).unwrap();
    let mut options = File::options();
    options.read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits());
    (OwnedFd::from(outside).into(), options.open(name).unwrap())
}
