//! Lists, for people and for scripts.

use crate::support::{Daemon, Home, random_key};

#[test]
fn columns_align_by_display_width_with_japanese_names() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    home.unlock();
    for (issuer, account) in [
        ("トレンドマイクロ", "alpha"),
        ("GitHub", "beta"),
        ("ｱｲｳ", "gamma"),
    ] {
        let uri = format!(
            "otpauth://totp/{account}?secret={}&issuer={issuer}",
            random_key()
        );
        home.add(&uri);
    }
    let list = home.ctl(&["list"]).exits(0).stdout;
    // Where an account begins, counted in columns: full-width characters take two.
    let width = |text: &str| -> usize {
        text.chars()
            .map(|c| match c {
                '\u{3000}'..='\u{9fff}' | '\u{ff01}'..='\u{ff60}' => 2,
                _ => 1,
            })
            .sum()
    };
    let columns: Vec<_> = ["alpha", "beta", "gamma"]
        .iter()
        .map(|account| {
            let line = list
                .lines()
                .find(|line| line.contains(account))
                .expect("every entry");
            width(line.split(account).next().unwrap())
        })
        .collect();
    assert!(
        columns.windows(2).all(|pair| pair[0] == pair[1]),
        "{columns:?}\n{list}"
    );
}

#[test]
fn json_has_the_documented_keys_and_no_key_material() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!(
        "otpauth://totp/GitHub:me?secret={key}&period=60&x-otpd-tag=work"
    ));
    home.add("otpauth://hotp/Bank:me?secret=GEZDGNBVGY3TQOJQ&counter=4&algorithm=SHA512");
    let list = home.ctl(&["list", "--json"]).exits(0);
    assert!(!list.stdout.contains(&key) && !list.stdout.contains("GEZDGNBV"));
    let list = list.json();
    assert_eq!(list.as_array().unwrap().len(), 2);
    let find = |issuer| {
        list.as_array()
            .unwrap()
            .iter()
            .find(|e| e["issuer"] == issuer)
            .unwrap()
    };
    let (github, bank) = (find("GitHub"), find("Bank"));
    assert_eq!(
        (&github["type"], &github["period"]),
        (&"totp".into(), &60.into())
    );
    assert_eq!(github["tags"], serde_json::json!(["work"]));
    assert_eq!(
        (&bank["type"], &bank["counter"]),
        (&"hotp".into(), &4.into())
    );
    assert_eq!(
        (&bank["algorithm"], &bank["digits"]),
        (&"SHA512".into(), &6.into())
    );
    assert_eq!(github["account"], "me");

    let some = home.ctl(&["list", "--json", "github"]).exits(0).json();
    assert_eq!(some.as_array().unwrap().len(), 1);
    let names = home.ctl(&["list", "--names"]).exits(0).stdout;
    assert_eq!(names.lines().count(), 2);

    home.ctl(&["lock"]).exits(0);
    let locked = home.ctl(&["list", "--json"]);
    assert!(!locked.stdout.contains("GitHub"), "{locked:?}");
}

#[test]
fn show_describes_an_entry_without_its_key() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    home.unlock();
    home.add("otpauth://totp/GitHub:me?secret=GEZDGNBVGY3TQOJQ&image=https%3A%2F%2Fx.test%2Fi.png");
    let shown = home.ctl(&["show", "github"]).exits(0);
    assert!(
        shown.stdout.contains("GitHub") && !shown.stdout.contains("GEZDGNBV"),
        "{shown:?}"
    );
    let json = home.ctl(&["show", "github", "--json"]).exits(0).json();
    assert_eq!(json["key_bits"], 80);
}
