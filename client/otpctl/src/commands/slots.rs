//! `slots`: the ways to open the vault.

use otp_proto::{ErrorKind, SlotsAdd, SlotsList, SlotsRemove, SlotsTest};

use super::{OrUsage as _, hardware};
use crate::cli::{Line, Opt};
use crate::client::Client;
use crate::failure::{Failure, Kind};
use crate::json::Json;
use crate::output;
use crate::text::fill;

pub(super) fn list(client: &mut Client) -> Result<(), Failure> {
    let answer = client.call(&SlotsList {})?;
    let slots = answer.json().items("slots");
    if client.globals.json {
        let slots = answer
            .json()
            .get("slots")
            .ok_or_else(|| client.bad_answer())?;
        return output::print_json(slots.raw());
    }
    let rows: Vec<_> = slots
        .iter()
        .map(|slot| vec![slot.label("name"), described(client, *slot).to_owned()])
        .collect();
    output::print(&output::columns(&rows))
}

fn described(client: &Client, slot: Json<'_>) -> &'static str {
    let text = client.text;
    match slot.label("kind").as_str() {
        "passphrase" => text.slot_passphrase,
        "recovery" => text.slot_recovery,
        "keyring" => text.slot_keyring,
        "plugin" => text.slot_plugin,
        _ => "",
    }
}

/// Whether a slot is typed, and whether another one is. Asked first, so that nobody types
/// anything for a slot that isn't there.
fn typed(client: &mut Client, name: &str) -> Result<(bool, bool), Failure> {
    let answer = client.call(&SlotsList {})?;
    let slots = answer.json().items("slots");
    let is_typed =
        |slot: &Json<'_>| ["passphrase", "recovery"].contains(&slot.label("kind").as_str());
    let is_named = |slot: &&Json<'_>| slot.label("name") == name;
    let Some(slot) = slots.iter().find(is_named) else {
        let kind = Kind::Rpc(ErrorKind::NotFound);
        return Err(Failure::new(kind, client.text.no_slot).hint("otpctl slots list"));
    };
    let others = slots.iter().filter(|slot| !is_named(slot));
    Ok((is_typed(slot), others.into_iter().any(is_typed)))
}

/// Adds a slot that nobody types.
pub(super) fn add(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let slot = line.query().or_usage(client)?;
    match slot.as_str() {
        "plugin" => return hardware::add(client, line),
        "keyring" if line.paths().count() == 1 && !line.has(Opt::Name) => {}
        _ => return Err(Failure::new(Kind::Usage, text.only_keyring)),
    }
    let passphrase = client.secrets().passphrase(text.current_passphrase)?;
    let request = SlotsAdd {
        slot,
        passphrase,
        plugin: None,
    };
    client.call_with(&request, &request.passphrase)?;
    client.say(text.keyring_added);
    Ok(())
}

pub(super) fn test(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let slot = line.query().or_usage(client)?;
    let (is_typed, _) = typed(client, &slot)?;
    let passphrase = if is_typed {
        let prompt = prompt(client, slot == "recovery");
        Some(client.secrets().passphrase(prompt)?)
    } else {
        None
    };
    let request = SlotsTest { slot, passphrase };
    hardware::steps(client, &request).map_err(|mut failure| {
        if failure.kind == Kind::Rpc(ErrorKind::Denied) && is_typed {
            failure.cause = text.wrong_passphrase.into();
        }
        failure
    })?;
    client.say(&fill(text.slot_opens, &[&request.slot]));
    Ok(())
}

pub(super) fn remove(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let slot = line.query().or_usage(client)?;
    let (is_typed, has_other) = typed(client, &slot)?;
    if is_typed && !has_other {
        return Err(Failure::new(Kind::Refused, text.last_slot));
    }
    client.say(text.what_stays);
    let prompt = prompt(client, slot == "passphrase");
    let passphrase = client.secrets().passphrase(prompt)?;
    let request = SlotsRemove { slot, passphrase };
    let answer = client.call_with(&request, &request.passphrase)?;
    client.warnings(answer.json());
    client.say(&fill(text.slot_removed, &[&request.slot]));
    Ok(())
}

fn prompt(client: &Client, is_recovery: bool) -> &'static str {
    if is_recovery {
        client.text.recovery_key
    } else {
        client.text.passphrase
    }
}
