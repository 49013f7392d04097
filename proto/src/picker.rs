//! `[pick]` of `otpd.toml`: which program shows the names of entries to choose from.
//!
//! otpd refuses a file that is wrong here, and `otp-desktop` reads it, both by these types.

use serde::{Deserialize, Deserializer, de};

/// Most words of a command line.
const MOST_WORDS: usize = 32;

/// `[pick]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pick {
    /// The program; without one, whatever the session has.
    #[serde(default)]
    pub program: Option<Program>,
}

/// A command line: the name of a program or its absolute path, and its arguments. It gets one name
/// a line on standard input and prints the one that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program(Vec<String>);

impl Program {
    /// The program, then its arguments.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Program {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        let Some(program) = words.first() else {
            return Err(de::Error::custom("expected a program and its arguments"));
        };
        let is_name = !program.is_empty() && !program.contains(['/', '\\']);
        if !is_name && !std::path::Path::new(program).is_absolute() {
            let expected = "expected the name of a program or an absolute path";
            return Err(de::Error::custom(expected));
        }
        if words.len() > MOST_WORDS || words.iter().any(|word| word.contains('\0')) {
            return Err(de::Error::custom("this is no command line"));
        }
        Ok(Self(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_a_name_or_an_absolute_path_and_its_arguments() {
        let pick: Pick = serde_json::from_str(r#"{"program":["rofi","-dmenu"]}"#).unwrap();
        assert_eq!(pick.program.unwrap().words(), ["rofi", "-dmenu"]);
        for wrong in [
            r#"{"program":[]}"#,
            r#"{"program":["./rofi"]}"#,
            r#"{"program":[""]}"#,
            r#"{"program":["rofi","a\u0000b"]}"#,
            r#"{"program":"rofi"}"#,
            r#"{"programme":["rofi"]}"#,
        ] {
            assert!(serde_json::from_str::<Pick>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::from_str::<Pick>("{}").unwrap(), Pick::default());
    }
}
