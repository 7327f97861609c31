//! The one legal home of randomness.

use trialogue_app::Entropy;

/// The system's generator.
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "everything else takes randomness from here")]
    #[expect(clippy::panic, reason = "without randomness no secret can be made; nothing is safe to do then")]
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the system gives no randomness: {error}");
        }
    }
}

impl SystemEntropy {
    /// A random password: 80 bits in letters that can't be mistaken for each other.
    pub(crate) fn password(&self) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes.iter().map(|b| char::from(LETTERS[usize::from(b % 32)])).collect()
    }
}
