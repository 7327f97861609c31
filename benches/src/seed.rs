//! Calls with guests who can be kicked: `data/seed-*.sql` with the numbers filled in.

use sha2::{Digest as _, Sha256};

/// How much is seeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Amount {
    /// Calls that are on, each with one guest.
    pub(crate) guests: u32,
    /// Calls that are over.
    pub(crate) past: u32,
    /// Clients without a call, each with a free provider of a language that no other speaks.
    pub(crate) pairs: u32,
}

/// A client and the provider whom a request of that client finds.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    /// The client's token.
    pub(crate) client: String,
    /// The provider's token.
    pub(crate) provider: String,
    /// The number of their language.
    pub(crate) language: u32,
}

impl Amount {
    pub(crate) fn fill(self, sql: &str, now: i64) -> String {
        let Self { guests, past, pairs } = self;
        sql.replace("{guests}", &guests.to_string())
            .replace("{past}", &past.to_string())
            .replace("{pairs}", &pairs.to_string())
            .replace("{now}", &now.to_string())
    }

    /// The users who have a token: the clients of the calls, and both of each pair.
    pub(crate) fn with_token(self) -> impl Iterator<Item = u32> {
        let others = 2 * self.guests;
        (1..=self.guests).chain(others + 1..=others + 2 * self.pairs)
    }

    /// Pair number `number`, from 1.
    pub(crate) fn pair(self, number: u32) -> Pair {
        let provider = 2 * self.guests + 2 * number;
        Pair { client: token(provider - 1), provider: token(provider), language: 100_000 + number }
    }
}

/// The token of a user; the client of a call has the call's number. Its number tells it; that it is no secret makes it no cheaper to check.
pub(crate) fn token(user: u32) -> String {
    format!("{user:064}")
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
        // As in the seed: with a lost connection.
        format!("(1, {id}, {position}, 3, 5, {expires}, {expires}, {hash}, {hash}, 'Listener')")
    };
    let rows: Vec<String> = (1..=count).map(row).collect();
    let columns = "conference_id, id, position, kind, state, deadline, account_expires, account_secret, invitation, name";
    format!("INSERT INTO participants ({columns}) VALUES {}", rows.join(", "))
}

/// The guest of a call.
pub(crate) const fn guest(call: u32) -> u32 {
    call * 3
}
