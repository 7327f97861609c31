//! The pages as they are served.

#[cfg(test)]
mod served;
