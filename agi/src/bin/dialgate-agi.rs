//! The telephone side.

fn main() -> std::process::ExitCode {
    dialgate_agi::main()
}
