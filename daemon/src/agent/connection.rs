//! What belongs to one connection and ends with it.

use super::batch::Batch;
use super::{Agent, Conn};

/// A connection that failed an unlock or has begun something.
#[derive(Debug, Default)]
pub(super) struct Connection {
    /// Wrong passphrases in a row.
    pub failures: u32,
    /// Entries to be imported.
    pub batch: Option<Batch>,
    /// The text of a backup, as far as it was handed over.
    pub backup: Option<String>,
    /// The slot of a new recovery key that nobody has said to have seen.
    pub recovery: Option<Vec<u8>>,
}

impl Agent {
    /// Returns what is kept for a connection, made at its first use.
    pub(super) fn connection(&mut self, conn: Conn) -> &mut Connection {
        self.connections.entry(conn).or_default()
    }

    /// Forgets a connection and wipes the keys of its batch.
    pub(super) fn close(&mut self, conn: Conn) {
        if let Some(batch) = self.connections.remove(&conn).and_then(|had| had.batch) {
            self.wipe(batch.keys());
        }
    }
}
