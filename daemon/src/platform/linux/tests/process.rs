use std::fs;
use std::os::fd::{AsFd as _, IntoRawFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::thread;

use rustix::process::{Resource, dumpable_behavior, getrlimit};

use super::super::activation::{adopt, announced};
use super::super::*;
use super::is_alone;
use crate::platform::environment::remove_env;
use crate::platform::{same_user, trim_heap, tune_heap};

#[test]
fn a_hardened_process_is_not_dumpable_leaves_no_core_and_makes_private_files() {
    if !is_alone(&a_hardened_process_is_not_dumpable_leaves_no_core_and_makes_private_files) {
        return;
    }
    assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::Dumpable));
    harden().unwrap();
    assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
    let core = getrlimit(Resource::Core);
    assert_eq!((core.current, core.maximum), (Some(0), Some(0)));
    let file = std::env::temp_dir().join(format!("otpd-umask-{}", std::process::id()));
    fs::File::create_new(&file).unwrap();
    let mode = fs::metadata(&file).unwrap().mode() & 0o777;
    fs::remove_file(&file).unwrap();
    assert_eq!(mode, 0o600);
}

#[test]
fn a_variable_is_never_removed_while_there_are_threads() {
    let name = "CARGO_MANIFEST_DIR";
    if std::env::var_os(name).is_some() {
        assert!(remove_env(name).is_err());
        assert!(std::env::var_os(name).is_some());
    }
}

#[test]
fn sockets_are_meant_for_us_only_with_our_own_process_id() {
    let found = |vars: &[(&str, &str)]| {
        let env = |name: &str| {
            vars.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        announced(&env, 42)
    };
    let two = [("LISTEN_PID", "42"), ("LISTEN_FDS", "2")];
    assert_eq!(found(&two).unwrap(), 3..5);
    assert_eq!(found(&two[1..]).unwrap(), 3..3);
    assert_eq!(found(&two[..1]).unwrap(), 3..3);
    for pid in ["43", "", "x", "-42"] {
        let vars = [("LISTEN_PID", pid), ("LISTEN_FDS", "2")];
        assert_eq!(found(&vars).unwrap(), 3..3);
    }
    for count in ["-1", "17", "x", "", "99999999999"] {
        let vars = [("LISTEN_PID", "42"), ("LISTEN_FDS", count)];
        assert!(found(&vars).is_err());
    }
}

#[test]
fn only_listening_unix_stream_sockets_are_taken_over() {
    fn taken(socket: impl Into<OwnedFd>) -> io::Result<Vec<Inherited>> {
        let fd = socket.into().into_raw_fd();
        adopt(fd..fd + 1)
    }
    let path = std::env::temp_dir().join(format!("otpd-adopt-{}", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let accepted = taken(listener);
    fs::remove_file(&path).unwrap();
    assert_eq!(accepted.unwrap().len(), 1);

    let (connected, _other) = UnixStream::pair().unwrap();
    assert!(taken(connected).is_err());
    assert!(taken(UnixDatagram::unbound().unwrap()).is_err());
    assert!(taken(fs::File::open("/").unwrap()).is_err());
    assert!(taken(std::net::TcpListener::bind("127.0.0.1:0").unwrap()).is_err());
    assert!(adopt(1_000_000..1_000_001).is_err());
    assert!(adopt(3..3).unwrap().is_empty());
}

#[test]
fn a_peer_that_runs_as_another_user_is_told_from_us() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let path = std::env::temp_dir().join(format!("otpd-peer-{}", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let connect = |uid: Option<u32>| {
        let path = path.clone();
        thread::spawn(move || {
            // Credentials are each thread's own.
            if let Some(uid) = uid {
                let uid = rustix::process::Uid::from_raw(uid);
                rustix::thread::set_thread_res_uid(None, uid, None).unwrap();
            }
            UnixStream::connect(path).unwrap()
        })
        .join()
        .unwrap()
    };
    rustix::fs::chmod(&path, rustix::fs::Mode::from_raw_mode(0o777)).unwrap();
    let clients = [connect(Some(65_534)), connect(None)];
    fs::remove_file(&path).unwrap();
    let foreign = peer(listener.accept().unwrap().0.as_fd()).unwrap();
    assert_eq!(foreign.uid(), Some(65_534));
    assert!(!same_user(&foreign));
    let own = peer(&listener.accept().unwrap().0).unwrap();
    assert!(same_user(&own));
    drop(clients);
}

#[test]
fn freed_memory_goes_back_to_the_system() {
    const MEGABYTES: usize = 100;
    if !is_alone(&freed_memory_goes_back_to_the_system) {
        return;
    }
    tune_heap();
    let before = resident();
    let large = vec![1_u8; MEGABYTES << 20];
    assert!(resident() > before + (MEGABYTES << 20) / 2);
    drop(large);
    assert!(resident() < before + (MEGABYTES << 20) / 2);

    // Small blocks, and one at the heap's end that keeps it from shrinking by itself.
    let small: Vec<_> = (0..MEGABYTES * 16).map(|_| vec![1_u8; 1 << 16]).collect();
    let last = vec![1_u8; 1 << 16];
    drop(small);
    assert!(resident() > before + (MEGABYTES << 20) / 2);
    trim_heap();
    assert!(resident() < before + (MEGABYTES << 20) / 2);
    drop(last);
}

/// Returns this process's resident memory in bytes.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * page_size()
}

#[test]
fn the_boot_clock_is_the_kernels_uptime() {
    let uptime = fs::read_to_string("/proc/uptime").unwrap();
    let seconds: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
    let difference = boot().as_secs_f64() - seconds;
    assert!((0.0..5.0).contains(&difference), "{difference}");
    let _ = is_synchronised();
}
