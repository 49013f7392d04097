//! What is proved of sockets alone: a side that says it sends no more, which pipes lack, and a peer
//! that never reads, which Wine's pipes keep.

use otp_proto::Endpoint;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::super::UNREAD;
use super::{STATUS, served};

#[test]
fn a_request_is_answered_to_a_peer_that_has_ended_its_side() {
    served(async |server| {
        let Endpoint::Socket(path) = &server.endpoint else {
            panic!("not a socket");
        };
        let mut client = UnixStream::connect(path).await.unwrap();
        let line = format!("{STATUS}\n");
        client.write_all(line.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("result"), "{answer}");
        assert_eq!(answer.lines().count(), 1);
    });
}

#[test]
fn a_connection_that_retires_ends_though_its_peer_never_stops_sending() {
    use std::io::{BufRead as _, Write as _};
    use std::sync::atomic::{AtomicUsize, Ordering};

    served(async |server| {
        let Endpoint::Socket(path) = &server.endpoint else {
            panic!("not a socket");
        };
        // Threads, so that the socket is never empty.
        let mut sending = std::os::unix::net::UnixStream::connect(path).unwrap();
        let receiving = std::io::BufReader::new(sending.try_clone().unwrap());
        let many = format!("{STATUS}\n").repeat(2000);
        let writer =
            std::thread::spawn(move || while sending.write_all(many.as_bytes()).is_ok() {});
        let answered = std::sync::Arc::new(AtomicUsize::new(0));
        let count = std::sync::Arc::clone(&answered);
        let reader = std::thread::spawn(move || {
            for _ in receiving.lines().map_while(Result::ok) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        while answered.load(Ordering::Relaxed) < 10_000 {
            tokio::task::yield_now().await;
        }
        assert!(server.core.peers().retire_idlest());
        let before = answered.load(Ordering::Relaxed);
        // What was read already, what may still be, and what lay in the sockets' buffers.
        let mut late = 0;
        while !(writer.is_finished() && reader.is_finished()) && late < 20_000 {
            tokio::task::yield_now().await;
            late = answered.load(Ordering::Relaxed) - before;
        }
        assert!(late < 20_000, "{late}");
    });
}

#[test]
fn a_peer_that_leaves_its_answers_unread_is_closed_and_others_are_served() {
    served(async |server| {
        let mut deaf = server.connect().await;
        let line = format!("{STATUS}\n");
        let writing = async { while deaf.0.write_all(line.as_bytes()).await.is_ok() {} };
        let start = tokio::time::Instant::now();
        let asking = async {
            tokio::task::yield_now().await;
            assert!(server.connect().await.ask(STATUS).await.contains("result"));
        };
        tokio::join!(writing, asking);
        assert!(start.elapsed() >= UNREAD);
        let mut rest = Vec::new();
        deaf.0.read_to_end(&mut rest).await.ok();
        assert!(server.connect().await.ask(STATUS).await.contains("result"));
    });
}
