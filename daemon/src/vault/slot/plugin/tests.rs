//! Conversations with plugins that are lines of text.

use std::io::Cursor;

use otp_proto::{Ask, AskKind, SlotsReply};

use super::*;

/// Answers everything with one reply, and remembers what was asked.
struct Patient {
    reply: fn() -> Result<SlotsReply, PluginError>,
    asked: Vec<Ask>,
}

impl Person for Patient {
    fn ask(&mut self, ask: Ask) -> Result<SlotsReply, PluginError> {
        self.asked.push(ask);
        (self.reply)()
    }
}

const PIN: fn() -> Result<SlotsReply, PluginError> = || {
    let text = Some(Secret::copy_of("1234"));
    Ok(SlotsReply {
        text,
        yes: Some(true),
    })
};

fn plugin(recipient: Option<&str>) -> PluginFile {
    PluginFile {
        program: "age-plugin-x".into(),
        identity: Secret::copy_of("AGE-PLUGIN-X-1A"),
        recipient: recipient.map(str::to_owned),
    }
}

fn file_key() -> FileKey {
    FileKey::init_with_mut(|key| key.copy_from_slice(b"sixteen bytes ok"))
}

/// What is said to a plugin that says this, what is asked, and what comes of it.
fn unwrapped(
    says: &str,
    reply: fn() -> Result<SlotsReply, PluginError>,
) -> (String, Vec<Ask>, Result<FileKey, PluginError>) {
    let mut person = Patient {
        reply,
        asked: Vec::new(),
    };
    let mut said = Vec::new();
    let stanza = Stanza {
        tag: "x".into(),
        args: vec!["arg".into()],
        body: b"wrapped".to_vec(),
    };
    let talk = Talk::new(Cursor::new(says.as_bytes()), &mut said, &mut person);
    let done = talk.unwrap(&plugin(None), &[stanza]);
    (String::from_utf8(said).unwrap(), person.asked, done)
}

fn wrapped(says: &str, recipient: Option<&str>) -> (String, Result<Vec<Stanza>, PluginError>) {
    let mut person = Patient {
        reply: PIN,
        asked: Vec::new(),
    };
    let mut said = Vec::new();
    let talk = Talk::new(Cursor::new(says.as_bytes()), &mut said, &mut person);
    let done = talk.wrap(&plugin(recipient), &file_key());
    (String::from_utf8(said).unwrap(), done)
}

/// base64 of `sixteen bytes ok`.
const KEY: &str = "-> file-key 0\nc2l4dGVlbiBieXRlcyBvaw\n";
const DONE: &str = "-> done\n\n";

#[test]
fn a_key_comes_back_after_a_message_a_pin_and_a_choice() {
    // "Touch\x1b[31m it", "PIN", "Sure?" with "Oui" and "Non", and something of a later version.
    let says = [
        "-> msg\nVG91Y2gbWzMxbSBpdA\n-> request-secret\nUElO\n",
        "-> confirm T3Vp Tm9u\nU3VyZT8\n-> later\n\n",
        KEY,
        DONE,
    ]
    .concat();
    let (said, asked, done) = unwrapped(&says, PIN);
    assert_eq!(done.unwrap().expose_secret(), file_key().expose_secret());
    assert_eq!(
        said,
        "-> add-identity AGE-PLUGIN-X-1A\n\n-> recipient-stanza 0 x arg\nd3JhcHBlZA\n-> done\n\n\
         -> ok\n\n-> ok\nMTIzNA\n-> ok yes\n\n-> unsupported\n\n-> ok\n\n"
    );
    let kinds: Vec<_> = asked.iter().map(|ask| ask.kind).collect();
    assert_eq!(kinds, [AskKind::Message, AskKind::Secret, AskKind::Confirm]);
    assert_eq!(asked[0].text, "Touch[31m it");
    assert_eq!(asked[2].yes.as_deref(), Some("Oui"));
    assert_eq!(asked[2].no.as_deref(), Some("Non"));
}

#[test]
fn a_key_is_wrapped_to_the_recipient_or_by_the_identity() {
    let stanza = "-> recipient-stanza 0 x a\nd3JhcHBlZA\n";
    let says = [stanza, stanza, DONE].concat();
    for (recipient, begins) in [
        (None, "-> add-identity AGE-PLUGIN-X-1A\n\n"),
        (Some("age1x1b"), "-> add-recipient age1x1b\n\n"),
    ] {
        let (said, done) = wrapped(&says, recipient);
        let stanzas = done.unwrap();
        assert_eq!(stanzas.len(), 2);
        assert_eq!(
            (stanzas[0].tag.as_str(), stanzas[0].args.as_slice()),
            ("x", &["a".to_owned()][..])
        );
        let rest = "-> wrap-file-key\nc2l4dGVlbiBieXRlcyBvaw\n-> done\n\n-> ok\n\n-> ok\n\n";
        assert_eq!(said, [begins, rest].concat());
    }
    let refused = "-> error recipient 0\nYnVzeQ\n";
    let (_, done) = wrapped(&[stanza, refused, DONE].concat(), None);
    assert_eq!(done, Err(PluginError::Said("busy".into())));
    assert_eq!(wrapped(DONE, None).1, Err(PluginError::Nothing));
    for odd in [
        "-> recipient-stanza 1 x\n\n",
        "-> recipient-stanza 0 scrypt a b\n\n",
        "-> recipient-stanza\n\n",
    ] {
        assert_eq!(
            wrapped(&[odd, DONE].concat(), None).1,
            Err(PluginError::Odd),
            "{odd}"
        );
    }
}

#[test]
fn what_goes_wrong_is_told_apart() {
    let nobody: fn() -> _ = || Ok(SlotsReply::default());
    let gone: fn() -> _ = || Err(PluginError::Cancelled);
    let pin_wanted = "-> request-secret\nUElO\n";
    let said = PluginError::Said("no such key".into());
    let error = "-> error identity 0\nbm8gc3VjaCBrZXk\n";
    let short = "-> file-key 0\nc2l4\n";
    let long = ["-> msg\n", &"A".repeat(64), "\n"].concat().repeat(1000);
    for (says, reply, expected) in [
        ("", nobody, PluginError::Ended),
        (KEY, nobody, PluginError::Ended),
        ("hello\n", nobody, PluginError::Odd),
        ("-> msg", nobody, PluginError::Odd),
        (&long, nobody, PluginError::Odd),
        (DONE, nobody, PluginError::Nothing),
        (&[error, DONE].concat(), nobody, said.clone()),
        (error, nobody, said),
        (pin_wanted, gone, PluginError::Cancelled),
        (&[short, DONE].concat(), nobody, PluginError::Odd),
        (&[KEY, KEY, DONE].concat(), nobody, PluginError::Odd),
        ("-> confirm !\n\n", nobody, PluginError::Odd),
        (&"-> later\n\n".repeat(300), nobody, PluginError::Odd),
    ] {
        let (_, _, done) = unwrapped(says, reply);
        assert_eq!(done.err(), Some(expected), "{says:.40}");
    }
    // A question without an answer is refused, and the plugin decides what that means.
    let (said, _, done) = unwrapped(&[pin_wanted, KEY, DONE].concat(), nobody);
    assert!(said.contains("-> fail\n\n"), "{said}");
    assert!(done.is_ok());
}
