//! Deterministic ids: the same calls in the same order give the same ids.

use sha2::{Digest, Sha256};

/// A counter hashed to hexadecimal digits.
#[derive(Clone, Debug)]
pub struct Ids {
    seed: String,
    count: u64,
}

impl Ids {
    /// Ids of their own for each seed.
    pub fn new(seed: &str) -> Self {
        Self {
            seed: seed.to_owned(),
            count: 0,
        }
    }

    /// A fresh id of `length` hexadecimal digits (64 at most).
    pub fn hex(&mut self, length: usize) -> String {
        self.count += 1;
        named(&[&self.seed, &self.count.to_string()], length)
    }
}

/// The id that belongs to these words, of `length` hexadecimal digits (64 at most).
pub fn named(words: &[&str], length: usize) -> String {
    let mut digits: String = Sha256::digest(words.join("\n"))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    digits.truncate(length);
    digits
}

/// Thirty-two hexadecimal digits in the form of a UUID.
pub fn dashed(hex: &str) -> String {
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}
