//! The file that a portal made: it shows a key, so it's opened and gone before anybody looks into
//! it.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::failure::{Failure, Way, reason};

/// A picture that has no name any more.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) file: File,
    /// A warning: it has its name still.
    pub(super) left_behind: Option<Failure>,
}

/// Opens the file and removes it; it's removed even if it can't be used.
pub(super) fn take(uri: &str) -> Result<Picture, Failure> {
    let path = path_of(uri).ok_or(Failure::BadPlace)?;
    // Neither a link's target nor the other end of a named pipe was made by the portal.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = rustix::fs::open(&path, flags, Mode::empty());
    let left_behind = match rustix::fs::unlink(&path) {
        Ok(()) | Err(Errno::NOENT) => None,
        Err(error) => Some(Failure::LeftBehind(format!(
            "{}: {}",
            path.display(),
            reason(&error.into())
        ))),
    };
    let failed = |error: Errno| Failure::Failed(Way::Portal, reason(&error.into()));
    let file = opened.map_err(failed)?;
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&file).map_err(failed)?.st_mode);
    if !kind.is_file() {
        return Err(Failure::BadPlace);
    }
    Ok(Picture {
        file: file.into(),
        left_behind,
    })
}

/// The path in a URI of the `file` scheme on this machine (RFC 8089, RFC 3986 section 2.1).
fn path_of(uri: &str) -> Option<PathBuf> {
    let (scheme, rest) = uri.split_at_checked("file://".len())?;
    if !scheme.eq_ignore_ascii_case("file://") {
        return None;
    }
    let (host, path) = rest.split_at(rest.find('/')?);
    if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
        return None;
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            // Neither has a meaning in a file's URI, and in a path they would be encoded.
            b'?' | b'#' => return None,
            other => other,
        });
    }
    (!bytes.contains(&0)).then(|| OsString::from_vec(bytes).into())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_uri_of_this_machine_becomes_its_path() {
        for (uri, path) in [
            ("file:///tmp/a.png", "/tmp/a.png"),
            ("FILE://localhost/tmp/a.png", "/tmp/a.png"),
            (
                "file:///home/%E5%B1%B1/Screenshot%20from%202026.png",
                "/home/山/Screenshot from 2026.png",
            ),
            ("file:///tmp/100%25.png", "/tmp/100%.png"),
        ] {
            assert_eq!(path_of(uri), Some(PathBuf::from(path)), "{uri}");
        }
    }

    #[test]
    fn what_names_no_local_file_is_refused() {
        for uri in [
            "",
            "/tmp/a.png",
            "file:",
            "file://",
            "file:tmp/a.png",
            "https://example.org/a.png",
            "file://other/tmp/a.png",
            "file:///tmp/a%00.png",
            "file:///tmp/a%zz.png",
            "file:///tmp/a%2",
            "file:///tmp/a.png?x",
            "ｆile:///tmp/a.png",
        ] {
            assert_eq!(path_of(uri), None, "{uri}");
        }
    }

    #[test]
    fn a_taken_picture_is_readable_and_has_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.png");
        std::fs::write(&path, b"pixels").unwrap();
        let uri = format!("file://{}", path.display()).replace(' ', "%20");
        let mut picture = take(&uri).unwrap();
        assert!(!path.exists());
        assert!(picture.left_behind.is_none());
        let mut content = Vec::new();
        picture.file.read_to_end(&mut content).unwrap();
        assert_eq!(content, b"pixels");
    }

    #[test]
    fn a_link_is_removed_and_its_target_is_neither_read_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("mine"), folder.path().join("link"));
        std::fs::write(&target, b"mine").unwrap();
        symlink(&target, &link).unwrap();
        assert!(take(&format!("file://{}", link.display())).is_err());
        assert!(target.exists());
        assert!(link.symlink_metadata().is_err());
    }

    #[test]
    fn a_folder_is_no_picture() {
        let folder = tempfile::tempdir().unwrap();
        assert!(take(&format!("file://{}", folder.path().display())).is_err());
        assert!(folder.path().exists());
    }
}
