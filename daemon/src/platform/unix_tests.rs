use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;

use super::*;
use crate::platform::{peer, same_user};

/// A folder of its own for each test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("otpd-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path).is_ok();
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0).is_ok();
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn absent_folders_are_made_for_us_alone_all_the_way() {
    let folder = Folder::new("absent");
    let path = folder.0.join("a/b/c");
    make_private_dir(&path).unwrap();
    for made in ["a", "a/b", "a/b/c"] {
        assert_eq!(mode(&folder.0.join(made)), 0o700);
    }
    assert!(is_private_dir(&path));
    make_private_dir(&path).unwrap();
}

#[test]
fn an_open_folder_of_ours_is_closed() {
    let folder = Folder::new("open");
    set_mode(&folder.0, 0o755);
    assert!(!is_private_dir(&folder.0));
    make_private_dir(&folder.0).unwrap();
    assert_eq!(mode(&folder.0), 0o700);
    assert!(is_private_dir(&folder.0));
}

#[test]
fn a_link_is_refused_even_to_a_private_folder() {
    let folder = Folder::new("link");
    let (target, link) = (folder.0.join("target"), folder.0.join("link"));
    make_private_dir(&target).unwrap();
    symlink(&target, &link).unwrap();
    assert!(is_private_dir(&target));
    assert!(!is_private_dir(&link));
    assert!(make_private_dir(&link).is_err());
    // A link on the way is the user's own business.
    make_private_dir(&link.join("below")).unwrap();
    assert!(is_private_dir(&target.join("below")));
}

#[test]
fn a_dangling_link_and_a_file_are_refused() {
    let folder = Folder::new("file");
    let (file, link) = (folder.0.join("file"), folder.0.join("link"));
    fs::write(&file, "").unwrap();
    symlink(folder.0.join("nowhere"), &link).unwrap();
    for path in [file, link] {
        assert!(!is_private_dir(&path));
        assert!(make_private_dir(&path).is_err());
    }
    assert!(!folder.0.join("nowhere").exists());
}

#[test]
fn a_folder_of_another_user_is_refused() {
    let folder = Folder::new("foreign");
    // As root another user's can be made; otherwise root's serve.
    let foreign = if rustix::process::geteuid().is_root() {
        let path = folder.0.join("foreign");
        make_private_dir(&path).unwrap();
        std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
        path
    } else {
        PathBuf::from("/usr")
    };
    let before = mode(&foreign);
    assert!(!is_private_dir(&foreign));
    let error = make_private_dir(&foreign).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    assert_eq!(mode(&foreign), before);
}

#[test]
fn the_peer_of_a_socket_pair_is_this_process() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let peer = peer(&ours).unwrap();
    assert!(same_user(&peer));
    assert_eq!(peer.pid, Some(std::process::id()));
    assert_eq!(peer.uid(), Some(rustix::process::geteuid().as_raw()));
}

#[test]
fn a_socket_that_is_not_connected_has_no_peer() {
    let socket = UnixDatagram::unbound().unwrap();
    assert!(peer(&socket).is_err());
    let file = File::open("/").unwrap();
    assert!(peer(&file).is_err());
}
