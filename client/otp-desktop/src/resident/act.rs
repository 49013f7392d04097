//! What is done when a hotkey is pressed: `otpctl` does it, with the session's own environment.

use std::cell::RefCell;
use std::io::{Read as _, Write as _};
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
            let action = hotkey.action.clone();
            let outcome = spawn_blocking(move || run(&action)).await;
            busy.borrow_mut().retain(|other| *other != hotkey);
            match outcome {
                Ok(Ok(())) | Err(_) => {}
                Ok(Err(said)) => super::tell(format!("{}: {said}", super::name(hotkey.keys))),
            }
        });
    }
}

/// The command line, which every process can read: a script, in which somebody may have a PIN, is
/// not in it. Options first: a query may begin with a dash.
fn arguments(action: &Action) -> Vec<&str> {
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
            if script.is_some() {
                words.extend(["--script", "-"]);
            }
            if let Some(window) = window {
                words.extend(["--window", window]);
            }
            Some(entry)
        }
    };
    if let Some(entry) = entry {
        words.extend(["--", entry]);
    }
    words
}

/// Waits for its end; what a person should know of a failure, which is no secret: otpctl's
/// messages hold none.
fn run(action: &Action) -> Result<(), String> {
    let program = find().ok_or_else(|| "otpctl: no such program".to_owned())?;
    let script = match action {
        Action::Type { script, .. } => script.as_ref(),
        Action::Pick | Action::Notify(_) | Action::Copy(_) => None,
    };
    let stdin = script.map_or_else(Stdio::null, |_| Stdio::piped());
    let mut child = Command::new(program)
        .args(arguments(action))
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("otpctl: {}", reason(&error)))?;
    if let (Some(script), Some(mut stdin)) = (script, child.stdin.take()) {
        // One that ended already has its status. A pipe takes the longest script at once.
        stdin.write_all(format!("{script}\n").as_bytes()).ok();
    }
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
        let script = Some("1234{CODE}".to_owned());
        assert_eq!(
            arguments(&Action::Type {
                entry,
                script,
                window: None
            }),
            [
                "--quiet", "--prompt", "get", "--type", "--script", "-", "--", "--json"
            ]
        );
        assert_eq!(arguments(&Action::Pick), ["--quiet", "--prompt", "pick"]);
    }
}
