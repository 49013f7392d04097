//! Where the agent listens and where its files are, from environment and user alone.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// The variable that names another endpoint than the usual one. launchd sets it for the programs
/// of a session.
pub const SOCKET_VARIABLE: &str = "OTPD_SOCKET";

/// Who asks: Unix knows a number, Windows a security identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum User {
    /// The effective user id.
    Uid(u32),
    /// The user's SID as text (`S-1-5-21-…`).
    Sid(String),
}

/// What a client connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix socket's path.
    Socket(PathBuf),
    /// A named pipe's whole name (`\\.\pipe\…`).
    Pipe(String),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Pipe(name) => f.write_str(name),
        }
    }
}

/// No endpoint or folder can be derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointError {
    /// Neither the XDG variable nor HOME is set to an absolute path.
    NoHome,
    /// `OTPD_SOCKET` isn't an absolute path (or a pipe's name on Windows).
    Override,
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHome => "HOME is not set to an absolute path",
            Self::Override => "OTPD_SOCKET is not an absolute path",
        })
    }
}
impl std::error::Error for EndpointError {}

/// Derives the endpoint: `OTPD_SOCKET`, else `$XDG_RUNTIME_DIR/otpd/otpd.sock`, else
/// `/run/user/UID/otpd/otpd.sock` where that folder is private, else
/// `$XDG_STATE_HOME/otpd/run/otpd.sock`; `$TMPDIR/otpd/otpd.sock` on macOS;
/// `\\.\pipe\otpd-SID` on Windows.
///
/// `is_private_dir` answers whether a folder is ours alone (mode 0700, not a link).
///
/// # Errors
/// [`EndpointError`] if nothing absolute can be derived.
pub fn endpoint(
    env: &dyn Fn(&str) -> Option<OsString>,
    user: &User,
    is_private_dir: &dyn Fn(&Path) -> bool,
) -> Result<Endpoint, EndpointError> {
    let given = env(SOCKET_VARIABLE).filter(|value| !value.is_empty());
    match user {
        User::Sid(sid) => match given {
            Some(name) => match name.into_string() {
                Ok(name) if name.starts_with(r"\\.\pipe\") => Ok(Endpoint::Pipe(name)),
                _ => Err(EndpointError::Override),
            },
            None => Ok(Endpoint::Pipe(format!(r"\\.\pipe\otpd-{sid}"))),
        },
        User::Uid(uid) => {
            if let Some(path) = given.map(PathBuf::from) {
                return if path.is_absolute() {
                    Ok(Endpoint::Socket(path))
                } else {
                    Err(EndpointError::Override)
                };
            }
            let runtime = if cfg!(target_os = "macos") {
                "TMPDIR"
            } else {
                "XDG_RUNTIME_DIR"
            };
            let user_runtime = PathBuf::from(format!("/run/user/{uid}"));
            let folder = if let Some(folder) = absolute(env, runtime) {
                folder.join("otpd")
            } else if is_private_dir(&user_runtime) {
                user_runtime.join("otpd")
            } else {
                Dirs::new(env)?.state.join("run")
            };
            Ok(Endpoint::Socket(folder.join("otpd.sock")))
        }
    }
}

/// The folders of the XDG base directory specification, `otpd` already in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirs {
    /// The vault, its slots and backups.
    pub data: PathBuf,
    /// `otpd.toml`.
    pub config: PathBuf,
    /// The last generation seen and the last steps handed out.
    pub state: PathBuf,
}

impl Dirs {
    /// Derives the folders from the environment (on Windows from `LOCALAPPDATA`).
    ///
    /// # Errors
    /// [`EndpointError::NoHome`] if a folder needs HOME and it isn't absolute.
    pub fn new(env: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, EndpointError> {
        let base = |variable: &str, below_home: &str| {
            let home = if cfg!(windows) {
                "LOCALAPPDATA"
            } else {
                "HOME"
            };
            absolute(env, variable)
                .or_else(|| absolute(env, home).map(|home| home.join(below_home)))
                .map(|folder| folder.join("otpd"))
                .ok_or(EndpointError::NoHome)
        };
        if cfg!(windows) {
            return Ok(Self {
                data: base("XDG_DATA_HOME", "")?,
                config: base("XDG_CONFIG_HOME", "")?,
                state: base("XDG_STATE_HOME", "")?.join("state"),
            });
        }
        Ok(Self {
            data: base("XDG_DATA_HOME", ".local/share")?,
            config: base("XDG_CONFIG_HOME", ".config")?,
            state: base("XDG_STATE_HOME", ".local/state")?,
        })
    }
}

/// A variable's path, if it is absolute: the specification says that others are ignored.
fn absolute(env: &dyn Fn(&str) -> Option<OsString>, name: &str) -> Option<PathBuf> {
    env(name)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn found(vars: &[(&str, &str)], private: &str) -> Result<Endpoint, EndpointError> {
        let env = |name: &str| {
            vars.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        };
        endpoint(&env, &User::Uid(1000), &|path| path == Path::new(private))
    }

    fn socket(path: &str) -> Endpoint {
        Endpoint::Socket(path.into())
    }

    #[test]
    fn the_endpoint_follows_the_documented_order() {
        let all = [
            ("OTPD_SOCKET", "/s"),
            ("XDG_RUNTIME_DIR", "/r"),
            ("HOME", "/h"),
        ];
        assert_eq!(found(&all, ""), Ok(socket("/s")));
        assert_eq!(
            found(&all[1..], "/run/user/1000"),
            Ok(socket("/r/otpd/otpd.sock"))
        );
        assert_eq!(
            found(&all[2..], "/run/user/1000"),
            Ok(socket("/run/user/1000/otpd/otpd.sock"))
        );
        assert_eq!(
            found(&all[2..], ""),
            Ok(socket("/h/.local/state/otpd/run/otpd.sock"))
        );
        assert_eq!(found(&[], ""), Err(EndpointError::NoHome));
    }

    #[test]
    fn relative_paths_are_ignored_but_a_relative_override_is_an_error() {
        assert_eq!(
            found(&[("XDG_RUNTIME_DIR", "r"), ("HOME", "/h")], ""),
            Ok(socket("/h/.local/state/otpd/run/otpd.sock"))
        );
        assert_eq!(
            found(&[("OTPD_SOCKET", "s")], ""),
            Err(EndpointError::Override)
        );
    }
}

#[cfg(test)]
mod pipe_tests {
    use super::*;

    fn found(given: Option<&str>) -> Result<Endpoint, EndpointError> {
        let env = |name: &str| given.filter(|_| name == "OTPD_SOCKET").map(OsString::from);
        endpoint(&env, &User::Sid("S-1-5-21-7".into()), &|_| false)
    }

    #[test]
    fn a_pipe_has_the_users_identifier_in_its_name_unless_another_is_given() {
        let pipe = |name: &str| Ok(Endpoint::Pipe(name.into()));
        assert_eq!(found(None), pipe(r"\\.\pipe\otpd-S-1-5-21-7"));
        assert_eq!(found(Some("")), pipe(r"\\.\pipe\otpd-S-1-5-21-7"));
        assert_eq!(found(Some(r"\\.\pipe\mine")), pipe(r"\\.\pipe\mine"));
        for wrong in [r"C:\otpd.sock", "/otpd.sock", r"\\server\pipe\otpd"] {
            assert_eq!(found(Some(wrong)), Err(EndpointError::Override), "{wrong}");
        }
    }
}
