//! `<slot>.plugin`: the plugin's identity and program, as an identity file that `age -i` takes.

use std::path::{Path, PathBuf};

use otp_proto::Secret;
use zeroize::Zeroizing;

/// The first line.
const VERSION: &str = "# otpd plugin 1";
const PROGRAM: &str = "# program ";
const RECIPIENT: &str = "# recipient ";
/// How the name of every plugin's program begins.
const PREFIX: &str = "age-plugin-";
/// How an identity and a recipient begin (c2sp.org/age-plugin).
const IDENTITY: &str = "AGE-PLUGIN-";
const TO: &str = "age1";
/// Longest identity or recipient in bytes; a TPM's has some 400.
const LONGEST: usize = 8 * 1024;

/// Which program opens a slot, and with what.
#[derive(Debug)]
pub struct PluginFile {
    /// Its absolute path.
    pub program: PathBuf,
    /// The plugin's identity: for most a name of the hardware, for some a secret.
    pub identity: Secret,
    /// The recipient, where the plugin can't tell it by the identity.
    pub recipient: Option<String>,
}

impl PluginFile {
    /// Checks what a person gave.
    ///
    /// # Errors
    /// What is wrong, without quoting it.
    pub fn new(
        program: &str,
        identity: Secret,
        recipient: Option<String>,
    ) -> Result<Self, &'static str> {
        let path = PathBuf::from(program);
        let name = path.file_stem().and_then(std::ffi::OsStr::to_str);
        let is_plugin =
            name.is_some_and(|name| name.len() > PREFIX.len() && name.starts_with(PREFIX));
        if !path.is_absolute() || !is_plugin || program.chars().any(char::is_control) {
            return Err("the program is not the absolute path of an age plugin");
        }
        let is_word =
            |text: &str| text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_word(identity.expose()) || !identity.expose().starts_with(IDENTITY) {
            return Err("the identity is not a plugin's");
        }
        if !recipient
            .as_deref()
            .is_none_or(|text| is_word(text) && text.starts_with(TO))
        {
            return Err("the recipient is not a plugin's");
        }
        Ok(Self {
            program: path,
            identity,
            recipient,
        })
    }

    /// Reads the file.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != VERSION {
            return None;
        }
        let (mut program, mut recipient, mut identity) = (None, None, None);
        for line in lines {
            let place = if let Some(rest) = line.strip_prefix(PROGRAM) {
                program.replace(rest).map(drop)
            } else if let Some(rest) = line.strip_prefix(RECIPIENT) {
                recipient.replace(rest.to_owned()).map(drop)
            } else if line.starts_with('#') || line.is_empty() {
                None
            } else {
                identity.replace(Secret::copy_of(line)).map(drop)
            };
            if place.is_some() {
                return None;
            }
        }
        Self::new(program?, identity?, recipient).ok()
    }

    /// Writes it; `None` for a path that isn't text.
    pub fn print(&self) -> Option<Zeroizing<String>> {
        let mut text = Zeroizing::new(String::with_capacity(2 * LONGEST));
        let recipient = self.recipient.as_deref();
        let recipient = recipient.map(|recipient| [RECIPIENT, recipient, "\n"]);
        let lines = [
            [VERSION, "", "\n"],
            [PROGRAM, self.program.to_str()?, "\n"],
            recipient.unwrap_or_default(),
            [self.identity.expose(), "", "\n"],
        ];
        lines.iter().flatten().for_each(|part| text.push_str(part));
        Some(text)
    }

    /// Lends the program's path.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absolute(name: &str) -> String {
        let root = if cfg!(windows) { "C:\\" } else { "/" };
        format!("{root}{name}")
    }

    #[test]
    fn a_plugin_s_file_comes_back_and_is_an_identity_file() {
        for recipient in [None, Some("age1tpm1qqq".to_owned())] {
            let program = absolute("age-plugin-tpm");
            let identity = Secret::copy_of("AGE-PLUGIN-TPM-1QQQ");
            let file = PluginFile::new(&program, identity, recipient.clone()).unwrap();
            let text = file.print().unwrap();
            let keys: Vec<_> = text.lines().filter(|it| !it.starts_with('#')).collect();
            assert_eq!(keys, ["AGE-PLUGIN-TPM-1QQQ"]);
            let again = PluginFile::parse(&text).unwrap();
            assert_eq!(again.program, PathBuf::from(&program));
            assert_eq!(again.identity.expose(), "AGE-PLUGIN-TPM-1QQQ");
            assert_eq!(again.recipient, recipient);
        }
    }

    #[test]
    fn what_no_plugin_could_be_is_refused() {
        let new = |program: &str, identity: &str, recipient: Option<&str>| {
            let recipient = recipient.map(str::to_owned);
            PluginFile::new(program, Secret::copy_of(identity), recipient).map(drop)
        };
        let path = absolute("age-plugin-x");
        new(&path, "AGE-PLUGIN-X-1A", Some("age1x1a")).unwrap();
        for program in [
            "age-plugin-x",
            "./age-plugin-x",
            &absolute("sh"),
            &absolute("age-plugin-"),
            &(path.clone() + "\n"),
        ] {
            assert!(new(program, "AGE-PLUGIN-X-1A", None).is_err(), "{program}");
        }
        for identity in [
            "AGE-SECRET-KEY-1A",
            "AGE-PLUGIN-X-1A\nAGE",
            "AGE-PLUGIN-X 1",
            "",
        ] {
            assert!(new(&path, identity, None).is_err(), "{identity}");
        }
        for recipient in ["", "AGE1X", "age1x\n"] {
            assert!(new(&path, "AGE-PLUGIN-X-1A", Some(recipient)).is_err());
        }
        for text in [
            String::new(),
            format!("# otpd plugin 2\n# program {path}\nAGE-PLUGIN-X-1A\n"),
            "# otpd plugin 1\nAGE-PLUGIN-X-1A\n".to_owned(),
            format!("# otpd plugin 1\n# program {path}\n"),
            format!("# otpd plugin 1\n# program {path}\nAGE-PLUGIN-X-1A\nAGE-PLUGIN-X-1B\n"),
        ] {
            assert!(PluginFile::parse(&text).is_none(), "{text}");
        }
    }
}
