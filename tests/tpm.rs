//! The real age-plugin-tpm on a TPM in software (swtpm), where both are installed. What is needed
//! beside them is a `/dev/tpmrm0`: a pseudo-terminal that leads to swtpm, in a `/dev` of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::json;

use crate::support::{
    Daemon, Home, Outcome, PASSPHRASE, PATIENCE, random_key, root_for, run, skip,
};

/// In a mount namespace: everything of `/dev` as links, and the device.
const SCRIPT: &str = "hold=$0; tpm=$1; shift; mount --rbind /dev \"$hold\" && \
    mount -t tmpfs -o mode=755 none /dev && for f in \"$hold\"/*; do ln -s \"$f\" /dev/; done && \
    ln -s \"$hold/$tpm\" /dev/tpmrm0 && exec \"$@\"";

/// A computer with a TPM.
struct Desk {
    home: Home,
    plugin: PathBuf,
    /// swtpm, and what leads to it.
    processes: Vec<Child>,
    /// The pseudo-terminal, below `/dev`.
    device: String,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.end();
    }
}

impl Desk {
    fn new(test: &str) -> Option<Self> {
        if !root_for(test) {
            return None;
        }
        let found = |program: &str| {
            let folders = ["/usr/local/bin", "/usr/bin"].map(Path::new);
            let mut paths = folders.iter().map(|folder| folder.join(program));
            let path = paths.find(|path| path.exists());
            if path.is_none() {
                skip(test, &format!("no {program}"));
            }
            path
        };
        for program in ["swtpm", "socat"] {
            found(program)?;
        }
        let plugin = found("age-plugin-tpm")?;
        let home = Home::with_vault();
        for folder in ["tpm", "dev"] {
            home.make_dir(&home.root().join(folder));
        }
        let mut desk = Self {
            home,
            plugin,
            processes: Vec::new(),
            device: String::new(),
        };
        desk.begin();
        Some(desk)
    }

    fn begin(&mut self) {
        let (home, root) = (&self.home, self.home.root().display().to_string());
        let start = |program: &str, args: &[String]| {
            let mut command = home.command_with(&["--pdeathsig=KILL"], program);
            command
                .args(args)
                .stdin(Stdio::null())
                .stdout(Stdio::null());
            command.stderr(Stdio::null()).spawn().unwrap()
        };
        let socket = home.root().join("run/tpm");
        let swtpm = [
            "socket".into(),
            "--tpm2".into(),
            "--tpmstate".into(),
            format!("dir={root}/tpm"),
            "--server".into(),
            format!("type=unixio,path={}", socket.display()),
            "--flags".into(),
            "not-need-init,startup-clear".into(),
        ];
        self.processes.push(start("swtpm", &swtpm));
        until("swtpm", || socket.exists());
        let link = home.root().join("run/device");
        let socat = [
            format!("PTY,link={},raw,echo=0", link.display()),
            format!("UNIX-CONNECT:{}", socket.display()),
        ];
        self.processes.push(start("socat", &socat));
        until("a device", || link.exists());
        let device = std::fs::read_link(&link).unwrap();
        let device = device.strip_prefix("/dev").unwrap().to_str().unwrap();
        device.clone_into(&mut self.device);
    }

    /// The TPM is gone.
    fn end(&mut self) {
        for mut process in self.processes.drain(..) {
            process.kill().ok();
            process.wait().ok();
        }
    }

    /// Runs a command where the device is.
    fn with_device(&self, inner: &Command) -> Command {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--", "sh", "-c", SCRIPT])
            .arg(self.home.root().join("dev"))
            .arg(&self.device)
            .arg(inner.get_program())
            .args(inner.get_args());
        command.current_dir(self.home.home()).env_clear();
        let vars = inner.get_envs();
        command.envs(vars.filter_map(|(name, value)| Some((name, value?))));
        command
    }

    fn daemon(&self) -> Daemon {
        let otpd = crate::support::programs().join("otpd");
        let otpd = self.home.command_with(&["--pdeathsig=KILL"], otpd);
        Daemon::run(self.with_device(&otpd))
    }

    /// Makes an identity in the TPM.
    fn generate(&self, file: &str, options: &[&str]) {
        let mut made = self.home.command(&self.plugin);
        made.args(["--generate", "-o", file]).args(options);
        made.env("AGE_TPM_PIN", "1234");
        run(&mut self.with_device(&made), b"").exits(0);
    }

    fn add(&self, file: &str, name: &str, typed: &str) -> Outcome {
        let plugin = self.plugin.to_str().unwrap();
        let words = ["slots", "add", "plugin", plugin, file, "--name", name];
        self.home.ctl_in(&words, typed)
    }
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_tpm_opens_the_vault_with_a_pin_and_without_and_the_passphrase_when_it_is_gone() {
    let Some(mut desk) = Desk::new("tpm::a_tpm_opens_the_vault") else {
        return;
    };
    let daemon = desk.daemon();
    let home = &desk.home;
    home.unlock();
    home.add(&format!("otpauth://totp/x?secret={}", random_key()));
    desk.generate("tpm.txt", &["--tpm-recipient"]);
    desk.generate("pin.txt", &["--tpm-recipient", "--pin"]);
    desk.add("tpm.txt", "tpm", PASSPHRASE).exits(0);
    // What was wrapped has been unwrapped, with the PIN, before the slot is said to be there.
    let typed = format!("{PASSPHRASE}\n1234");
    desk.add("pin.txt", "tpm-pin", &typed).exits(0);
    for (slot, pin) in [("tpm", ""), ("tpm-pin", "1234")] {
        home.ctl(&["lock"]).exits(0);
        home.ctl_in(&["unlock", "--slot", slot], pin).exits(0);
        home.ctl(&["get", "x"]).exits(0);
        let status = home.connect().ok("status", json!({}));
        assert_eq!(status["unlocked_by"], slot);
        home.ctl_in(&["slots", "test", slot], pin).exits(0);
    }
    home.ctl(&["lock"]).exits(0);
    let wrong = home.ctl_in(&["unlock", "--slot", "tpm-pin"], "4321");
    assert!(wrong.exits(6).stderr.contains("TPM_RC_AUTH_FAIL"));
    // Its later recipients are none that the plugin itself takes.
    desk.generate("tag.txt", &[]);
    let refused = desk.add("tag.txt", "tag", PASSPHRASE).exits(8);
    assert!(refused.stderr.contains("--tpm-recipient"), "{refused:?}");
    desk.end();
    let home = &desk.home;
    let gone = home.ctl(&["unlock", "--slot", "tpm"]);
    assert!(
        !gone.status.success() && !gone.stderr.is_empty(),
        "{gone:?}"
    );
    home.ctl_in(&["unlock"], PASSPHRASE).exits(0);
    home.ctl(&["get", "x"]).exits(0);
    daemon.stop();
}
