//! Calls with guests who can be kicked: `data/seed-*.sql` with the numbers filled in.

use sha2::{Digest as _, Sha256};

/// How much is seeded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    /// Calls that are on, each with one guest.
    pub(crate) guests: u32,
    /// Calls that are over.
    pub(crate) past: u32,
}

impl Amount {
    pub(crate) fn fill(self, sql: &str, now: i64) -> String {
        let Self { guests, past } = self;
        sql.replace("{guests}", &guests.to_string())
            .replace("{past}", &past.to_string())
            .replace("{now}", &now.to_string())
    }
}

/// The token of the client of a call. Its number tells it; that it is no secret makes it no cheaper to check.
pub(crate) fn token(call: u32) -> String {
    format!("{call:064}")
}

/// The token of a further guest of call 1, and the hash of it in hexadecimal digits.
pub(crate) fn listener(number: u32) -> (String, String) {
    let token = format!("a{number:063}");
    let hash = Sha256::digest(token.as_bytes());
    (token, hash.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")))
}

/// Statements that add guests to call 1. `bytes` writes hexadecimal digits as a value of the database.
pub(crate) fn listeners(count: u32, now: i64, bytes: impl Fn(&str) -> String) -> String {
    let row = |number| {
        let hash = bytes(&listener(number).1);
        let (id, position, expires) = (1_000_000_000 + number, 3 + number, now + 43_200_000_000);
        format!("(1, {id}, {position}, 3, 4, {expires}, {hash}, {hash}, 'Listener')")
    };
    let rows: Vec<String> = (1..=count).map(row).collect();
    let columns =
        "conference_id, id, position, kind, state, account_expires, account_secret, invitation, name";
    format!("INSERT INTO participants ({columns}) VALUES {}", rows.join(", "))
}

/// The guest of a call.
pub(crate) const fn guest(call: u32) -> u32 {
    call * 3
}
