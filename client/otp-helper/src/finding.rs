//! What `parse` says about its input: one JSON object a line.

use std::io::{self, Write};

use otp_proto::{Code, Secret};
use serde::Serialize;
use zeroize::Zeroizing;

/// One line of the output. `line` is the line of a text file that it came from, from 1.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Finding {
    /// A key, as a canonical URI.
    Uri {
        /// The URI.
        uri: Secret,
        /// What a database calls the entry, whatever its names are.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        #[expect(missing_docs, reason = "said above")]
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<usize>,
    },
    /// An entry whose key or code is asked for by its id.
    Named {
        /// What its program calls it.
        id: String,
        #[expect(missing_docs, reason = "the name says it")]
        issuer: String,
        #[expect(missing_docs, reason = "the name says it")]
        account: String,
    },
    /// A code that another program has made.
    Code {
        /// The code.
        code: Code,
    },
    /// A QR code that isn't a key, or an entry without one.
    Skipped {
        /// What it holds instead.
        skipped: Skipped,
        /// The host of a web address.
        #[serde(skip_serializing_if = "Option::is_none")]
        what: Option<String>,
    },
    /// The text of any QR code, where texts were asked for.
    Text {
        /// The text.
        text: Secret,
        /// Where it is in the picture.
        at: Place,
    },
    /// This export of Google Authenticator is one of several pictures.
    Batch {
        /// Which one.
        batch: Batch,
    },
    /// Something that should be a key but can't be used.
    Error {
        /// Why, in plain words; never quotes the input.
        error: String,
        /// What a database calls the entry; absent where it concerns all of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The password is missing or wrong.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        password: bool,
        #[expect(missing_docs, reason = "said above")]
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<usize>,
    },
}

/// What a QR code that isn't a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Skipped {
    /// A web address.
    Url,
    /// Some text, or bytes in no known script.
    Text,
    /// A URI of another kind.
    Unsupported,
}

/// An upright rectangle in a picture's pixels, y downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Place {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// The place of one picture in an export of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// How many pictures there are.
    pub size: i32,
    /// Which one this is, from 0.
    pub index: i32,
    /// What the pictures of one export share; exports of today carry none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i32>,
}

impl Finding {
    /// A key.
    pub fn uri(uri: Secret) -> Self {
        Self::Uri {
            uri,
            id: None,
            line: None,
        }
    }

    /// A refusal, in the words of an error that quotes nothing.
    pub fn error(error: &dyn ToString) -> Self {
        Self::Error {
            error: error.to_string(),
            id: None,
            password: false,
            line: None,
        }
    }

    /// A password that is missing or wrong.
    pub fn wrong_password(error: &str) -> Self {
        Self::Error {
            error: error.to_owned(),
            id: None,
            password: true,
            line: None,
        }
    }

    /// The same, of the entry that a database calls so.
    #[must_use]
    pub fn of(mut self, entry: String) -> Self {
        if let Self::Uri { id, .. } | Self::Error { id, .. } = &mut self {
            *id = Some(entry);
        }
        self
    }

    /// The same, found on this line.
    #[must_use]
    pub fn at(mut self, number: usize) -> Self {
        if let Self::Uri { line, .. } | Self::Error { line, .. } = &mut self {
            *line = Some(number);
        }
        self
    }

    /// Writes the line, from a buffer that is wiped. `picture` counts the pictures of a stream,
    /// from 0; the first goes without a number.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, picture: usize, out: &mut dyn Write) -> io::Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            #[serde(flatten)]
            finding: &'a Finding,
            #[serde(skip_serializing_if = "Option::is_none")]
            picture: Option<usize>,
        }
        // Longer than the text of the largest code with its escapes.
        let mut line = Zeroizing::new(Vec::with_capacity(8 * 1024));
        let whole = Line {
            finding: self,
            picture: (picture > 0).then_some(picture),
        };
        serde_json::to_writer(&mut *line, &whole).map_err(io::Error::other)?;
        line.push(b'\n');
        out.write_all(&line)
    }
}
