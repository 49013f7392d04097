//! Which window has the keyboard, and what it is called.

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{Atom, AtomEnum, ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

use crate::failure::Failure;

/// Longest name that is looked at, in units of four bytes.
const LONGEST: u32 = 256;
/// Windows within windows: toolkits have three or four.
const DEEPEST: usize = 16;
/// The server's own stand-ins for a window: none, and the one below the pointer.
const NO_WINDOW: Window = 1;

x11rb::atom_manager! {
    Atoms: AtomsCookie {
        NET_NAME: b"_NET_WM_NAME",
    }
}

/// The window with the focus; none if no program has it.
pub(super) fn window(connection: &RustConnection) -> Result<Option<Window>, Failure> {
    let focus = connection.get_input_focus()?.reply()?.focus;
    let mut roots = connection.setup().roots.iter();
    let is_root = roots.any(|screen| screen.root == focus);
    Ok(Some(focus).filter(|_| focus > NO_WINDOW && !is_root))
}

/// What a window that was looked for is called.
pub(super) struct Pattern(String);

impl Pattern {
    /// A part of a title or a class; with `*` or `?` all of it. Capitals don't matter.
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_lowercase())
    }

    /// Whether a window, or one that it is in, is called so.
    pub(super) fn matches(
        &self,
        connection: &RustConnection,
        window: Window,
    ) -> Result<bool, Failure> {
        let atoms = Atoms::new(connection)?.reply()?;
        let titles = [atoms.NET_NAME, AtomEnum::WM_NAME.into()];
        let class = Atom::from(AtomEnum::WM_CLASS);
        let mut window = window;
        for _ in 0..DEEPEST {
            // The instance and the class, each with its end (ICCCM 4.1.2.5).
            let classes = property(connection, window, class)?;
            let mut names: Vec<String> = classes.split('\0').map(str::to_owned).collect();
            for title in titles {
                names.push(property(connection, window, title)?);
            }
            if names.iter().any(|name| self.fits(name)) {
                return Ok(true);
            }
            let above = connection.query_tree(window)?.reply()?;
            // What a window manager has around it has names of its own.
            if !classes.is_empty() || above.parent == above.root {
                return Ok(false);
            }
            window = above.parent;
        }
        Ok(false)
    }

    fn fits(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        if self.0.contains(['*', '?']) {
            let pattern: Vec<char> = self.0.chars().collect();
            let name: Vec<char> = name.chars().collect();
            is_glob(&pattern, &name)
        } else {
            !name.is_empty() && name.contains(&self.0)
        }
    }
}

fn property(connection: &RustConnection, window: Window, name: Atom) -> Result<String, Failure> {
    let any = AtomEnum::ANY;
    let value = connection.get_property(false, window, name, any, 0, LONGEST)?;
    Ok(String::from_utf8_lossy(&value.reply()?.value).into_owned())
}

/// `*` stands for any characters, `?` for one. A star is tried with ever more of them, and only the
/// last one again: what an earlier one has taken is never of use to a later.
fn is_glob(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut here) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while here < name.len() {
        let wanted = pattern.get(at);
        if wanted == Some(&'*') {
            at += 1;
            star = Some((at, here));
        } else if wanted == Some(&'?') || wanted.is_some() && wanted == name.get(here) {
            at += 1;
            here += 1;
        } else if let Some((behind, taken)) = star {
            at = behind;
            here = taken + 1;
            star = Some((behind, here));
        } else {
            return false;
        }
    }
    let left = pattern.get(at..).unwrap_or_default();
    left.iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_part_of_a_name_or_with_wildcards_all_of_it() {
        for (pattern, name) in [
            ("git", "Sign in to GitHub"),
            ("GITHUB", "github"),
            ("*github", "Sign in to GitHub"),
            ("sign*hub", "Sign in to GitHub"),
            ("s?gn*", "Sign in"),
            ("*a*ab", "xaaab"),
            ("*", ""),
            ("山*", "山田"),
        ] {
            assert!(Pattern::new(pattern).fits(name), "{pattern}: {name}");
        }
        for (pattern, name) in [
            ("gitlab", "GitHub"),
            ("git*", "Sign in to GitHub"),
            ("?", ""),
            ("??", "a"),
            ("a*b", "abc"),
            ("", ""),
        ] {
            assert!(!Pattern::new(pattern).fits(name), "{pattern}: {name}");
        }
    }
}
