//! What the slots' files were when they were last written or opened. A file with a changed byte
//! answers as if what was typed were wrong, and only this tells the two apart.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{MAX_SLOT, Store, is_there, private_folder};
use crate::vault::document::Hex;
use crate::vault::slot::TYPED;
use crate::vault::{OpenError, StoreError, durable};

/// Longest list in bytes: one line for each of two slots.
const MAX_NOTES: u64 = 4096;

impl Store {
    /// Notes a slot that a person types as it is on disk: it was just written, or it opened. The
    /// list only helps to tell what is wrong, so that nothing depends on its being written.
    pub(in crate::vault) fn note(&self, file: &str) {
        if let Some(line) = self.line(file).filter(|_| TYPED.contains(&file)) {
            let notes = self.notes();
            if !notes.lines().any(|noted| noted == line) {
                let others = notes.lines().filter(|noted| !noted.ends_with(file));
                let text: String = others
                    .chain([line.as_str()])
                    .flat_map(|one| [one, "\n"])
                    .collect();
                let path = self.state.join("slots");
                let written = private_folder(&self.state)
                    .and_then(|()| durable::replace(&path, text.as_bytes()));
                drop(written);
            }
        }
    }

    /// Whether a slot's file is another than the one that was noted.
    pub(in crate::vault) fn is_changed(&self, file: &str) -> bool {
        let (notes, now) = (self.notes(), self.line(file));
        let mut lines = notes.lines().filter(|line| line.ends_with(file));
        lines
            .next()
            .is_some_and(|line| now.as_deref() != Some(line))
    }

    /// Says of a slot that failed to open whether its file is the cause, and what else opens the
    /// vault.
    pub(in crate::vault) fn why(&self, file: &'static str, failure: OpenError) -> OpenError {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "whatever else is wrong, it isn't the slot's file"
        )]
        let is_broken = match &failure {
            OpenError::WrongSecret => self.is_changed(file),
            OpenError::Missing(path) => path.ends_with(file),
            OpenError::Damaged { file, .. } => TYPED.contains(file),
            OpenError::TooCostly(_) | OpenError::Store(StoreError::TooLarge { .. }) => true,
            _ => false,
        };
        if !is_broken {
            return failure;
        }
        let other = TYPED.into_iter().find(|other| *other != file);
        OpenError::Slot {
            file,
            cause: Box::new(failure),
            other: other.filter(|other| is_there(&self.data.join(other))),
        }
    }

    /// The line of a file as sha256sum(1) prints it; `None` if it can't be read.
    fn line(&self, file: &str) -> Option<String> {
        let bytes = durable::read(&self.data.join(file), MAX_SLOT).ok()??;
        Some(format!("{}  {file}", Hex(&Sha256::digest(bytes))))
    }

    fn notes(&self) -> String {
        let path: &Path = &self.state.join("slots");
        let bytes = durable::read(path, MAX_NOTES).ok().flatten();
        String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
    }
}
