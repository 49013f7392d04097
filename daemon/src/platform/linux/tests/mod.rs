//! What the kernel's own accounts say of us.

mod memory;
mod process;

use std::any::type_name;
use std::process::Command;

/// A test that changes the whole process has one for itself: this program, started again for
/// that test alone, with a variable that says so.
const ALONE: &str = "OTPD_TEST_ALONE";

/// Returns true in a process of the test's own. Elsewhere it runs the test in one, and returns
/// false when it has ended well.
fn is_alone<Test>(_test: &Test) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let (_, name) = type_name::<Test>().split_once("::").unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}
