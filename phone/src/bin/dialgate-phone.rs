//! See [`dialgate_phone::main`].

use std::process::ExitCode;

fn main() -> ExitCode {
    dialgate_phone::main()
}
