//! What servers keep of a notification that a person has closed: its last text, whatever the hints
//! say. Each has its own way to let go of it, which is asked for where it is known; a server
//! without one answers that it knows no such call, which does no harm.

use super::call::close;
use super::linux::PATH;
use crate::bus::Peer;

/// dunst's own interface (dunstctl(1)).
const DUNST: &str = "org.dunstproject.cmd0";

/// Has a closed notification forgotten, or at least what it said.
pub(super) async fn forget(server: &Peer, id: u32, title: &str, over: &str) {
    let removed = server.tell(PATH, DUNST, "NotificationRemoveFromHistory", &id);
    if removed.await.is_ok() {
        return;
    }
    // dunst 1.9 can only show it once more: with another text, and not for long.
    let shown = server
        .tell(PATH, DUNST, "NotificationPopHistory", &id)
        .await;
    if shown.is_ok() {
        close(server, id, title, over).await.ok();
    }
}
