use super::*;
use std::os::unix::net::UnixStream;

#[test]
fn the_peer_of_a_socket_pair_is_this_process() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let peer = peer(&ours).unwrap();
    assert!(same_user(&peer));
    assert_eq!(peer.pid, Some(std::process::id()));
}
