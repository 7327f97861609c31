//! The trialogue program.
fn main() {}
