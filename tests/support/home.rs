//! A private home with its own user: nothing of one test is seen by another.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use super::command::{Outcome, run};
use super::user::{command_as, fresh_uid};
use super::{Daemon, Line};

/// The passphrase of every vault that [`Home::with_vault`] hands out.
pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

/// The folder with the programs, where everybody can run them: those of `OTPD_PROGRAMS`,
/// else fresh ones.
pub(crate) fn programs() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = if everybody_enters(target) {
            target.join("programs")
        } else {
            scratch("bin")
        };
        fs::create_dir_all(&folder).unwrap();
        let fresh = [
            ("otpd", env!("CARGO_BIN_EXE_fresh-otpd")),
            ("otpctl", env!("CARGO_BIN_EXE_fresh-otpctl")),
            ("otp-askpass", env!("CARGO_BIN_EXE_fresh-otp-askpass")),
            ("otp-helper", env!("CARGO_BIN_EXE_fresh-otp-helper")),
            ("otp-desktop", env!("CARGO_BIN_EXE_fresh-otp-desktop")),
        ];
        let given = std::env::var_os("OTPD_PROGRAMS").map(PathBuf::from);
        for (name, path) in fresh {
            let from = given
                .as_ref()
                .map_or_else(|| path.into(), |given| given.join(name));
            // Renamed into place: an agent of another run may still be running from here. Written
            // by another process: a descriptor for writing that another test's fork inherits
            // for a moment would make execve(2) fail with ETXTBSY.
            let new = folder.join(format!("{name}.{}", std::process::id()));
            let mut install = Command::new("install");
            install.args(["-m", "0755"]).args([&from, &new]);
            assert!(install.status().unwrap().success(), "{}", from.display());
            fs::rename(&new, folder.join(name)).unwrap();
        }
        folder
    })
}

/// Whether any user may enter a folder.
fn everybody_enters(folder: &Path) -> bool {
    folder.ancestors().all(|part| {
        fs::metadata(part).is_ok_and(|found| found.permissions().mode() & 0o005 == 0o005)
    })
}

/// Makes a folder that everybody may enter, with a short name: a socket's path has 107 bytes.
fn scratch(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let run = std::env::temp_dir().join(format!("otpt-{}", std::process::id()));
    let folder = run.join(format!("{name}{number}"));
    fs::create_dir_all(&folder).unwrap();
    for made in [&run, &folder] {
        fs::set_permissions(made, PermissionsExt::from_mode(0o755)).unwrap();
    }
    folder
}

/// A home folder, a runtime folder and their owner.
pub(crate) struct Home {
    root: PathBuf,
    pub(crate) uid: Option<u32>,
    vars: Vec<(String, String)>,
    recovery: String,
}

impl Home {
    /// Makes an empty home.
    pub(crate) fn new() -> Self {
        let root = scratch("");
        let home = Self {
            uid: fresh_uid(),
            root,
            vars: Vec::new(),
            recovery: String::new(),
        };
        for folder in [home.home(), home.run_dir()] {
            home.make_dir(&folder);
        }
        home
    }

    /// Makes a home with an empty vault, locked, whose passphrase is [`PASSPHRASE`]. The key
    /// derivation is slow, so one vault is made and copied, and what opens it is wrapped for little.
    pub(crate) fn with_vault() -> Self {
        let home = Self::with_slow_vault();
        cheapen(&home, "identity.age", PASSPHRASE);
        cheapen(&home, "recovery.age", &home.recovery);
        // What these were.
        fs::remove_file(home.state().join("slots")).unwrap();
        home
    }

