//! The vault as a whole: `init`, `unlock`, `lock`, `passwd`.

use otp_proto::{ErrorKind, Init, Lock, Passwd, RecoveryKey, Secret, Status};
use zeroize::Zeroizing;

use super::{OrUsage as _, hardware, recovery_key};
use crate::cli::{Line, Opt, Time};
use crate::client::{Client, is_running};
use crate::failure::{Failure, Kind};
use crate::json::Json;
use crate::text::{duration, fill};
use crate::{output, secret};

pub(super) fn init(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    // Asked first, so that nobody thinks of a passphrase in vain.
    if client.call(&Status {})?.json().is("vault") {
        let exists = Failure::new(Kind::Rpc(ErrorKind::Exists), text.vault_exists);
        return Err(exists.hint("otpctl unlock"));
    }
    let passphrase = if line.has(Opt::Generate) {
        generated(client)?
    } else {
        let secrets = client.secrets();
        if secrets.is_terminal() {
            output::say(text.init_intro);
        }
        secrets.new_passphrase()?
    };
    let answer = client.call(&Init { passphrase })?;
    let key = answer.json().get("recovery_key").and_then(Json::secret);
    let recovery_key = key.ok_or_else(|| client.bad_answer())?;
    recovery_key::hand_out(client, &recovery_key)?;
    client.say(text.recovery_outro);
    Ok(())
}

/// Proposes a passphrase and has it typed, where somebody can type.
fn generated(client: &mut Client) -> Result<Secret, Failure> {
    secret::hide()?;
    let passphrase = words()?;
    let shown = Zeroizing::new(fill(client.text.generated, &[passphrase.expose()]));
    output::say(&shown);
    if client.can_ask() && client.globals.passphrase_fd.is_none() {
        client.secrets().retype(&passphrase)?;
    }
    Ok(passphrase)
}

/// Six words of two syllables: each of the 4,900 words is as likely as any other, so that a
/// word has 12.2 bits and the six have 73.
fn words() -> Result<Secret, Failure> {
    const CONSONANTS: &[u8; 14] = b"bdfghjkmnprstz";
    const VOWELS: &[u8; 5] = b"aeiou";
    const SYLLABLES: usize = 70;
    const WORDS: usize = SYLLABLES * SYLLABLES;
    // The largest multiple of WORDS in 16 bits; larger draws would favour the first words.
    const FAIR: usize = 65_536 / WORDS * WORDS;
    let mut out = Zeroizing::new(String::with_capacity(32));
    while out.len() < 6 * 5 - 1 {
        let mut bits = Zeroizing::new([0; 2]);
        if getrandom::fill(&mut *bits).is_err() {
            return Err(Failure::new(Kind::Other, "no random numbers"));
        }
        let draw = usize::from(u16::from_ne_bytes(*bits));
        if draw >= FAIR {
            continue;
        }
        if !out.is_empty() {
            out.push('-');
        }
        for syllable in [draw / SYLLABLES % SYLLABLES, draw % SYLLABLES] {
            for letter in [
                CONSONANTS.get(syllable / VOWELS.len()),
                VOWELS.get(syllable % VOWELS.len()),
            ] {
                out.extend(letter.map(|&letter| char::from(letter)));
            }
        }
    }
    Ok(Secret::copy_of(&out))
}

pub(super) fn unlock(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let status = client.call(&Status {})?;
    if !status.json().is("vault") {
        return Err(client.no_vault());
    }
    // Said before anybody types a passphrase in vain.
    if let Some(left) = status.json().number("unlock_in") {
        let text = client.text;
        let cause = fill(text.refused_for, &[&duration(text, left)]);
        let failure = Failure::new(Kind::Rpc(ErrorKind::Refused), cause);
        return Err(failure.hint("otpctl lock --for 0"));
    }
    if status.json().is("locked") {
        let slot = line.text(Opt::Slot).or_usage(client)?;
        // What a person types says itself which of the two it is.
        if let Some(slot) = slot.filter(|slot| !["passphrase", "recovery"].contains(&&**slot)) {
            let what = client.text.cannot_unlock;
            hardware::unlock(client, slot).map_err(|failure| failure.of(what))?;
        } else if let Some(vault) = line.text(Opt::Vault).or_usage(client)? {
            client.unlock_typed(Some(&vault))?;
        } else if client.by_dialog() {
            client.unlock_by_dialog()?;
        } else {
            client.unlock()?;
        }
    }
    client.say(client.text.unlocked);
    Ok(())
}

pub(super) fn lock(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let time = line.value::<Time>(Opt::For).or_usage(client)?;
    let seconds = time.map(|time| time.0);
    // Without an agent no key is in memory, and starting one to lock it would be odd; but only
    // one that runs can refuse.
    if seconds.is_some() || client.globals.no_start || is_running() {
        client.call(&Lock { seconds })?;
    }
    match seconds.and_then(|seconds| i64::try_from(seconds).ok()) {
        None | Some(0) => client.say(text.is_locked),
        Some(seconds) => client.say(&fill(text.is_locked_for, &[&duration(text, seconds)])),
    }
    Ok(())
}

pub(super) fn passwd(client: &mut Client) -> Result<(), Failure> {
    let text = client.text;
    if !client.call(&Status {})?.json().is("vault") {
        return Err(client.no_vault());
    }
    let secrets = client.secrets();
    let current = secrets.passphrase(text.current_passphrase)?;
    let new = secrets.new_passphrase()?;
    if RecoveryKey::looks_like(new.expose()) {
        return Err(Failure::new(Kind::Usage, text.like_recovery_key));
    }
    let request = Passwd { current, new };
    client.call_with(&request, &request.current)?;
    client.say(text.passphrase_changed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposed_passphrase_has_six_words_of_four_letters_and_differs_each_time() {
        let (one, two) = (words().unwrap(), words().unwrap());
        for passphrase in [&one, &two] {
            let words: Vec<&str> = passphrase.expose().split('-').collect();
            assert_eq!(words.len(), 6);
            assert!(words.iter().all(|word| word.len() == 4));
        }
        assert!(one != two);
    }
}
