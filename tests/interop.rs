//! A vault is opened by Debian's `age`, without us.

use std::fs;

use crate::support::{Daemon, Home, PASSPHRASE, Terminal, files_below, random_key, run};

/// Unwraps an identity with a passphrase through `age`, as a person would.
pub(crate) fn identity(home: &Home, file: &str, passphrase: &str) -> String {
    let out = home.home().join(format!("{file}.plain"));
    let wrapped = home.data().join(file);
    let args = ["-d", "-o", out.to_str().unwrap(), wrapped.to_str().unwrap()];
    let mut terminal = Terminal::start(home, "age", &args);
    terminal.expect("passphrase");
    terminal.enter(passphrase);
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{screen}");
    out.to_str().unwrap().to_owned()
}

/// The plaintext of the vault and of every backup of it, by `age` alone.
pub(crate) fn decrypted(home: &Home) -> Vec<String> {
    let key = identity(home, "identity.age", PASSPHRASE);
    let read = || -> Option<Vec<Vec<u8>>> {
        let mut files = vec![home.vault()];
        files.extend(files_below(&home.data().join("backups")));
        files.iter().map(|file| fs::read(file).ok()).collect()
    };
    // A copy of the day goes when its successor is there: then from the beginning.
    let files = (0..1000).find_map(|_| read()).expect("files to read");
    let texts = files.iter().map(|file| {
        let mut age = home.command("age");
        age.args(["-d", "-i", &key]);
        run(&mut age, file).exits(0).stdout
    });
    let texts = texts.collect();
    fs::remove_file(key).unwrap();
    texts
}

#[test]
fn age_and_grep_give_a_list_that_imports_elsewhere() {
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    home.unlock();
    let keys = [random_key(), random_key(), random_key()];
    home.add(&format!(
        "otpauth://totp/GitHub:me?secret={}&digits=8",
        keys[0]
    ));
    home.add(&format!(
        "otpauth://hotp/Bank:me?secret={}&counter=5",
        keys[1]
    ));
    home.add(&format!(
        "otpauth://totp/山田?secret={}&issuer=トレンドマイクロ",
        keys[2]
    ));
    daemon.stop();

    let vault = decrypted(&home).swap_remove(0);
    let lines: Vec<_> = vault
        .lines()
        .filter(|line| line.starts_with("otpauth"))
        .collect();
    assert_eq!(lines.len(), 3, "{vault}");
    assert!(vault.starts_with("# otpd vault 1 "), "{vault}");
    assert!(
        vault.lines().last().unwrap().starts_with("# mac "),
        "{vault}"
    );
    for (key, line) in keys.iter().zip(&lines) {
        assert!(line.contains(&format!("secret={key}")), "{line}");
        assert!(line.bytes().all(|b| b.is_ascii_graphic()), "{line}");
    }

    // The recovery key as it was printed is a passphrase of age.
    let key = identity(&home, "recovery.age", home.recovery());
    let mut age = home.command("age");
    age.args(["-d", "-i", &key]).arg(home.vault());
    assert_eq!(run(&mut age, b"").exits(0).stdout, vault);

    // Elsewhere: another vault takes the lines as they are.
    let other = Home::with_vault();
    let _daemon = Daemon::start(&other);
    other.unlock();
    let list = other.home().join("list.txt");
    other.write(&list, lines.join("\n"));
    other.ctl(&["import", list.to_str().unwrap()]).exits(0);
    let imported = other.ctl(&["list", "--json"]).exits(0).json();
    let mut issuers: Vec<_> = imported
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["issuer"].as_str().unwrap())
        .collect();
    issuers.sort_unstable();
    assert_eq!(issuers, ["Bank", "GitHub", "トレンドマイクロ"]);
}
