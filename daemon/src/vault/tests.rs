//! What the parts of the vault do together.

mod format;
mod jobs;
mod samples;
