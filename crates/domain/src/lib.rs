//! The rules of an interpreted call: pure functions over plain values.
