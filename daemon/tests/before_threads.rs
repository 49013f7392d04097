//! What must be done before a process has threads: taking variables out of the environment, and
//! taking over sockets that a service manager hands over.

fn main() {
    #[cfg(target_os = "linux")]
    linux::main();
}

#[cfg(target_os = "linux")]
#[allow(clippy::unwrap_used, reason = "a test, though clippy cannot see it")]
mod linux {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::process::{Command, id};
    use std::{env, fs, thread};

    use otpd::platform::{harden, remove_env, take_listeners};

    const STEP: &str = "OTPD_TEST_STEP";

    pub(crate) fn main() {
        match env::var(STEP).as_deref() {
            Ok("variable") => a_variable_is_removed_while_there_is_one_thread_and_never_later(),
            Ok("socket") => a_socket_handed_over_by_its_number_serves_and_its_variables_are_gone(),
            Ok("parents") => a_socket_handed_to_our_parent_is_left_alone(),
            _ => {
                hand_over("variable", "$$");
                hand_over("socket", "$$");
                hand_over("parents", &id().to_string());
            }
        }
    }

    /// Runs a step of this test as systemd would: with a listening socket as descriptor 3.
    fn hand_over(step: &str, pid: &str) {
        let path = env::temp_dir().join(format!("otpd-{step}-{}", id()));
        let listener = UnixListener::bind(&path).unwrap();
        let client = UnixStream::connect(&path);
        fs::remove_file(&path).unwrap();
        // exec keeps the shell's process id.
        let script = format!("exec 3<&0 </dev/null; LISTEN_PID={pid} exec \"$0\"");
        let status = Command::new("sh")
            .args(["-c", &script])
            .arg(env::current_exe().unwrap())
            .envs([(STEP, step), ("LISTEN_FDS", "1"), ("LISTEN_FDNAMES", "x")])
            .stdin(OwnedFd::from(listener))
            .status()
            .unwrap();
        assert!(status.success(), "{step}");
        drop(client);
    }

    fn a_variable_is_removed_while_there_is_one_thread_and_never_later() {
        // As in the agent: first hardened, which closes much of /proc even to ourselves.
        harden().unwrap();
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let other = thread::spawn(move || wait.recv());
        assert!(remove_env(STEP).is_err());
        assert!(env::var_os(STEP).is_some());
        drop(done);
        other.join().unwrap().unwrap_err();
        remove_env(STEP).unwrap();
        assert!(env::var_os(STEP).is_none());
    }

    fn a_socket_handed_over_by_its_number_serves_and_its_variables_are_gone() {
        harden().unwrap();
        let mut taken = take_listeners().unwrap();
        let socket = taken.pop().unwrap();
        assert!(taken.is_empty());
        assert!(env::vars().all(|(name, _)| !name.starts_with("LISTEN_")));
        let flags = rustix::io::fcntl_getfd(&socket).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        UnixListener::from(socket).accept().unwrap();
        assert!(take_listeners().unwrap().is_empty());
    }

    fn a_socket_handed_to_our_parent_is_left_alone() {
        assert!(env::vars().any(|(name, _)| name.starts_with("LISTEN_")));
        assert!(take_listeners().unwrap().is_empty());
        assert!(env::vars().all(|(name, _)| !name.starts_with("LISTEN_")));
    }
}
