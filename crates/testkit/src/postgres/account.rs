//! Which system account runs the server: `PostgreSQL` refuses to run as root.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// A system account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account that the server needs if we, who own `dir`, are root: `postgres`, else `nobody`.
    pub(super) fn needed_by(dir: &Path) -> Option<Self> {
        if dir.metadata().expect("our own directory").uid() != 0 {
            return None;
        }
        let passwd = std::fs::read_to_string("/etc/passwd").expect("root reads /etc/passwd");
        let found = ["postgres", "nobody"].iter().find_map(|name| Self::in_passwd(&passwd, name));
        Some(
            found.expect("an account `postgres` or `nobody` to run PostgreSQL, which refuses to run as root"),
        )
    }

    fn in_passwd(passwd: &str, name: &str) -> Option<Self> {
        let fields: Vec<&str> =
            passwd.lines().map(|line| line.split(':').collect()).find(|f: &Vec<_>| f[0] == name)?;
        Some(Self { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
    }

    pub(super) fn give(self, path: &Path) {
        chown(path, Some(self.uid), Some(self.gid)).expect("root may give files away");
    }

    pub(super) fn run(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd =
            "root:x:0:0:root:/root:/bin/bash\npostgres2:x:7:8::/:\npostgres:x:101:104::/:/bin/bash\n";
        let account = Account::in_passwd(passwd, "postgres").unwrap();
        assert_eq!((account.uid, account.gid), (101, 104));
        assert!(Account::in_passwd(passwd, "nobody").is_none());
    }
}
