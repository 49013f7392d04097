//! What every message's line has in common.

use serde::Serialize;
use zeroize::Zeroizing;

/// Serialises one message into a wiped buffer and ends it with a newline.
pub(crate) fn line<T: Serialize>(message: &T) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(512));
    // Writing these types into memory can't fail: no maps with odd keys, no I/O.
    if serde_json::to_writer(&mut *out, message).is_err() {
        out.clear();
    }
    out.push(b'\n');
    out
}

/// For `skip_serializing_if`.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}
