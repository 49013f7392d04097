//! A notification of ours: that something failed, and why. Never a code.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::timeout;
use zbus::Connection;
use zbus::zvariant::Value;

/// Longest that the bus and the server may take together.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long it is shown, in milliseconds.
const SHOWN: i32 = 10_000;
const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// Shows a text; where there is no server, the log has it.
pub(super) async fn show(text: &str) {
    drop(timeout(PATIENCE, send(text)).await);
}

async fn send(text: &str) -> zbus::Result<()> {
    let bus = Connection::session().await?;
    let hints: HashMap<&str, Value<'_>> = HashMap::from([
        ("transient", true.into()),
        ("urgency", 1_u8.into()),
        ("desktop-entry", super::portal::APP.into()),
        // In the place of the one before, where servers know it.
        ("x-canonical-private-synchronous", "otp-desktop".into()),
    ]);
    let nothing: [&str; 0] = [];
    let body = escaped(text);
    let call = (
        "otpd",
        0_u32,
        "dialog-warning",
        "otpd",
        body,
        &nothing[..],
        hints,
        SHOWN,
    );
    bus.call_method(Some(NAME), PATH, Some(NAME), "Notify", &call)
        .await
        .map(drop)
}

/// Names of entries come from strangers, and servers may read markup in a body.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
