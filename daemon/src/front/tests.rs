//! Real sockets or pipes, the real agent (locked, no vault), a clock that jumps to the next timer.
#![allow(
    clippy::unwrap_used,
    clippy::format_collect,
    reason = "a test that can't go on should stop"
)]

use std::rc::Rc;

use interprocess::local_socket::tokio::Stream;
use interprocess::local_socket::traits::tokio::Stream as _;
use interprocess::local_socket::{GenericFilePath, ToFsName as _};
use otp_proto::{Dirs, Endpoint, Event, MAX_REQUEST, Memory};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc;

#[cfg(unix)]
mod sockets;

use super::ipc::Ipc;
use super::*;
use crate::agent::Agent;
use crate::config::{Config, LogLevel};
use crate::lifecycle::Claim;
use crate::logging;
use crate::platform;
use crate::run::{Beside, Core, WAITING};
use crate::vault::store::Store;

const STATUS: &str = r#"{"jsonrpc":"2.0","id":1,"method":"status"}"#;

/// A served socket.
struct Server {
    core: Rc<Core>,
    endpoint: Endpoint,
}

/// A client's end.
struct Client(BufReader<Stream>);

impl Server {
    async fn connect(&self) -> Client {
        let name = self.endpoint.to_string();
        let name = name.to_fs_name::<GenericFilePath>().unwrap();
        Client(BufReader::new(Stream::connect(name).await.unwrap()))
    }
}

impl Client {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next line; empty at the end.
    async fn line(&mut self) -> String {
        let mut line = String::new();
        // A reset is an end, too.
        self.0.read_line(&mut line).await.unwrap_or_default();
        line
    }

    async fn ask(&mut self, line: &str) -> String {
        self.send(&format!("{line}\n")).await;
        self.line().await
    }
}

/// Runs a test beside a server. Time stands still while anything can be done, and then jumps.
fn served<F: Future<Output = ()>>(test: impl FnOnce(Server) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let below = |name: &str| folder.path().join(name);
    let dirs = Dirs {
        data: below("data"),
        config: below("config"),
        state: below("state"),
    };
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build_local(LocalOptions::default())
        .unwrap();
    runtime.block_on(async {
        let config = Config::default();
        let (done, _results) = mpsc::channel(WAITING);
        let beside = Beside::new(Store::new(&dirs), &dirs, below("otpd.toml"), &config, done);
        let agent = Agent::new(config, platform::random, false, Memory::Locked);
        let core = Rc::new(Core::new(
            agent,
            beside,
            crate::effect::notify::Board::new().0,
            logging::start(None, LogLevel::Error),
        ));
        let endpoint = os::private_endpoint(folder.path());
        let mut claim = Claim::take(&endpoint, None, true).unwrap();
        let listener = claim.listen(&endpoint, None).unwrap();
        drop(tokio::task::spawn_local(
            Ipc::new(Rc::clone(&core), listener).listen(),
        ));
        test(Server { core, endpoint }).await;
    });
}

