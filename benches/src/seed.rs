//! Calls with guests who can be kicked: `data/seed-*.sql` with the numbers filled in.

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

/// The guest of a call.
pub(crate) const fn guest(call: u32) -> u32 {
    call * 3
}
