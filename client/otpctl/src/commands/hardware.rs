//! Slots of hardware: what their plugins say and ask, step by step, and adding one.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use otp_proto::{
    Call, ErrorKind, PluginSlot, Secret, SlotsAdd, SlotsReply, UnlockSlot, clean_label,
};
use zeroize::Zeroizing;

use super::OrUsage as _;
use crate::cli::{Line, Opt};
use crate::client::Client;
use crate::failure::{Failure, Kind, reason};
use crate::json::{Answer, Json};
use crate::secret::{Secrets, confirm, read_stdin};
use crate::text::fill;
use crate::{output, sibling};

/// How the name of every plugin's program begins.
const PREFIX: &str = "age-plugin-";
/// Longest identity file in bytes.
const LONGEST: usize = 64 * 1024;

/// Opens the vault by a slot.
pub(super) fn unlock(client: &mut Client, slot: String) -> Result<(), Failure> {
    let text = client.text;
    // Where no terminal can ask and `--prompt` allows it, the agent's dialog asks for a PIN.
    let interactive = client.by_dialog();
    let request = UnlockSlot {
        slot,
        interactive,
        desktop: interactive.then(Client::desktop),
    };
    let answer = steps(client, &request).map_err(|failure| {
        if failure.kind == Kind::Rpc(ErrorKind::NotFound) {
            return Failure::new(failure.kind, text.no_slot).hint("otpctl slots list");
        }
        failure
    })?;
    client.warnings(answer.json());
    Ok(())
}

/// Asks the agent, and a person whatever a plugin says and asks meanwhile.
pub(super) fn steps<C: Call>(client: &mut Client, params: &C) -> Result<Answer, Failure> {
    let mut answer = client.call(params)?;
    let mut quiet = None;
    loop {
        let Some(ask) = answer.json().get("ask") else {
            return Ok(answer);
        };
        match ask.label("kind").as_str() {
            // It may be asked again.
            "secret" if quiet.is_none() => {
                quiet = Secrets::new(client.text, &client.globals).quiet();
            }
            // Its answer is shown.
            "confirm" => quiet = None,
            _ => {}
        }
        let reply = reply(client, ask)?;
        // The agent lets the plugin end when this connection does.
        answer = client.call(&reply)?;
    }
}

fn reply(client: &Client, ask: Json<'_>) -> Result<SlotsReply, Failure> {
    let shown = clean_label(&ask.label("text"));
    let mut reply = SlotsReply::default();
    match ask.label("kind").as_str() {
        "secret" | "text" => {
            let mut secrets = Secrets::new(client.text, &client.globals);
            let prompt = format!("{} ", shown.trim_end());
            reply.text = Some(secrets.passphrase(&prompt)?);
        }
        "confirm" if ask.get("no").is_none() => {
            output::say(&(shown + "\n"));
            reply.yes = Some(true);
        }
        "confirm" => {
            let label = |name| clean_label(&ask.label(name));
            let choice = [&shown, " [y: ", &label("yes"), ", n: ", &label("no"), "] "].concat();
            reply.yes = Some(client.can_ask() && confirm(&choice, false)?);
        }
        // A message, or something that a later agent says.
        _ => output::say(&(shown + "\n")),
    }
    Ok(reply)
}

/// Adds a slot of hardware.
pub(super) fn add(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let mut arguments = line.paths().skip(1);
    let (Some(program), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err(Failure::new(Kind::Usage, text.plugin_needs));
    };
    let program = find(client, program)?;
    let name = line.text(Opt::Name).or_usage(client)?;
    let stem = Path::new(&program).file_stem().and_then(OsStr::to_str);
    let Some(stem) = stem.and_then(|stem| stem.strip_prefix(PREFIX)) else {
        let cause = fill(text.no_plugin, &[&clean_label(&program)]);
        return Err(Failure::new(Kind::BadInput, cause));
    };
    let slot = name.unwrap_or_else(|| stem.to_owned());
    let (identity, recipient) = read(client, file)?;
    let passphrase = client.secrets().passphrase(text.current_passphrase)?;
    let plugin = Some(PluginSlot {
        program,
        identity,
        recipient,
    });
    let request = SlotsAdd {
        slot,
        passphrase,
        plugin,
    };
    steps(client, &request).map_err(|mut failure| {
        if failure.kind == Kind::Rpc(ErrorKind::NotFound) {
            failure = Failure::new(Kind::Usage, text.slot_name);
        }
        failure
    })?;
    client.say(&fill(text.plugin_added, &[&request.slot]));
    Ok(())
}

