//! Named pipes.

use std::io;

use interprocess::local_socket::tokio::Listener;
use interprocess::os::windows::named_pipe::PipeListenerOptions;
use interprocess::os::windows::named_pipe::local_socket::tokio::Listener as PipeListener;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use otp_proto::{Endpoint, User};
use widestring::U16CString;

use crate::platform::{self, Inherited};

/// Nothing hands pipes over.
///
/// # Errors
/// Always.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the same signature on every system"
)]
pub(crate) fn inherited_endpoint(_pipe: &Inherited) -> io::Result<Endpoint> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes the first instance of a pipe: of this user, for this user, on this machine.
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`] if anybody has the name; otherwise if the pipe can't be
/// made.
pub(crate) fn make(endpoint: &Endpoint) -> io::Result<Listener> {
    let Endpoint::Pipe(name) = endpoint else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    // It asks for the first instance (FILE_FLAG_FIRST_PIPE_INSTANCE) by itself.
    let listener = options(name)?.create_tokio()?;
    Ok(PipeListener::from(listener).into())
}

fn options(name: &str) -> io::Result<PipeListenerOptions<'static>> {
    let User::Sid(sid) = platform::user()? else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    // The owner is said, because an elevated program's objects belong to the administrators, and
    // clients look at the owner. Protected, and all rights for the user: Windows' default lets
    // everybody read.
    let access = text(&format!("O:{sid}D:P(A;;GA;;;{sid})"))?;
    Ok(PipeListenerOptions::new()
        .path(text(name)?)
        .accept_remote(false)
        .security_descriptor(Some(SecurityDescriptor::deserialize(&access)?)))
}

fn text(text: &str) -> io::Result<U16CString> {
    U16CString::from_str(text).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use interprocess::os::windows::named_pipe::pipe_mode;

    use super::*;

    #[tokio::test]
    async fn a_pipe_is_for_its_owner_alone() {
        let name = format!(r"\\.\pipe\otpd-owner-{}", std::process::id());
        let _listener = make(&Endpoint::Pipe(name.clone())).unwrap();
        let pipe = OpenOptions::new().read(true).write(true).open(&name);
        let access = platform::pipe_access(pipe.unwrap()).unwrap();
        let User::Sid(sid) = platform::user().unwrap() else {
            panic!("not a SID");
        };
        // "All rights" of a file, in two spellings.
        let one_entry = |rights| format!("O:{sid}D:P(A;;{rights};;;{sid})");
        assert!(
            [one_entry("FA"), one_entry("GA")].contains(&access),
            "{access}"
        );

        // Another's entry would be seen.
        let name = name + "-control";
        let open = text(&format!("O:{sid}D:P(A;;GA;;;{sid})(A;;GR;;;WD)")).unwrap();
        let _listener = PipeListenerOptions::new()
            .path(text(&name).unwrap())
            .security_descriptor(Some(SecurityDescriptor::deserialize(&open).unwrap()))
            .create_tokio_duplex::<pipe_mode::Bytes>()
            .unwrap();
        let pipe = OpenOptions::new().read(true).write(true).open(&name);
        let access = platform::pipe_access(pipe.unwrap()).unwrap();
        assert!(access.contains(";;;WD)"), "{access}");
    }

    #[test]
    fn clients_of_other_machines_are_refused() {
        // As is: a pipe doesn't tell how it was made, and no other machine is at hand.
        assert!(!options(r"\\.\pipe\otpd-remote").unwrap().accept_remote);
    }
}