#[test]
fn a_garbage_line_gets_its_error_and_the_connection_goes_on() {
    served(async |server| {
        let mut client = server.connect().await;
        assert!(client.ask("garbage").await.contains(r#""id":null,"error""#));
        assert!(client.ask("").await.contains("-32700"));
        assert!(client.ask(STATUS).await.contains(r#""id":1,"result""#));
    });
}

#[test]
fn requests_sent_at_once_are_all_answered() {
    served(async |server| {
        let mut client = server.connect().await;
        let lines: String = (0..100)
            .map(|id| format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"status\"}}\r\n"))
            .collect();
        client.send(&lines).await;
        for id in 0..100 {
            let line = client.line().await;
            assert!(line.contains(&format!(r#""id":{id},"#)), "{line}");
        }
    });
}

#[test]
fn a_line_of_the_limit_is_read_and_a_longer_one_ends_the_connection() {
    served(async |server| {
        let mut client = server.connect().await;
        let longest = " ".repeat(MAX_REQUEST - STATUS.len()) + STATUS;
        assert!(client.ask(&longest).await.contains("result"));
        client.send(&" ".repeat(MAX_REQUEST + 1)).await;
        let line = client.line().await;
        assert!(
            line.contains(r#""id":null"#) && line.contains("64 KiB"),
            "{line}"
        );
        assert_eq!(client.line().await, "");
        assert!(server.connect().await.ask(STATUS).await.contains("result"));
    });
}

#[test]
fn a_connection_without_a_whole_line_ends_after_five_seconds_and_one_with_it_stays() {
    served(async |server| {
        let (mut silent, mut slow) = (server.connect().await, server.connect().await);
        let mut spoken = server.connect().await;
        assert!(spoken.ask(STATUS).await.contains("result"));
        let start = tokio::time::Instant::now();
        slow.send(&STATUS[..9]).await;
        assert_eq!(silent.line().await, "");
        assert_eq!(slow.line().await, "");
        assert_eq!(start.elapsed().as_secs(), FIRST_LINE.as_secs());
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert!(spoken.ask(STATUS).await.contains("result"));
    });
}

#[test]
fn the_newest_connection_gets_in_and_the_one_idle_longest_goes() {
    served(async |server| {
        let mut clients = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            let mut client = server.connect().await;
            assert!(client.ask(STATUS).await.contains("result"));
            clients.push(client);
        }
        // The first was used again, so the second was idle longest.
        assert!(clients[0].ask(STATUS).await.contains("result"));
        let mut newest = server.connect().await;
        assert!(newest.ask(STATUS).await.contains("result"));
        assert_eq!(clients[1].line().await, "");
        for (place, client) in clients
            .iter_mut()
            .enumerate()
            .filter(|(place, _)| *place != 1)
        {
            assert!(client.ask(STATUS).await.contains("result"), "{place}");
        }
    });
}

#[test]
fn a_flood_of_idle_connections_keeps_nobody_out() {
    served(async |server| {
        let mut flood = Vec::new();
        for _ in 0..300 {
            flood.push(server.connect().await);
        }
        assert!(server.connect().await.ask(STATUS).await.contains("result"));
        assert!(server.core.peers().count() <= MAX_CONNECTIONS);
    });
}

#[test]
fn a_subscriber_gets_every_event_and_one_too_far_behind_is_closed() {
    const SUBSCRIBE: &str = r#"{"jsonrpc":"2.0","id":"s","method":"subscribe"}"#;
    served(async |server| {
        let mut client = server.connect().await;
        let mut other = server.connect().await;
        assert!(other.ask(STATUS).await.contains("result"));
        assert!(client.ask(SUBSCRIBE).await.contains(r#""id":"s","result""#));
        for _ in 0..2 * MAX_EVENTS {
            server.core.peers().publish(Event::Locked);
            assert!(client.line().await.contains(r#""event":"locked""#));
        }
        // Nothing is read between these.
        for _ in 0..=MAX_EVENTS {
            server.core.peers().publish(Event::Locked);
        }
        while !client.line().await.is_empty() {}
        // Who never subscribed got nothing and stays.
        assert!(other.ask(STATUS).await.contains("result"));
    });
}

#[test]
fn what_waits_is_never_sent_away_and_subscribers_go_last() {
    use crate::agent::Ticket;
    use otp_proto::Id;

    let peers = Peers::default();
    let (waiting, subscriber, idle) = (peers.admit(), peers.admit(), peers.admit());
    waiting.expect(Ticket(1), Id::Number(1));
    subscriber.subscribe();
    assert!(peers.retire_idlest());
    assert_eq!(idle.standing(), outbox::Standing::Retiring);
    assert_eq!(subscriber.standing(), outbox::Standing::Open);
    assert!(peers.retire_idlest());
    assert_eq!(subscriber.standing(), outbox::Standing::Retiring);
    assert!(!peers.retire_idlest());
    assert_eq!(waiting.abandon(), [Ticket(1)]);
}
