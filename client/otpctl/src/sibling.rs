//! Where the other programs of otpd are: own folder, libexec, `PATH`.

use std::path::PathBuf;

/// Finds a program beside ours, else in `../libexec/otpd`, else in an absolute folder of `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let own = std::env::current_exe().ok();
    let own = own.as_deref().and_then(|path| path.parent());
    let mut folders: Vec<PathBuf> = Vec::new();
    if let Some(own) = own {
        folders.push(own.into());
        if let Some(prefix) = own.parent() {
            folders.push(prefix.join("libexec").join("otpd"));
        }
    }
    if let Some(path) = std::env::var_os("PATH") {
        // A relative folder of PATH would run whatever lies in the working directory.
        folders.extend(std::env::split_paths(&path).filter(|folder| folder.is_absolute()));
    }
    folders
        .into_iter()
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file())
}
