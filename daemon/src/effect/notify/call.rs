//! The calls that show a notification and take it away.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use tokio::sync::oneshot;
use tokio::task::spawn_local;
use tokio::time::timeout;
use zbus::zvariant::Value;

use super::linux::{NAME, PATH};
use crate::bus::{Fault, PATIENCE, Peer, Which};

/// How long, in seconds, what is about to be closed may stay where closing fails.
const BRIEF: u32 = 5;

/// What is to be shown.
pub(super) struct Call {
    /// The number of what it takes the place of; 0 of nothing.
    pub(super) replaces: u32,
    pub(super) title: String,
    pub(super) body: String,
    /// Names and words, one after another.
    pub(super) actions: Vec<String>,
    /// What is said when the code is gone.
    pub(super) over: &'static str,
    /// When the server closes it by itself.
    pub(super) seconds: u32,
}

/// Whether an answer is still to come that nobody waits for any more.
#[derive(Debug, Clone, Default)]
pub(super) struct Late(Rc<Cell<bool>>);

impl Late {
    pub(super) fn is_due(&self) -> bool {
        self.0.get()
    }
}

impl Call {
    /// Shows it; returns its number. A server that answers too late has shown it all the same: what
    /// nobody knows the number of is closed then.
    pub(super) async fn send(self, server: &Peer, late: &Late) -> Result<u32, Fault> {
        let (answer, answered) = oneshot::channel();
        let (server, late) = (server.clone(), late.clone());
        let is_late = late.clone();
        spawn_local(async move {
            let result = self.show(&server).await;
            if let Err(result) = answer.send(result) {
                // What it was to replace is there still if it was refused.
                let id = result.unwrap_or(self.replaces);
                close(&server, id, &self.title, self.over).await.ok();
            }
            late.0.set(false);
        });
        if let Ok(Ok(result)) = timeout(PATIENCE, answered).await {
            return result;
        }
        is_late.0.set(true);
        Err(Fault::Silent(Which::Session))
    }

    async fn show(&self, server: &Peer) -> Result<u32, Fault> {
        let mut hints: HashMap<&str, Value<'_>> = HashMap::from([
            // To be kept in no history.
            ("transient", true.into()),
            ("urgency", 1_u8.into()),
        ]);
        if self.replaces == 0 {
            // Servers that know it show one at a time. With a number beside it mako 1.7 crashes.
            hints.insert("x-canonical-private-synchronous", "otpd".into());
        }
        let milliseconds = i32::try_from(self.seconds.saturating_mul(1000)).unwrap_or(i32::MAX);
        let call = (
            "otpd",
            self.replaces,
            "dialog-password",
            &self.title,
            &self.body,
            &self.actions,
            hints,
            milliseconds,
        );
        server.call_for_long(PATH, NAME, "Notify", &call).await
    }
}

/// Takes a notification away. What a server keeps of those that were closed, whatever the hints say,
/// is what they said last.
pub(super) async fn close(server: &Peer, id: u32, title: &str, over: &str) -> Result<(), Fault> {
    if id == 0 {
        return Ok(());
    }
    let call = Call {
        replaces: id,
        title: title.to_owned(),
        body: over.to_owned(),
        actions: Vec::new(),
        over: "",
        seconds: BRIEF,
    };
    let shown = timeout(PATIENCE, call.show(server)).await;
    let id = shown.unwrap_or(Err(Fault::Silent(Which::Session)))?;
    server.tell(PATH, NAME, "CloseNotification", &id).await
}
