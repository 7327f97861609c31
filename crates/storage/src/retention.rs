//! The end of data that is kept for a limited time: it is deleted or blanked in small steps.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use trialogue_domain::Timestamp;

use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::store::Store;

/// Maximum number of rows per table and step.
const ROWS: usize = 500;

/// Maximum number of conferences per step.
const CONFERENCES: usize = 50;

/// What is kept for a limited time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outdated {
    /// Login tokens, by the time at which they expired.
    Tokens,
    /// Answers kept under idempotency keys, by the time at which they were given.
    Answers,
    /// Deliveries that were counted for [`Limit::Deliveries`](crate::Limit::Deliveries), by the time at which they were
    /// queued.
    Deliveries,
    /// Personal data of conferences, by the time at which these ended: names and addresses of those who were invited,
    /// and the free texts of the request and of the reported calls. The history stays, without them.
    PersonalData,
}

impl Store {
    /// Deletes or blanks one step of what is older than `before`. True if there may be more.
    ///
    /// A step is one operation of the writer and changes a few hundred rows at most, so other operations are done
    /// between two steps.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sweep(&self, what: Outdated, before: Timestamp) -> Result<bool, StoreError> {
        self.executor()
            .write(0, "sweep", move |tx| match what.deletion() {
                Some(delete) => Ok(run(&mut tx.connection, delete, before)? == ROWS),
                None => blank(&mut tx.connection, before),
            })
            .await
    }
}

impl Outdated {
    /// The statement that deletes one step of rows; none if they are not deleted but blanked.
    const fn deletion(self) -> Option<&'static str> {
        match self {
            Self::Tokens => Some(
                "DELETE FROM tokens WHERE hash IN \
                 (SELECT hash FROM tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT 500)",
            ),
            Self::Answers => Some(
                "DELETE FROM idempotency_keys WHERE (owner, key) IN \
                 (SELECT owner, key FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT 500)",
            ),
            Self::Deliveries => Some(
                "DELETE FROM recent_deliveries WHERE participant_id IN \
                 (SELECT participant_id FROM recent_deliveries WHERE queued_at < $1 ORDER BY queued_at LIMIT 500)",
            ),
            Self::PersonalData => None,
        }
    }
}

/// The conferences of one step. They stay the same until they are marked.
macro_rules! outdated_conferences {
    () => {
        "SELECT id FROM conferences WHERE NOT blanked AND ended_at < $1 ORDER BY ended_at, id LIMIT 50"
    };
}

const BLANK_PARTICIPANTS: &str = concat!(
    "UPDATE participants SET name = NULL, email = NULL, phone = NULL, note = NULL WHERE (conference_id, id) IN \
     (SELECT conference_id, id FROM participants WHERE conference_id IN (",
    outdated_conferences!(),
    ") AND (name IS NOT NULL OR email IS NOT NULL OR phone IS NOT NULL OR note IS NOT NULL) LIMIT 500)"
);

const BLANK_CALL_LEGS: &str = concat!(
    "UPDATE call_legs SET additional_info = NULL, third_party_call_id = NULL WHERE (conference_id, position) IN \
     (SELECT conference_id, position FROM call_legs WHERE conference_id IN (",
    outdated_conferences!(),
    ") AND (additional_info IS NOT NULL OR third_party_call_id IS NOT NULL) LIMIT 500)"
);

/// Why interpreters were not rung tells of their breaks.
const DELETE_REASONS: &str = concat!(
    "DELETE FROM search_looks WHERE (conference_id, seq) IN \
     (SELECT conference_id, seq FROM search_looks WHERE conference_id IN (",
    outdated_conferences!(),
    ") LIMIT 500)"
);

const BLANK_CONFERENCES: &str = concat!(
    "UPDATE conferences SET additional_info = NULL, location = NULL, blanked = TRUE WHERE id IN (",
    outdated_conferences!(),
    ")"
);

/// A conference is marked once all of its rows are blank.
fn blank(connection: &mut AnyConnection, before: Timestamp) -> Result<bool, StoreError> {
    let participants = run(connection, BLANK_PARTICIPANTS, before)?;
    let legs = run(connection, BLANK_CALL_LEGS, before)?;
    let reasons = run(connection, DELETE_REASONS, before)?;
    if participants == ROWS || legs == ROWS || reasons == ROWS {
        return Ok(true);
    }
    Ok(run(connection, BLANK_CONFERENCES, before)? == CONFERENCES)
}

fn run(
    connection: &mut AnyConnection,
    statement: &'static str,
    before: Timestamp,
) -> Result<usize, StoreError> {
    diesel::sql_query(statement)
        .bind::<BigInt, _>(before.0)
        .execute(connection)
        .map_err(StoreError::query("sweep"))
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::sql_types::Text;
    use tempfile::TempDir;
    use trialogue_testkit::{PostgresCluster, sqlite_url};

    use super::*;
    use crate::database::connect::connect;
    use crate::database::connection::Purpose;
    use crate::database::url::DatabaseUrl;

    #[derive(QueryableByName)]
    struct SqliteLine {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    #[derive(QueryableByName)]
    struct PostgresLine {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        line: String,
    }

    fn plan(connection: &mut AnyConnection, statement: &str) -> String {
        let statement = statement.replace("$1", "1");
        match connection {
            AnyConnection::Sqlite(c) => {
                let lines: Vec<SqliteLine> =
                    diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(c).unwrap();
                lines.into_iter().map(|line| line.detail + "\n").collect()
            }
            AnyConnection::Postgres(c) => {
                // The tables are empty.
                c.batch_execute("SET enable_seqscan TO off").unwrap();
                let lines: Vec<PostgresLine> =
                    diesel::sql_query(format!("EXPLAIN {statement}")).load(c).unwrap();
                lines.into_iter().map(|line| line.line + "\n").collect()
            }
        }
    }

    #[test]
    fn every_step_finds_its_rows_by_an_index() {
        let dir = TempDir::new().unwrap();
        for url in [sqlite_url(&dir), PostgresCluster::shared().create_database()] {
            let url = DatabaseUrl::parse(&url).unwrap();
            crate::migrate(&url).unwrap();
            let mut connection = connect(&url, Purpose::Read).unwrap();
            for (statement, index) in [
                (Outdated::Tokens.deletion().unwrap(), "tokens_expires_at"),
                (Outdated::Answers.deletion().unwrap(), "idempotency_keys_created_at"),
                (Outdated::Deliveries.deletion().unwrap(), "recent_deliveries_queued_at"),
                (BLANK_PARTICIPANTS, "conferences_not_blanked"),
                (BLANK_CALL_LEGS, "conferences_not_blanked"),
                (DELETE_REASONS, "conferences_not_blanked"),
                (BLANK_CONFERENCES, "conferences_not_blanked"),
            ] {
                let plan = plan(&mut connection, statement);
                assert!(plan.contains(index), "{statement}:\n{plan}");
                // SQLite says so of whole tables.
                assert!(!plan.contains("SCAN participants") && !plan.contains("SCAN call_legs"), "{plan}");
                assert!(!plan.contains("SCAN search_looks"), "{plan}");
            }
        }
    }
}
