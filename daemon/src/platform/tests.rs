//! What holds on every system; `linux/tests` and `unix_tests.rs` have the rest.

use super::*;

#[test]
fn random_bytes_fill_the_whole_buffer_and_differ() {
    let (mut first, mut second) = ([0; 64], [0; 64]);
    random(&mut first);
    random(&mut second);
    assert_ne!(first, second);
    assert!(first[56..].iter().any(|&byte| byte != 0));
}

#[test]
fn we_are_the_same_user_as_ourselves_and_not_as_another() {
    let mut peer = Peer {
        user: user().unwrap(),
        pid: None,
    };
    assert!(same_user(&peer));
    peer.user = match peer.user {
        otp_proto::User::Uid(uid) => otp_proto::User::Uid(uid + 1),
        otp_proto::User::Sid(sid) => otp_proto::User::Sid(sid + "1"),
    };
    assert!(!same_user(&peer));
}

#[test]
fn this_process_has_a_program_and_an_impossible_one_has_none() {
    let own = std::env::current_exe().unwrap();
    let name = process_name(std::process::id()).unwrap();
    assert_eq!(
        std::path::Path::new(&name).file_name().unwrap(),
        own.file_name().unwrap()
    );
    assert_eq!(process_name(u32::MAX), None);
}

#[test]
fn removing_a_variable_that_is_not_set_costs_nothing() {
    assert!(remove_env("OTPD_TEST_NEVER_SET").is_ok());
}

#[test]
fn tuning_and_trimming_the_heap_leaves_it_usable() {
    tune_heap();
    let block = vec![1_u8; 1 << 20];
    trim_heap();
    assert_eq!(block.last(), Some(&1));
}

#[test]
fn the_mlock_mode_never_uses_secret_memory() {
    use crate::config::MemoryMode;
    assert_ne!(arena::probe(MemoryMode::Mlock), otp_proto::Memory::Secret);
    assert_eq!(MemoryMode::default(), MemoryMode::Auto);
}

/// The keys and values of a property list, in their order (plist(5)).
fn property_list(text: &str) -> Vec<(&str, &str)> {
    let body = text.split_once("<plist").unwrap().1;
    body.split('<')
        .filter_map(|piece| piece.split_once('>'))
        .filter(|(tag, _)| !tag.starts_with('/'))
        .map(|(tag, text)| (tag, text.trim()))
        .collect()
}

#[test]
fn launchd_names_the_socket_and_the_variable_as_the_programs_do() {
    let list = property_list(include_str!("../../../launchd/io.otpd.agent.plist"));
    let socket = LAUNCHD_SOCKET.to_str().unwrap();
    let sockets = [
        ("key", "Sockets"),
        ("dict", ""),
        ("key", socket),
        ("dict", ""),
        ("key", "SecureSocketWithKey"),
        ("string", otp_proto::SOCKET_VARIABLE),
    ];
    assert!(
        list.windows(sockets.len()).any(|part| part == sockets),
        "{list:?}"
    );
    let one_after = |key: &str| {
        let at = list.iter().position(|&found| found == ("key", key));
        list.get(at.unwrap() + 1).copied()
    };
    assert_eq!(one_after("Label"), Some(("string", "io.otpd.agent")));
    // umask(2) 077 and no core, as the systemd unit has it.
    assert_eq!(one_after("Umask"), Some(("integer", "63")));
    assert_eq!(one_after("Core"), Some(("integer", "0")));
}
