use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

/// A program that keeps showing something on a terminal.
pub(crate) struct Live {
    outside: File,
    /// The program's end, so that its settings can be looked at when it has ended.
    inside: File,
    seen: String,
    program: Child,
}

impl Live {
    pub(crate) fn start(mut command: Command) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let outside = openpt(flags).unwrap();
        grantpt(&outside).unwrap();
        unlockpt(&outside).unwrap();
        let name = ptsname(&outside, Vec::new()).unwrap();
        let no_terminal_of_ours = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
        let mut options = File::options();
        options.read(true).write(true).custom_flags(no_terminal_of_ours);
        let inside = options.open(name.to_str().unwrap()).unwrap();
        let [input, output, error] = [(); 3].map(|()| inside.try_clone().unwrap());
        let program = command.stdin(input).stdout(output).stderr(error).spawn().unwrap();
        Self { outside: outside.into(), inside, seen: String::new(), program }
    }

    /// Waits until a text is on the screen.
    pub(crate) fn await_text(&mut self, text: &str) {
        while !self.seen.contains(text) {
            self.read();
        }
    }

    pub(crate) fn press(&mut self, key: &str) {
        self.outside.write_all(key.as_bytes()).unwrap();
    }

    /// Waits for the end; how it ended, what was on the screen, and whether the terminal shows what is typed again.
    pub(crate) fn end(mut self, last: &str) -> (Option<i32>, String, bool) {
        self.await_text(last);
        let code = self.program.wait().unwrap().code();
        let modes = tcgetattr(&self.inside).unwrap().local_modes;
        let all = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        (code, self.seen, modes.contains(all))
    }

    fn read(&mut self) {
        let mut bytes = [0; 4096];
        let length = self.outside.read(&mut bytes).unwrap_or_else(|_| panic!("{}", self.seen));
        self.seen += &String::from_utf8_lossy(&bytes[..length]);
    }

    pub(crate) fn id(&self) -> u32 {
        self.program.id()
    }
}
