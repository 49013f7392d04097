//! What is done when a hotkey is pressed: `otpctl` does it, with the session's own environment.

use std::cell::RefCell;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::rc::Rc;

use otp_proto::{Action, Hotkey};
use tokio::task::{spawn_blocking, spawn_local};

use crate::failure::reason;

/// Most that go on at once: somebody may be asked for a passphrase.
const MOST: usize = 8;
/// Most bytes of a message.
const LONGEST: u64 = 4096;
/// Refused by a person, or on a locked screen, where nothing is to be shown.
const REFUSED: i32 = 6;

/// Does it, each key once at a time.
#[derive(Default)]
pub(super) struct Actor {
    /// What goes on.
    busy: Rc<RefCell<Vec<Hotkey>>>,
}

impl Actor {
    pub(super) fn press(&self, hotkey: &Hotkey) {
        let mut busy = self.busy.borrow_mut();
        if busy.len() >= MOST || busy.contains(hotkey) {
            return;
        }
        busy.push(hotkey.clone());
        drop(busy);
        let (hotkey, busy) = (hotkey.clone(), Rc::clone(&self.busy));
        spawn_local(async move {
            let arguments = arguments(&hotkey.action);
            let outcome = spawn_blocking(move || run(&arguments)).await;
            busy.borrow_mut().retain(|other| *other != hotkey);
            match outcome {
                Ok(Ok(())) | Err(_) => {}
                Ok(Err(said)) => super::tell(format!("{}: {said}", super::name(hotkey.keys))),
            }
        });
    }
}

/// The command line. Options first: a query may begin with a dash.
fn arguments(action: &Action) -> Vec<String> {
    let mut words: Vec<&str> = vec!["--quiet", "--prompt"];
    let entry = match action {
        Action::Pick => {
            words.push("pick");
            None
        }
        Action::Notify(entry) => {
            words.push("notify");
            Some(entry)
        }
        Action::Copy(entry) => {
            words.extend(["get", "--copy"]);
            Some(entry)
        }
        Action::Type {
            entry,
            script,
            window,
        } => {
            words.extend(["get", "--type"]);
            for (option, value) in [("--script", script), ("--window", window)] {
                if let Some(value) = value {
                    words.extend([option, value]);
                }
            }
            Some(entry)
        }
    };
    if let Some(entry) = entry {
        words.extend(["--", entry]);
    }
    words.into_iter().map(str::to_owned).collect()
}

/// Waits for its end; what a person should know of a failure, which is no secret: otpctl's
/// messages hold none.
fn run(arguments: &[String]) -> Result<(), String> {
    let program = find().ok_or_else(|| "otpctl: no such program".to_owned())?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("otpctl: {}", reason(&error)))?;
    let mut said = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        stderr.take(LONGEST).read_to_end(&mut said).ok();
    }
    let status = child.wait().map_err(|error| reason(&error))?;
    if status.success() || status.code() == Some(REFUSED) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&said);
    let lines = said.lines().map(otp_proto::clean_label);
    let mut lines = lines.filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_else(|| status.to_string());
    Err(first.strip_prefix("otpctl: ").unwrap_or(&first).to_owned())
}

/// Beside us, in `bin` where we are in `libexec/otpd`, or in an absolute folder of `PATH`.
fn find() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let own = own.parent()?;
    let mut folders = vec![own.to_owned()];
    if let Some(prefix) = own.parent().and_then(|libexec| libexec.parent()) {
        folders.push(prefix.join("bin"));
    }
    if let Some(path) = std::env::var_os("PATH") {
        folders.extend(std::env::split_paths(&path).filter(|folder| folder.is_absolute()));
    }
    let mut programs = folders.into_iter().map(|folder| folder.join("otpctl"));
    programs.find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_never_an_option() {
        let entry = "--json".to_owned();
        assert_eq!(
            arguments(&Action::Notify(entry.clone())),
            ["--quiet", "--prompt", "notify", "--", "--json"]
        );
        let script = Some("{CODE}".to_owned());
        assert_eq!(
            arguments(&Action::Type {
                entry,
                script,
                window: None
            }),
            [
                "--quiet", "--prompt", "get", "--type", "--script", "{CODE}", "--", "--json"
            ]
        );
        assert_eq!(arguments(&Action::Pick), ["--quiet", "--prompt", "pick"]);
    }
}