    /// The same, and trying a passphrase takes its time.
    pub(crate) fn with_slow_vault() -> Self {
        struct Template {
            files: Vec<(PathBuf, Vec<u8>)>,
            recovery: String,
        }
        static TEMPLATE: OnceLock<Template> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| {
            let home = Self::new();
            let daemon = Daemon::start(&home);
            let recovery = home.ctl_in(&["init"], PASSPHRASE).exits(0).stdout;
            daemon.stop();
            let files = files_below(&home.home())
                .into_iter()
                .map(|path| {
                    let bytes = fs::read(&path).unwrap();
                    (path.strip_prefix(home.home()).unwrap().to_owned(), bytes)
                })
                .collect();
            Template {
                files,
                recovery: recovery.trim().to_owned(),
            }
        });
        let mut home = Self::new();
        for (path, bytes) in &template.files {
            home.write(&home.home().join(path), bytes);
        }
        home.recovery.clone_from(&template.recovery);
        home
    }

    /// The recovery key of a home made by [`Home::with_vault`].
    pub(crate) fn recovery(&self) -> &str {
        &self.recovery
    }

    /// Sets a variable for every program run here.
    pub(crate) fn var(&mut self, name: &str, value: &str) {
        self.vars.retain(|(known, _)| known != name);
        self.vars.push((name.into(), value.into()));
    }

    /// Takes back a variable that was set so.
    pub(crate) fn forget(&mut self, name: &str) {
        self.vars.retain(|(known, _)| known != name);
    }

    /// A variable that was set so.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut vars = self.vars.iter();
        vars.find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
    pub(crate) fn home(&self) -> PathBuf {
        self.root.join("home")
    }
    pub(crate) fn run_dir(&self) -> PathBuf {
        self.root.join("run")
    }
    pub(crate) fn data(&self) -> PathBuf {
        self.home().join(".local/share/otpd")
    }
    pub(crate) fn state(&self) -> PathBuf {
        self.home().join(".local/state/otpd")
    }
    pub(crate) fn socket(&self) -> PathBuf {
        self.run_dir().join("otpd/otpd.sock")
    }

    /// An address of the loopback that no other test has (RFC 6890, 2.2.2): a port that was free
    /// there stays free until a server has it.
    pub(crate) fn address(&self) -> Ipv4Addr {
        const FIRST: u32 = 0x7f01_0000;
        const COUNT: u32 = 0x00fe_0000;
        let number = self.uid.unwrap_or_else(std::process::id);
        Ipv4Addr::from_bits(FIRST + number % COUNT)
    }

    /// A port at [`Home::address`] that nobody has.
    pub(crate) fn port(&self) -> u16 {
        let listener = TcpListener::bind((self.address(), 0)).unwrap();
        listener.local_addr().unwrap().port()
    }

    /// The one vault file.
    pub(crate) fn vault(&self) -> PathBuf {
        let folder = self.data().join("vault");
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "age"))
            .collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files.pop().unwrap()
    }

    /// Makes a folder of the home's user, mode 0700, its parents too.
    pub(crate) fn make_dir(&self, folder: &Path) {
        if !folder.parent().unwrap().exists() {
            self.make_dir(folder.parent().unwrap());
        }
        fs::create_dir_all(folder).unwrap();
        chown(folder, self.uid, self.uid).unwrap();
        fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
    }

    /// Writes a file of the home's user, mode 0600.
    pub(crate) fn write(&self, path: &Path, bytes: impl AsRef<[u8]>) {
        self.make_dir(path.parent().unwrap());
        fs::write(path, bytes).unwrap();
        chown(path, self.uid, self.uid).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// Writes `otpd.toml`.
    pub(crate) fn configure(&self, toml: &str) {
        self.write(&self.home().join(".config/otpd/otpd.toml"), toml);
    }

    /// Prepares a program to run as the home's user, in the home, with its environment only.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        self.command_with(&[], program)
    }

    /// As [`Home::command`], with more options for setpriv.
    pub(crate) fn command_with(
        &self,
        setpriv: &[&str],
        program: impl AsRef<std::ffi::OsStr>,
    ) -> Command {
        let mut command = match command_as(self.uid, setpriv) {
            Some(mut command) => {
                command.arg("--").arg(program);
                command
            }
            None => Command::new(program),
        };
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", programs().display());
        command
            .current_dir(self.home())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.run_dir())
            .env("LANG", "C.UTF-8")
            .envs(self.vars.iter().cloned());
        command
    }

    /// Runs `otpctl --no-start ARGS` without a terminal or input.
    #[track_caller]
    pub(crate) fn ctl(&self, args: &[&str]) -> Outcome {
        self.ctl_in(args, "")
    }

    /// Runs `otpctl --no-start ARGS` with a line on its stdin.
    #[track_caller]
    pub(crate) fn ctl_in(&self, args: &[&str], line: &str) -> Outcome {
        let stdin = if line.is_empty() {
            String::new()
        } else {
            format!("{line}\n")
        };
        run(
            self.command(programs().join("otpctl"))
                .arg("--no-start")
                .args(args),
            stdin.as_bytes(),
        )
    }

    /// Connects to the agent as the home's user.
    #[track_caller]
    pub(crate) fn connect(&self) -> Line {
        Line::connect(&self.socket(), self.uid)
    }

    /// Unlocks with [`PASSPHRASE`].
    #[track_caller]
    pub(crate) fn unlock(&self) {
        self.connect()
            .ok("unlock", serde_json::json!({"passphrase": PASSPHRASE}));
    }

    /// Adds a URI and returns the entry's id.
    #[track_caller]
    pub(crate) fn add(&self, uri: &str) -> String {
        let added = self.connect().ok("add", serde_json::json!({"uri": uri}));
        added["entry"]["id"].as_str().unwrap().to_owned()
    }

    /// The processes of the home's user.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let Some(uid) = self.uid else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else {
                continue;
            };
            let Ok(status) = fs::read_to_string(entry.path().join("status")) else {
                continue;
            };
            let owner = status.lines().find_map(|line| line.strip_prefix("Uid:"));
            let owner = owner.and_then(|line| line.split_whitespace().next());
            if owner == Some(uid.to_string().as_str()) && !status.contains("State:\tZ") {
                found.push(pid);
            }
        }
        found
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // Agents that otpctl started are nobody's children; their user is this test's alone.
        for pid in self.processes() {
            let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok();
        }
        if std::env::var_os("OTPT_KEEP").is_none() {
            fs::remove_dir_all(&self.root).ok();
            // Gone with the last home of this run.
            fs::remove_dir(self.root.parent().unwrap()).ok();
        }
    }
}

/// Every file below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// Wraps what a passphrase wraps once more, so that opening it takes no time.
fn cheapen(home: &Home, slot: &str, passphrase: &str) {
    static CHEAP: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let path = home.data().join(slot);
    let mut cheap = CHEAP.lock().unwrap();
    let wrapped = cheap.entry(slot.to_owned()).or_insert_with(|| {
        let passphrase = || age::secrecy::SecretString::from(passphrase.to_owned());
        let identity = age::scrypt::Identity::new(passphrase());
        let plain = age::decrypt(&identity, &fs::read(&path).unwrap()).unwrap();
        let mut recipient = age::scrypt::Recipient::new(passphrase());
        recipient.set_work_factor(4);
        age::encrypt(&recipient, &plain).unwrap()
    });
    home.write(&path, wrapped);
}
