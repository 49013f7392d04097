//! A vault that somebody else wrote: refused, or warned about.

use std::fs;

use serde_json::json;

use crate::support::{Daemon, Home, PASSPHRASE, random_key, run};

fn unlock(home: &Home) -> crate::support::Outcome {
    home.ctl_in(&["unlock"], PASSPHRASE)
}

#[test]
fn a_vault_made_with_the_recipient_alone_is_refused() {
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    home.unlock();
    home.add(&format!("otpauth://totp/x?secret={}", random_key()));
    daemon.stop();
    let text = crate::interop::decrypted(&home).swap_remove(0);
    let key = crate::interop::identity(&home, "identity.age", PASSPHRASE);
    let recipient = run(home.command("age-keygen").args(["-y", &key]), b"").exits(0);
    fs::remove_file(key).unwrap();
    let encrypt = |text: &str| {
        let mut age = home.command("age");
        age.args(["-r", recipient.line(), "-o", home.vault().to_str().unwrap()]);
        run(&mut age, text.as_bytes()).exits(0);
    };
    // The control: the same bytes with their own MAC, only encrypted anew, are what we wrote.
    encrypt(&text);
    let daemon = Daemon::start(&home);
    unlock(&home).exits(0);
    daemon.stop();

    let forged_line = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ\n";
    let lines = |keep: fn(&str) -> bool| -> String {
        text.split_inclusive('\n')
            .filter(|line| keep(line))
            .collect()
    };
    let without_mac = lines(|line| !line.starts_with("# mac"));
    let less = lines(|line| !line.starts_with("otpauth"));
    let more = text.replacen("# mac", &format!("{forged_line}# mac"), 1);
    for forged in [
        without_mac.as_str(),
        &more,
        &less,
        &format!("{text}{forged_line}"),
        "",
    ] {
        encrypt(if forged.is_empty() { "\n" } else { forged });
        let _daemon = Daemon::start(&home);
        let refused = unlock(&home);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    }
}

#[test]
fn an_older_generation_opens_with_one_warning_and_status_says_rollback() {
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    home.unlock();
    home.add(&format!("otpauth://totp/old?secret={}", random_key()));
    let older = fs::read(home.vault()).unwrap();
    assert_eq!(home.connect().ok("status", json!({}))["rollback"], false);
    home.add(&format!("otpauth://totp/new?secret={}", random_key()));
    daemon.stop();
    home.write(&home.vault(), older);

    let _daemon = Daemon::start(&home);
    let opened = unlock(&home).exits(0);
    let warnings = opened
        .stderr
        .lines()
        .filter(|line| line.contains("warning"));
    assert_eq!(warnings.count(), 1, "{opened:?}");
    assert_eq!(
        home.ctl(&["status", "--json"]).exits(0).json()["rollback"],
        true
    );
    home.ctl(&["get", "old"]).exits(0);
    home.ctl(&["get", "new"]).exits(3);
}
