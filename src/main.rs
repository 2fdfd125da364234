//! The program: see the library's documentation for what it does and how.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run().into()
}
