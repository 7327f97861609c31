//! A fresh database of either kind.

use tempfile::TempDir;
use trialogue_testkit::{PostgresCluster, sqlite_url};

use crate::process::{Process, program, trialogue};

/// Makes of each scenario, an `fn(&Database)`, two tests.
macro_rules! on_both {
    ($($scenario:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $scenario() { super::$scenario(&crate::database::Database::sqlite()); })+
        }
        mod postgres {
            $(#[test] fn $scenario() { super::$scenario(&crate::database::Database::postgres()); })+
        }
    };
}
pub(crate) use on_both;

/// An empty database; a file is gone when this is dropped.
pub(crate) struct Database {
    url: String,
    _dir: Option<TempDir>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let dir = TempDir::new().unwrap();
        Self { url: sqlite_url(&dir), _dir: Some(dir) }
    }

    pub(crate) fn postgres() -> Self {
        Self { url: PostgresCluster::shared().create_database(), _dir: None }
    }

    /// One that belongs to somebody else.
    pub(crate) fn at(url: String) -> Self {
        Self { url, _dir: None }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Arguments with this database at the end.
    pub(crate) fn with<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        [arguments, &["--database", &self.url]].concat()
    }

    pub(crate) fn migrate(&self) -> String {
        trialogue(&self.with(&["migrate"])).printed()
    }

    /// Adds a user by the command line; a provider with its one language.
    pub(crate) fn add_user(&self, user: &User) {
        let native = user.language.map(|language| language.to_string());
        let mut arguments = vec!["user", "add", user.role, &user.email, &user.name];
        if let Some(native) = &native {
            arguments.extend(["--native", native]);
        }
        Process::start(program(&self.with(&arguments)), &format!("{}\n", user.password)).finish().printed();
    }

    /// What the tool tells of a conference. It fails unless the log leads to the stored state.
    pub(crate) fn timeline(&self, conference: i64) -> String {
        trialogue(&self.with(&["timeline", &conference.to_string()])).printed()
    }
}

/// A user to be added.
pub(crate) struct User {
    pub(crate) role: &'static str,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) language: Option<i32>,
}

impl User {
    pub(crate) fn client(n: usize) -> Self {
        Self::numbered("client", n, None)
    }

    /// The only one for its language, if there is one provider of each number.
    pub(crate) fn provider(n: usize) -> Self {
        Self::numbered("provider", n, Some(language(n)))
    }

    fn numbered(role: &'static str, n: usize, language: Option<i32>) -> Self {
        let (email, name) = (format!("{role}{n}@test.example"), format!("{role} number {n}"));
        Self { role, email, name, password: format!("{role}-password-{n}"), language }
    }
}

/// The language of the provider with this number.
pub(crate) fn language(n: usize) -> i32 {
    i32::try_from(n).unwrap() + 2
}
