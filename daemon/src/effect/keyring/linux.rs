//! The Secret Service (freedesktop.org), whoever provides it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::Builder;
use std::time::Duration;

use keyring_core::{CredentialStore, Entry, Error};
use otp_proto::{EntryId, Secret};
use zbus_secret_service_keyring_store::Store;
use zeroize::Zeroizing;

use super::SERVICE;
use super::look::{self, Use};
use crate::vault::slot::{Keyring, KeyringError};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Makes the store anew for every call: the session's bus may come later than we do.
type Open = fn() -> Result<Arc<CredentialStore>, Error>;
/// Looks whether the store can do something with the item of a user name.
type Look = fn(&str, Use) -> Result<(), KeyringError>;

/// Returns the keyring of this system.
pub(crate) fn system() -> Arc<dyn Keyring> {
    Arc::new(Session::new(look::is_open, || {
        let store: Arc<CredentialStore> = Store::new()?;
        Ok(store)
    }))
}

struct Session {
    look: Look,
    open: Open,
    /// A call that was given up hasn't come back yet; another would wait behind it.
    is_out: Arc<AtomicBool>,
}

impl Session {
    fn new(look: Look, open: Open) -> Self {
        let is_out = Arc::default();
        Self { look, open, is_out }
    }

    /// Does something with the vault's item.
    fn with<T: Send + 'static>(
        &self,
        device: EntryId,
        wanted_for: Use,
        work: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, KeyringError> {
        if self.is_out.swap(true, Ordering::AcqRel) {
            return Err(KeyringError::NoAnswer);
        }
        let (look, open, is_out) = (self.look, self.open, Arc::clone(&self.is_out));
        let (sender, answer) = sync_channel(1);
        let call = move || {
            let user = device.to_string();
            let by_store = || open().and_then(|store| work(&store.build(SERVICE, &user, None)?));
            let done =
                look(&user, wanted_for).and_then(|()| by_store().map_err(|error| reason(&error)));
            is_out.store(false, Ordering::Release);
            // Nobody waits any more for one that was too slow.
            sender.send(done).ok();
        };
        if let Err(error) = Builder::new().name("otpd-keyring".into()).spawn(call) {
            self.is_out.store(false, Ordering::Release);
            return Err(KeyringError::Unusable(error.to_string()));
        }
        match answer.recv_timeout(PATIENCE) {
            Ok(done) => done,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                Err(KeyringError::NoAnswer)
            }
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

impl Keyring for Session {
    fn read(&self, device: EntryId) -> Result<Secret, KeyringError> {
        let bytes = self.with(device, Use::Find, |entry| {
            entry.get_secret().map(Zeroizing::new)
        })?;
        let text = std::str::from_utf8(&bytes).map_err(|_| KeyringError::Missing)?;
        Ok(Secret::copy_of(text))
    }

    fn write(&self, device: EntryId, secret: Secret) -> Result<(), KeyringError> {
        self.with(device, Use::Write, move |entry| {
            entry.set_secret(secret.expose().as_bytes())
        })
    }

    fn remove(&self, device: EntryId) -> Result<(), KeyringError> {
        self.with(device, Use::Find, Entry::delete_credential)
    }
}

/// Why it failed. What the keyring says is for people and holds no secret; what it gave is not
/// quoted.
fn reason(error: &Error) -> KeyringError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "kinds of later versions are failures like others"
    )]
    match error {
        Error::NoEntry => KeyringError::Missing,
        Error::NoStorageAccess(_) => KeyringError::Locked,
        Error::PlatformFailure(cause) => KeyringError::Unusable(cause.to_string()),
        Error::Ambiguous(_) => KeyringError::Unusable("it has several items for the vault".into()),
        _ => KeyringError::Unusable("it failed".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> EntryId {
        EntryId::from_random(7)
    }

    const ANYTHING: Look = |_, _| Ok(());

    #[test]
    fn a_secret_is_kept_replaced_and_removed() {
        let keyring = Session::new(ANYTHING, || {
            static STORE: std::sync::OnceLock<Arc<CredentialStore>> = std::sync::OnceLock::new();
            Ok(Arc::clone(STORE.get_or_init(|| {
                let store: Arc<CredentialStore> = keyring_core::mock::Store::new().unwrap();
                store
            })))
        });
        assert_eq!(keyring.read(device()), Err(KeyringError::Missing));
        for text in ["first", "second"] {
            keyring.write(device(), Secret::copy_of(text)).unwrap();
            assert_eq!(keyring.read(device()).unwrap().expose(), text);
        }
        keyring.remove(device()).unwrap();
        assert_eq!(keyring.read(device()), Err(KeyringError::Missing));
    }

    #[test]
    fn a_keyring_that_hangs_is_given_up_once_and_not_asked_again_meanwhile() {
        static GATE: std::sync::Mutex<()> = std::sync::Mutex::new(());
        let keyring = Session::new(ANYTHING, || {
            drop(GATE.lock());
            Err(Error::NoDefaultStore)
        });
        let held = GATE.lock().unwrap();
        let start = crate::clock::now().boot;
        assert_eq!(keyring.read(device()), Err(KeyringError::NoAnswer));
        let waited = crate::clock::now().boot.saturating_sub(start);
        assert!(waited >= PATIENCE && waited < 2 * PATIENCE, "{waited:?}");
        assert_eq!(keyring.read(device()), Err(KeyringError::NoAnswer));
        assert!(crate::clock::now().boot.saturating_sub(start) < 2 * PATIENCE);
        drop(held);
        // It comes back, and the next call goes through.
        while keyring.is_out.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        let failed = keyring.read(device());
        assert!(
            matches!(failed, Err(KeyringError::Unusable(_))),
            "{failed:?}"
        );
    }

    #[test]
    fn a_keyring_that_is_locked_is_left_alone() {
        let locked = |_: &str, _: Use| Err(KeyringError::Locked);
        let keyring = Session::new(locked, || panic!("the store would open a dialog"));
        assert_eq!(keyring.read(device()), Err(KeyringError::Locked));
        assert_eq!(keyring.remove(device()), Err(KeyringError::Locked));
    }
}
