//! The clusters do what the tests of others rely on.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use trialogue_testkit::{Fsync, PostgresCluster, StopMode};

/// The `host:port` of a database URL.
fn address(url: &str) -> &str {
    url.split(['@', '/']).collect::<Vec<_>>()[3]
}

#[test]
fn databases_are_empty_utf8_and_apart() {
    let cluster = PostgresCluster::shared();
    let [first, second] = [cluster.create_database(), cluster.create_database()];
    assert_ne!(first, second);
    cluster.query(&first, "CREATE TABLE only_here (a int)");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(cluster.query(&first, tables), "1");
    assert_eq!(cluster.query(&second, tables), "0");
    assert_eq!(cluster.query(&second, "SHOW server_encoding"), "UTF8");
}

#[test]
fn text_is_not_ordered_by_bytes() {
    let cluster = PostgresCluster::shared();
    let url = cluster.create_database();
    assert_eq!(cluster.query(&url, "SELECT 'a' < 'B'"), "t");
    assert_eq!(cluster.query(&url, r#"SELECT 'a' < 'B' COLLATE "C""#), "f");
}

#[test]
fn databases_can_be_made_from_many_threads() {
    let make = || std::thread::spawn(|| PostgresCluster::shared().create_database());
    let mut urls: Vec<String> =
        [make(), make(), make(), make()].into_iter().map(|t| t.join().unwrap()).collect();
    urls.sort();
    urls.dedup();
    assert_eq!(urls.len(), 4);
}

#[test]
fn a_stopped_cluster_refuses_and_comes_back_with_its_data() {
    let mut cluster = PostgresCluster::new(Fsync::On);
    let url = cluster.create_database();
    cluster.query(&url, "CREATE TABLE kept (a int); INSERT INTO kept VALUES (7)");
    assert_eq!(cluster.query(&url, "SHOW fsync"), "on");
    for mode in [StopMode::Immediate, StopMode::Fast] {
        cluster.stop(mode);
        assert!(TcpStream::connect(address(&url)).is_err());
        cluster.start();
        assert_eq!(cluster.query(&url, "SELECT a FROM kept"), "7");
    }
    cluster.restart(StopMode::Immediate);
    assert_eq!(cluster.query(&url, "SELECT a FROM kept"), "7");
}

#[test]
fn a_dropped_cluster_is_gone_with_its_files() {
    let cluster = PostgresCluster::new(Fsync::Off);
    let url = cluster.create_database();
    let files = cluster.query(&url, "SHOW data_directory");
    assert!(std::fs::exists(&files).unwrap());
    drop(cluster);
    assert!(TcpStream::connect(address(&url)).is_err());
    assert!(!std::fs::exists(&files).unwrap());
}

#[test]
fn a_killed_process_leaves_nothing_behind() {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_a_cluster", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let told =
        lines.find_map(|line| line.unwrap().split_once("holds ").map(|(_, told)| told.to_owned())).unwrap();
    let (url, files) = told.split_once(' ').unwrap();
    assert!(TcpStream::connect(address(url)).is_ok());
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert!(within_a_minute(|| !std::fs::exists(files).unwrap()));
    assert!(TcpStream::connect(address(url)).is_err());
}

#[test]
#[ignore = "the process that a_killed_process_leaves_nothing_behind kills"]
fn holds_a_cluster() {
    let cluster = PostgresCluster::shared();
    let url = cluster.create_database();
    println!("holds {url} {}", cluster.query(&url, "SHOW data_directory"));
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "nobody tells us that another process's cleaning is done")]
fn within_a_minute(mut condition: impl FnMut() -> bool) -> bool {
    (0..1200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        condition()
    })
}

#[test]
fn a_synchronous_standby_has_every_commit_and_takes_over() {
    let mut primary = PostgresCluster::new(Fsync::Off);
    let url = primary.create_database();
    primary.query(&url, "CREATE TABLE kept (a int)");
    let standby = primary.synchronous_standby();
    let either = primary.url_with_standby(&url, &standby);
    primary.query(&either, "INSERT INTO kept VALUES (7)");
    assert_eq!(primary.query(&either, "SELECT pg_is_in_recovery()"), "f");
    primary.stop(StopMode::Immediate);
    standby.promote();
    assert_eq!(standby.query(&either, "INSERT INTO kept VALUES (8) RETURNING (SELECT a FROM kept)"), "7");
}
