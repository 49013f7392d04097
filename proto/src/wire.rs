//! What every message's line has in common.

use serde::Serialize;
use zeroize::Zeroizing;

/// Room for most messages, in bytes.
pub(crate) const LINE: usize = 512;

/// Serialises one message into a wiped buffer and ends it with a newline.
pub(crate) fn line<T: Serialize>(message: &T) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(LINE));
    append(&mut out, message);
    out.push(b'\n');
    out
}

/// Serialises behind what is there; nothing stays of a line that can't be written.
pub(crate) fn append<T: Serialize>(out: &mut Vec<u8>, message: &T) {
    // Writing these types into memory can't fail: no maps with odd keys, no I/O.
    if serde_json::to_writer(&mut *out, message).is_err() {
        out.clear();
    }
}

/// For `skip_serializing_if`.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}
