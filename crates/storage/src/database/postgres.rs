//! What a connection to PostgreSQL is set to, and which servers are refused.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::database::connection::Purpose;
use crate::database::url::parameters;
use crate::error::OpenError;

/// libpq parameters of a connection whose URL does not set them: seconds, and milliseconds for `tcp_user_timeout`. A
/// server that is gone without a word is noticed within 15 to 25 seconds.
const PARAMETERS: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "15000"),
];

/// The URL with [`PARAMETERS`].
pub(crate) fn with_parameters(url: &str) -> String {
    let given = parameters(url);
    let is_given = |name: &str| {
        let names = given.unwrap_or("").split('&').filter_map(|pair| pair.split_once('='));
        names.map(|(given, _)| given).any(|given| given == name)
    };
    let mut full = url.to_owned();
    let mut separator = match given {
        None => "?",
        Some("") => "",
        Some(_) => "&",
    };
    for (name, value) in PARAMETERS.iter().filter(|(name, _)| !is_given(name)) {
        full.extend([separator, name, "=", value]);
        separator = "&";
    }
    full
}

/// The settings of a session.
///
/// A writer serves many conferences, so it waits for a locked row only briefly; the operation is tried again later. The
/// session of a server that stands still within a transaction is ended after 5 s, which frees what it had locked.
pub(crate) const fn session(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Write => {
            "SET TIME ZONE 'UTC'; SET client_min_messages TO warning; SET synchronous_commit TO on;
             SET lock_timeout TO '200ms'; SET statement_timeout TO '30s';
             SET idle_in_transaction_session_timeout TO '5s'"
        }
        Purpose::Read => {
            "SET TIME ZONE 'UTC'; SET client_min_messages TO warning; SET synchronous_commit TO on;
             SET lock_timeout TO '2s'; SET statement_timeout TO '10s';
             SET idle_in_transaction_session_timeout TO '5s'"
        }
        Purpose::Migrate => {
            "SET TIME ZONE 'UTC'; SET client_min_messages TO warning; SET synchronous_commit TO on;
             SET lock_timeout TO '10s'; SET statement_timeout TO 0"
        }
    }
}

#[derive(QueryableByName)]
struct Server {
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Text)]
    session: String,
}

/// Refuses a database that cannot hold every text, and a pooler that gives a session to another client after each
/// transaction: settings, prepared statements and LISTEN belong to a session.
///
/// # Errors
/// [`OpenError::WrongEncoding`], [`OpenError::TransactionPooler`]; [`OpenError::Connect`] if the server does not answer.
pub(crate) fn refuse_unfit(url: &str, connection: &mut PgConnection) -> Result<(), OpenError> {
    let first = server_of(connection)?;
    if first.encoding != "UTF8" {
        return Err(OpenError::WrongEncoding(first.encoding));
    }
    // Two connections that are open at the same time have two sessions, unless a pooler gives both the same one in turn.
    let failed = |e: &dyn std::fmt::Display| OpenError::Connect(e.to_string());
    let mut second = PgConnection::establish(&with_parameters(url)).map_err(|e| failed(&e))?;
    if server_of(&mut second)?.session == first.session {
        return Err(OpenError::TransactionPooler);
    }
    Ok(())
}

/// Asks within a transaction: there a pooler cannot change the session between two messages.
fn server_of(connection: &mut PgConnection) -> Result<Server, OpenError> {
    let ask = "SELECT current_setting('server_encoding') AS encoding, concat(pid, ' ', backend_start) AS session \
               FROM pg_stat_activity WHERE pid = pg_backend_pid()";
    let mut asked = || {
        connection.batch_execute("BEGIN READ ONLY")?;
        let server = diesel::sql_query(ask).get_result(connection)?;
        connection.batch_execute("COMMIT")?;
        Ok(server)
    };
    asked().map_err(|e: diesel::result::Error| OpenError::Connect(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_added_unless_they_are_given() {
        let all = "connect_timeout=5&keepalives_idle=10&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=15000";
        assert_eq!(with_parameters("postgres://h/d"), format!("postgres://h/d?{all}"));
        assert_eq!(with_parameters("postgres://u:p?w@h/d"), format!("postgres://u:p?w@h/d?{all}"));
        assert_eq!(with_parameters("postgres://h/d?"), format!("postgres://h/d?{all}"));
        let given = "postgres://h/d?tcp_user_timeout=0&sslmode=disable&connect_timeout=2";
        let added = "&keepalives_idle=10&keepalives_interval=5&keepalives_count=3";
        assert_eq!(with_parameters(given), format!("{given}{added}"));
    }

    #[test]
    fn a_question_mark_in_the_password_begins_no_parameters() {
        assert_eq!(parameters("postgres://u:p?sslmode=x@h/d"), None);
        assert_eq!(parameters("postgres://u:p?x@h/d?a=b"), Some("a=b"));
        assert_eq!(parameters("postgres:///d?host=/run/x&user=a@b"), Some("host=/run/x&user=a@b"));
        assert_eq!(
            parameters("postgres://h?a=b@c"),
            None,
            "as libpq reads it: up to the @ it is a user name"
        );
    }
}
