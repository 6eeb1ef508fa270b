//! Opens the firewall for travellers who called, and closes it again.

use std::process::ExitCode;

fn main() -> ExitCode {
    dialgate_reconciler::main()
}
