//! `recovery-key` and `rekey`: what hands out a new recovery key, which is kept nowhere.

use std::ffi::OsStr;
use std::path::Path;

use otp_proto::{RecoveryKeyKeep, RecoveryKeyRenew, Rekey, Secret, Status};
use zeroize::Zeroizing;

use super::file::{save, shown};
use crate::cli::{Line, Opt};
use crate::client::Client;
use crate::failure::{Failure, Kind, reason};
use crate::helper::{self, HelperError};
use crate::json::{Answer, Json};
use crate::os;
use crate::secret::confirm;
use crate::text::fill;

/// Says what is possible instead.
pub(super) fn show(client: &Client) -> Result<(), Failure> {
    let failure = Failure::new(Kind::Other, client.text.key_not_kept);
    Err(failure.hint("otpctl recovery-key renew"))
}

pub(super) fn renew(client: &mut Client) -> Result<(), Failure> {
    let key = renewed(client)?;
    tell(client, &key)?;
    // Until then the one before opens the vault: whoever is interrupted here has lost nothing.
    if client.can_ask() && !confirm(client.text.keep_question, false)? {
        return Err(Failure::new(Kind::Refused, client.text.key_stays));
    }
    client.call(&RecoveryKeyKeep {})?;
    client.say(client.text.key_renewed);
    Ok(())
}

/// Makes a new key and puts it on a sheet of paper: HTML by the file's ending, else a text.
pub(super) fn print(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let path = line.path();
    // Asked first: afterwards the key would have nowhere to go.
    if path != "-" && Path::new(path).exists() && !line.has(Opt::Force) {
        let cause = fill(text.file_exists, &[&shown(Path::new(path))]);
        return Err(Failure::new(Kind::Other, cause));
    }
    let key = renewed(client)?;
    let sheet = drawn(client, path, key)?;
    save(client, path, &sheet, line.has(Opt::Force))?;
    client.call(&RecoveryKeyKeep {}).inspect_err(|_| {
        // Its key opens nothing.
        std::fs::remove_file(path).ok();
    })?;
    if path != "-" {
        client.say(&fill(text.key_printed, &[&shown(Path::new(path))]));
    }
    Ok(())
}

fn drawn(client: &Client, path: &OsStr, key: Secret) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let ending = Path::new(path).extension().and_then(OsStr::to_str);
    let is_page = ending.is_some_and(|ending| ["html", "htm"].contains(&ending));
    let format = if is_page { "page" } else { "sheet" };
    let args = ["--format", format, "--language", client.text.language];
    helper::draw(&args, key).map_err(|error| match error {
        HelperError::Spawn(error) => {
            let cause = fill(client.text.cannot_run, &["otp-helper", &reason(&error)]);
            Failure::new(Kind::Other, cause)
        }
        HelperError::NoProgram | HelperError::Unreadable => {
            Failure::new(Kind::Other, client.text.no_helper)
        }
    })
}

fn renewed(client: &mut Client) -> Result<Secret, Failure> {
    if !client.call(&Status {})?.json().is("vault") {
        return Err(client.no_vault());
    }
    let prompt = client.text.current_passphrase;
    let passphrase = client.secrets().passphrase(prompt)?;
    let request = RecoveryKeyRenew { passphrase };
    let answer = client.call_with(&request, &request.passphrase)?;
    key(client, &answer)
}

fn key(client: &Client, answer: &Answer) -> Result<Secret, Failure> {
    let key = answer.json().get("recovery_key").and_then(Json::secret);
    key.ok_or_else(|| client.bad_answer())
}

/// Writes a recovery key on standard output, which is the only place that has it. The one before
/// opens the vault no more.
pub(super) fn hand_out(client: &Client, key: &Secret) -> Result<(), Failure> {
    tell(client, key).map_err(|failure| {
        let failure = failure.of(client.text.incomplete);
        failure.hint("otpctl recovery-key renew")
    })
}

fn tell(client: &Client, key: &Secret) -> Result<(), Failure> {
    client.say(client.text.recovery_intro);
    let mut line = Zeroizing::new(String::with_capacity(64));
    line.push_str(key.expose());
    line.push('\n');
    // Also where the reader has left: the key is lost with the output.
    os::write_stdout(line.as_bytes()).map_err(|error| {
        let cause = fill(client.text.recovery_not_shown, &[&reason(&error)]);
        Failure::new(Kind::Other, cause)
    })
}

/// Gives the vault a new identity.
pub(super) fn rekey(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    if !client.call(&Status {})?.json().is("vault") {
        return Err(client.no_vault());
    }
    let mut drop_backups = line.has(Opt::DropBackups);
    if client.can_ask() {
        client.say(text.rekey_intro);
        drop_backups = drop_backups || confirm(text.drop_question, false)?;
    }
    let passphrase = client.secrets().passphrase(text.passphrase)?;
    let request = Rekey {
        passphrase,
        drop_backups,
    };
    let answer = client.call_with(&request, &request.passphrase)?;
    hand_out(client, &key(client, &answer)?)?;
    client.say(text.key_renewed);
    for slot in answer.json().items("removed") {
        let name = slot.secret();
        let name = name.as_ref().map_or("", Secret::expose);
        client.say(&fill(text.slot_gone, &[&otp_proto::clean_label(name)]));
    }
    client.warnings(answer.json());
    client.say(text.rekeyed);
    Ok(())
}
