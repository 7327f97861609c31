//! Lines for whoever started the program.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Writes to standard output. A reader that has gone, as in `trialogue config list | head -1`, is no error.
pub(crate) fn print(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes a line to standard output.
pub(crate) fn print_line(text: impl Display) -> io::Result<()> {
    print(format_args!("{text}\n"))
}

/// Writes a line to standard error, in the program's name. There is no other place to report a failure to.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "trialogue: {text}");
}
