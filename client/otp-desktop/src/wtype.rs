//! `wtype`, which presses the keys of a keyboard of its own where the compositor allows it
//! (virtual-keyboard-unstable-v1: sway, Hyprland, river).

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::failure::{Failure, Way, reason};
use crate::os;
use crate::typing::{Action, Key, Typist};

/// Longest that one text may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The program, where it is installed.
pub(crate) struct Wtype(PathBuf);

impl Wtype {
    pub(crate) fn find() -> Option<Self> {
        os::find("wtype").map(Self)
    }

    /// Runs it; a text goes by its standard input, where nobody else can read it.
    fn run(&self, arguments: &[&str], text: &str) -> Result<(), Failure> {
        let failed = |error| Failure::Failed(Way::Wtype, reason(&error));
        let mut child = Command::new(&self.0)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that ended already has its status.
            stdin.write_all(text.as_bytes()).ok();
        }
        os::wait(&mut child, Way::Wtype, PATIENCE)
    }
}

impl Typist for Wtype {
    fn perform(
        &mut self,
        actions: &[Action],
        goes_on: &mut dyn FnMut() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut text = Zeroizing::new(String::with_capacity(4 * actions.len()));
        // One more, so that the last text goes as well.
        let end = [Action::Wait(Duration::ZERO)];
        for action in actions.iter().chain(&end) {
            if let Action::Char(c) = action {
                text.push(*c);
                continue;
            }
            if !text.is_empty() {
                self.run(&["-"], &text)?;
                text.clear();
            }
            match action {
                Action::Press(Key::Enter) => self.run(&["-k", "Return"], "")?,
                Action::Press(Key::Tab) => self.run(&["-k", "Tab"], "")?,
                Action::Press(Key::Backspace) => self.run(&["-k", "BackSpace"], "")?,
                Action::Wait(time) => {
                    std::thread::sleep(*time);
                    goes_on()?;
                }
                Action::Char(_) => {}
            }
        }
        Ok(())
    }
}
