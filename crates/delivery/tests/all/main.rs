//! The adapters against systems that answer as they like.

#[cfg(test)]
mod answers;
