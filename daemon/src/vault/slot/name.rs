//! What slots are called, by people and on disk.

use otp_proto::SlotKind;

use super::{IDENTITY, RECOVERY};

/// The ending of every slot's file.
const ENDING: &str = ".age";
/// The ending of the second file of a plugin's slot.
const COMPANION: &str = ".plugin";
/// Longest name in bytes.
const LONGEST: usize = 32;

/// Whether it is one to 32 of `a-z 0-9 -`, not beginning or ending with `-`.
pub fn is_name(name: &str) -> bool {
    let is_made_of = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LONGEST).contains(&name.len())
        && name.bytes().all(is_made_of)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// A slot's name, which is its file's without the ending, but for the passphrase's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SlotName(String);

impl SlotName {
    /// Reads a name: one to 32 of `a-z 0-9 -`, not beginning or ending with `-`. `None` for
    /// anything else, and for `identity`, whose file has the passphrase's slot.
    pub fn new(name: &str) -> Option<Self> {
        let is_slot = is_name(name) && name != "identity";
        is_slot.then(|| Self(name.to_owned()))
    }

    /// Reads the name of a slot's file; `None` for other files.
    pub fn of_file(file: &str) -> Option<Self> {
        if file == IDENTITY {
            return Self::new("passphrase");
        }
        let name = file.strip_suffix(ENDING)?;
        // A file of that name would be the passphrase's a second time.
        Self::new(name).filter(|_| name != "passphrase")
    }

    /// Reads the name of a plugin's slot off its second file.
    pub fn of_companion(file: &str) -> Option<Self> {
        let slot = Self::new(file.strip_suffix(COMPANION)?)?;
        slot.companion().is_some().then_some(slot)
    }

    /// Returns the name of a plugin's second file. A slot's file of that kind without one is
    /// something else that a person keeps there.
    pub fn companion(&self) -> Option<String> {
        (self.kind() == SlotKind::Plugin).then(|| format!("{}{COMPANION}", self.0))
    }

    /// Returns the name of the file.
    pub fn file(&self) -> String {
        match self.typed() {
            Some(file) => file.to_owned(),
            None => format!("{}{ENDING}", self.0),
        }
    }

    /// Returns the file of a slot that a person types.
    pub fn typed(&self) -> Option<&'static str> {
        match self.0.as_str() {
            "passphrase" => Some(IDENTITY),
            "recovery" => Some(RECOVERY),
            _ => None,
        }
    }

    /// Returns what kind of slot has this name.
    pub fn kind(&self) -> SlotKind {
        match self.0.as_str() {
            "passphrase" => SlotKind::Passphrase,
            "recovery" => SlotKind::Recovery,
            "keyring" => SlotKind::Keyring,
            _ => SlotKind::Plugin,
        }
    }

    /// Lends the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_file_are_one_to_one() {
        for (name, file) in [
            ("passphrase", "identity.age"),
            ("recovery", "recovery.age"),
            ("keyring", "keyring.age"),
            ("tpm", "tpm.age"),
        ] {
            assert_eq!(SlotName::new(name).unwrap().file(), file);
            assert_eq!(SlotName::of_file(file).unwrap().as_str(), name);
        }
        for file in [
            "passphrase.age",
            "identity.age.age",
            "a.txt",
            ".age",
            "vault",
        ] {
            assert_eq!(SlotName::of_file(file), None, "{file}");
        }
        let tpm = SlotName::new("tpm").unwrap();
        assert_eq!(tpm.companion().as_deref(), Some("tpm.plugin"));
        assert_eq!(SlotName::of_companion("tpm.plugin"), Some(tpm));
        for file in ["keyring.plugin", "passphrase.plugin", "a.age", ".plugin"] {
            assert_eq!(SlotName::of_companion(file), None, "{file}");
        }
        for name in ["", "identity", "-a", "a-", "A", "a/b", "..", "a.b", "山"] {
            assert_eq!(SlotName::new(name), None, "{name}");
        }
        assert!(SlotName::new(&"a".repeat(LONGEST)).is_some());
        assert!(SlotName::new(&"a".repeat(LONGEST + 1)).is_none());
    }
}
