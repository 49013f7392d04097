//! Systems whose keyring isn't asked yet.

use std::sync::Arc;

use crate::vault::slot::{Keyring, NoKeyring};

/// Returns the keyring of this system.
pub(crate) fn system() -> Arc<dyn Keyring> {
    Arc::new(NoKeyring)
}
