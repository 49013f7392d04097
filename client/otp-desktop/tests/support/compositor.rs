//! A compositor that offers nothing: what GNOME's looks like to whoever wants a keyboard.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// `wl_display`, its requests and its event (wayland.xml).
const DISPLAY: u32 = 1;
const SYNC: u32 = 0;
const DELETE_ID: u32 = 1;
/// `wl_callback`'s only event.
const DONE: u32 = 0;
/// A message of one argument.
const LENGTH: u32 = 12;

/// Listens below a folder, until the test's process ends.
pub(crate) fn listen(folder: &Path, name: &str) {
    let listener = UnixListener::bind(folder.join(name)).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || serve(stream));
        }
    });
}

/// Answers each `sync`; a registry that is asked for stays empty.
fn serve(mut stream: UnixStream) -> Option<()> {
    loop {
        let (object, head) = (word(&mut stream)?, word(&mut stream)?);
        let (length, request) = (head >> 16, head & 0xffff);
        assert_eq!((object, length), (DISPLAY, LENGTH));
        let new = word(&mut stream)?;
        if request == SYNC {
            let done = [new, LENGTH << 16 | DONE, 0];
            let delete = [DISPLAY, LENGTH << 16 | DELETE_ID, new];
            let words = done.into_iter().chain(delete);
            let bytes: Vec<u8> = words.flat_map(u32::to_ne_bytes).collect();
            stream.write_all(&bytes).ok()?;
        }
    }
}

/// The next word; none when the client has gone.
fn word(stream: &mut UnixStream) -> Option<u32> {
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes).ok()?;
    Some(u32::from_ne_bytes(bytes))
}
