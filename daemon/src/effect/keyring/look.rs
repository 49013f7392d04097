//! Whether the session's keyring can be used without a dialog of its own (freedesktop.org, "Secret
//! Service API"). The store opens one for whatever is locked, whoever asks and for how long: so
//! this looks first.

use std::collections::HashMap;

use tokio::runtime;

use super::SERVICE;
use crate::bus::{Bus, Fault, OwnedObjectPath, OwnedValue, Which};
use crate::vault::slot::KeyringError;

const NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const INTERFACE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// The path that stands for none.
const NONE: &str = "/";

/// What is to be done with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It is read or removed.
    Find,
    /// It is written, or made in the default collection.
    Write,
}

/// Looks whether that needs no dialog, for the item of a user name. Blocks for some seconds at
/// most, and not inside a task.
pub(super) fn is_open(user: &str, wanted_for: Use) -> Result<(), KeyringError> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| KeyringError::Unusable(error.to_string()))?;
    runtime.block_on(look(user, wanted_for))
}

async fn look(user: &str, wanted_for: Use) -> Result<(), KeyringError> {
    let bus = Bus::connect(Which::Session).await.map_err(reason)?;
    let secrets = bus.start(NAME).await.map_err(|fault| match fault {
        Fault::Refused => KeyringError::Unusable("nobody on the session bus keeps one".into()),
        Fault::Unreachable(_) | Fault::Silent(_) | Fault::Lost(_) => reason(fault),
    })?;
    let attributes = HashMap::from([("service", SERVICE), ("username", user)]);
    let (open, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) = secrets
        .call(PATH, INTERFACE, "SearchItems", &attributes)
        .await
        .map_err(reason)?;
    if !locked.is_empty() {
        return Err(KeyringError::Locked);
    }
    if !open.is_empty() || wanted_for == Use::Find {
        return Ok(());
    }
    let path: OwnedObjectPath = secrets
        .call(PATH, INTERFACE, "ReadAlias", &"default")
        .await
        .map_err(reason)?;
    if path.as_str() == NONE {
        return Err(KeyringError::Unusable(
            "it has no default collection".into(),
        ));
    }
    let is_locked: OwnedValue = secrets
        .call(&path, PROPERTIES, "Get", &(COLLECTION, "Locked"))
        .await
        .map_err(reason)?;
    if bool::try_from(is_locked).unwrap_or(true) {
        return Err(KeyringError::Locked);
    }
    Ok(())
}

fn reason(fault: Fault) -> KeyringError {
    match fault {
        Fault::Silent(_) => KeyringError::NoAnswer,
        Fault::Unreachable(_) | Fault::Lost(_) | Fault::Refused => {
            KeyringError::Unusable(fault.to_string())
        }
    }
}