/// Returns the absolute path of a plugin that was named or found in `PATH`.
fn find(client: &Client, program: &OsStr) -> Result<String, Failure> {
    let path = Path::new(program);
    let found = if path.components().count() > 1 {
        std::path::absolute(path).ok().filter(|path| path.is_file())
    } else {
        let name = program.to_string_lossy();
        let name = name.strip_prefix(PREFIX).unwrap_or(&name);
        sibling::find(&format!("{PREFIX}{name}"))
    };
    let found = found.and_then(|path: PathBuf| path.into_os_string().into_string().ok());
    found.ok_or_else(|| {
        let name = clean_label(&program.to_string_lossy());
        Failure::new(
            Kind::Rpc(ErrorKind::NotFound),
            fill(client.text.no_plugin, &[&name]),
        )
    })
}

/// Reads the identity out of a plugin's identity file, and its recipient if that is there.
fn read(client: &Client, file: &OsStr) -> Result<(Secret, Option<String>), Failure> {
    let failed = |error: &std::io::Error| {
        let file = clean_label(&file.to_string_lossy());
        let cause = fill(client.text.cannot_read, &[&file, &reason(error)]);
        Failure::new(Kind::Other, cause)
    };
    let bytes = if file == "-" {
        read_stdin(LONGEST).map_err(|error| failed(&error))?
    } else {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
        let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        let read = File::open(file).and_then(|file| file.take(most).read_to_end(&mut bytes));
        read.map_err(|error| failed(&error))?;
        Some(bytes)
    };
    let found = bytes
        .as_ref()
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(identity);
    let found = found.ok_or_else(|| Failure::new(Kind::BadInput, client.text.no_identity))?;
    match (own(found.0.expose()), &found.1) {
        (Some(own), Some(recipient)) if !recipient.starts_with(&own) => {
            let cause = fill(client.text.other_recipient, &[&own]);
            Err(Failure::new(Kind::BadInput, cause))
        }
        _ => Ok(found),
    }
}

/// The one identity of a plugin in a text, and its recipient, which most have in a comment.
fn identity(text: &str) -> Option<(Secret, Option<String>)> {
    let (mut identity, mut recipient) = (None, None);
    for line in text.lines().map(str::trim) {
        let last = line.split_whitespace().next_back().unwrap_or_default();
        if last.starts_with("age1") && recipient.replace(last.to_owned()).is_some() {
            return None;
        }
        if line.starts_with("AGE-PLUGIN-") && identity.replace(Secret::copy_of(line)).is_some() {
            return None;
        }
    }
    Some((identity?, recipient))
}

/// How the recipients of an identity's own plugin begin. Others, such as the `age1tag1` of later
/// versions of some plugins, are for `age` itself, and the plugin refuses them.
fn own(identity: &str) -> Option<String> {
    let name = identity.strip_prefix("AGE-PLUGIN-")?;
    // What follows the last 1 is the number.
    let (name, _) = name.rsplit_once('1')?;
    Some(
        ["age1", name.trim_end_matches('-'), "1"]
            .concat()
            .to_ascii_lowercase(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_s_own_recipients_have_its_name() {
        for (identity, expected) in [
            ("AGE-PLUGIN-TPM-1QGQ", Some("age1tpm1")),
            ("AGE-PLUGIN-FIDO2-HMAC-1QQ", Some("age1fido2-hmac1")),
            ("AGE-PLUGIN-", None),
            ("AGE-SECRET-KEY-1A", None),
        ] {
            assert_eq!(own(identity).as_deref(), expected, "{identity}");
        }
    }

    #[test]
    fn an_identity_file_gives_one_identity_and_its_recipient() {
        let read = |text| identity(text).map(|(identity, to)| (identity.expose().to_owned(), to));
        let to = |text: &str| Some(text.to_owned());
        for (file, expected) in [
            ("AGE-PLUGIN-X-1A", Some(("AGE-PLUGIN-X-1A".into(), None))),
            (
                "# created: today\n#  Recipient: age1x1b\r\n\nAGE-PLUGIN-X-1A\r\n",
                Some(("AGE-PLUGIN-X-1A".into(), to("age1x1b"))),
            ),
            ("AGE-PLUGIN-X-1A\nAGE-PLUGIN-X-1B\n", None),
            ("# to age1x1b\n# or age1x1c\nAGE-PLUGIN-X-1A\n", None),
            ("AGE-SECRET-KEY-1A", None),
            ("", None),
        ] {
            assert_eq!(read(file), expected, "{file}");
        }
    }
}
