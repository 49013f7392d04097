//! Making system calls fail, or kill, at a chosen place.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::Home;

/// A strace that is attached to one thread.
pub(crate) struct Strace(Child);

impl Strace {
    /// Attaches to the agent's thread that writes to disk, which starts with its first write.
    /// `fault` is what strace(1) calls an injection: `write:error=ENOSPC:when=2`.
    #[track_caller]
    pub(crate) fn attach(agent: u32, fault: &str) -> Self {
        Self::start(agent, fault, &[])
    }

    /// As [`Strace::attach`], where only calls that have to do with the vault's files count. A
    /// thread also writes to wake another; that cannot fail.
    #[track_caller]
    pub(crate) fn attach_to_files(home: &Home, agent: u32, fault: &str) -> Self {
        let mut paths = vec![home.state(), home.state().join("state"), home.vault()];
        paths.extend([home.data().join("vault"), home.data().join("backups")]);
        for path in paths.clone() {
            let unfinished = format!(".new-{}", path.file_name().unwrap().to_string_lossy());
            paths.push(path.with_file_name(unfinished));
        }
        Self::start(agent, fault, &paths)
    }

    #[track_caller]
    fn start(agent: u32, fault: &str, paths: &[PathBuf]) -> Self {
        let thread = thread(agent, "otpd-disk");
        let calls = fault.split(':').next().unwrap();
        let mut child = Command::new("strace")
            .args(["-o", "/dev/null", "-e", &format!("trace={calls}")])
            .args(["-e", &format!("inject={fault}"), "-p", &thread.to_string()])
            .args(
                paths
                    .iter()
                    .flat_map(|path| ["-P".as_ref(), path.as_os_str()]),
            )
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace");
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert!(line.contains("attached"), "strace: {line}");
        // Its last words must find a reader.
        std::thread::spawn(move || said.lines().map_while(Result::ok).for_each(drop));
        Self(child)
    }

    /// Detaches; the agent goes on without faults.
    pub(crate) fn detach(mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).ok();
        self.0.wait().ok();
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The id of a process's thread with this name.
#[track_caller]
fn thread(pid: u32, name: &str) -> u32 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let mut names = Vec::new();
    for task in tasks {
        let comm = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        if comm.trim() == name {
            return task.file_name().to_string_lossy().parse().unwrap();
        }
        names.push(comm);
    }
    panic!("no thread {name:?} among {names:?}")
}
