//! Keys in memory: S2 of the threat model, with root as the reader.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{
    Canary, Daemon, Home, Mapping, PASSPHRASE, memory_of, random_key, root_for, skip,
};

/// Where a canary is: the address, and the mapping and form in words.
fn places(memory: &[Mapping], canary: &Canary) -> Vec<(u64, String)> {
    let mut places = Vec::new();
    for mapping in memory {
        for (form, place) in canary.find(&mapping.bytes) {
            let Mapping {
                start, name, flags, ..
            } = mapping;
            let address = start + place as u64;
            places.push((
                address,
                format!("{form} at {address:x} in {name:?} [{flags}]"),
            ));
        }
    }
    places
}

/// The same in words alone.
fn found(memory: &[Mapping], canary: &Canary) -> Vec<String> {
    places(memory, canary)
        .into_iter()
        .map(|(_, text)| text)
        .collect()
}

fn session(mode: &str) -> (Home, Daemon) {
    let home = Home::with_slow_vault();
    home.configure(&format!("memory = \"{mode}\"\n"));
    let daemon = Daemon::start(&home);
    (home, daemon)
}

#[test]
fn a_key_is_nowhere_in_secret_memory_and_once_in_locked_memory_and_nowhere_after_lock() {
    if !root_for("memory::a_key_is_nowhere") {
        return;
    }
    for mode in ["secret", "mlock"] {
        let (home, daemon) = session(mode);
        let key = random_key();
        let canary = Canary::key(&key);
        let passphrase = Canary::text(PASSPHRASE);
        home.unlock();
        let kind = home.connect().ok("status", json!({}))["memory"].clone();
        home.add(&format!("otpauth://totp/a:b?secret={key}"));
        for _ in 0..100 {
            home.connect().ok("get", json!({"query": "a"}));
        }
        let memory = memory_of(daemon.pid());
        let open = found(&memory, &canary);
        match kind.as_str().unwrap() {
            "secret" => assert!(open.is_empty(), "{open:#?}"),
            // The positive control of the scanner too: exactly once, raw, in the arena.
            "locked" => {
                assert!(
                    open.len() == 1 && open[0].starts_with("raw"),
                    "{mode}: {open:#?}"
                );
                assert!(
                    open[0].contains("lo") && open[0].contains("dd"),
                    "{open:#?}"
                );
                if mode == "secret" {
                    skip(
                        "memory::a_key_is_nowhere (secret)",
                        "this kernel has no memfd_secret",
                    );
                }
            }
            other => panic!("{mode} gives {other}"),
        }
        let typed = found(&memory, &passphrase);
        assert!(typed.is_empty(), "{mode}, the passphrase: {typed:#?}");
        let identity = found(&memory, &Canary::text("AGE-SECRET-KEY-1"));
        assert_eq!(
            identity.len(),
            usize::from(kind == "locked"),
            "{mode}: {identity:#?}"
        );

        home.connect().ok("lock", json!({}));
        let memory = memory_of(daemon.pid());
        let locked = found(&memory, &canary);
        assert!(locked.is_empty(), "{mode}, locked: {locked:#?}");
        daemon.stop();
    }
}

#[test]
fn a_failed_unlock_an_import_and_a_killed_client_leave_no_key_behind() {
    if !root_for("memory::a_failed_unlock") {
        return;
    }
    let (home, daemon) = session("secret");
    let key = random_key();
    let canary = Canary::key(&key);
    home.unlock();
    let mut line = home.connect();
    line.ok("import.begin", json!({}));
    line.ok(
        "import.add",
        json!({"uri": format!("otpauth://totp/a:b?secret={key}")}),
    );
    let batch = found(&memory_of(daemon.pid()), &canary);
    // A client that goes away in the middle of a batch, and of a request.
    line.send(format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"add\",\"params\":{{\"uri\":\"otpauth://totp/x?secret={key}").as_bytes())
        .unwrap();
    drop(line);
    home.connect().ok("status", json!({}));
    let gone = found(&memory_of(daemon.pid()), &canary);
    assert!(
        gone.is_empty(),
        "killed client: {gone:#?} (in the batch: {batch:#?})"
    );

    let mut line = home.connect();
    line.ok("import.begin", json!({}));
    line.ok(
        "import.add",
        json!({"uri": format!("otpauth://totp/a:b?secret={key}")}),
    );
    line.ok("import.commit", json!({}));
    line.ok("lock", json!({}));
    let wrong = "a wrong passphrase to look for";
    assert_eq!(
        line.refused("unlock", json!({"passphrase": wrong})),
        "denied"
    );
    let memory = memory_of(daemon.pid());
    assert!(
        found(&memory, &canary).is_empty(),
        "{:#?}",
        found(&memory, &canary)
    );
    let typed = found(&memory, &Canary::text(wrong));
    assert!(typed.is_empty(), "{typed:#?}");
}

/// By default a lock wipes the names, too; who wants them listed then keeps them, and nothing else.
#[test]
fn names_stay_after_the_lock_only_where_a_person_wants_that_and_never_on_disk() {
    if !root_for("memory::names_stay_after_the_lock") {
        return;
    }
    for (list, stays) in [("empty", false), ("names", true)] {
        let home = Home::with_slow_vault();
        home.configure(&format!("[lock]\nlist = \"{list}\"\n"));
        let daemon = Daemon::start(&home);
        home.unlock();
        let (key, name, note) = (random_key(), random_key(), random_key());
        home.add(&format!(
            "otpauth://totp/{name}:me?secret={key}&issuer={name}"
        ));
        home.ctl(&["edit", &name, "--note", &note]).exits(0);
        home.ctl(&["get", &name]).exits(0);
        let listed = home.ctl(&["list", "--names"]).exits(0).stdout;
        assert_eq!(listed, format!("{name}:me\n"));
        home.connect().ok("lock", json!({}));
        let memory = memory_of(daemon.pid());
        let holds = |canary: &Canary| !found(&memory, canary).is_empty();
        assert_eq!(holds(&Canary::text(&name)), stays, "{list}");
        assert!(!holds(&Canary::key(&key)) && !holds(&Canary::text(&note)));
        let locked = home.ctl(&["list", "--names"]);
        if stays {
            assert_eq!(locked.exits(0).stdout, listed);
            let json = home.ctl(&["list", "--json", "--", &name[..5]]).exits(0);
            assert_eq!(json.json()[0]["issuer"], name);
        } else {
            assert_eq!(locked.exits(5).stdout, "");
        }
        home.ctl(&["get", &name]).exits(5);
        let files = Canary::text(&name).files(home.root());
        assert!(files.is_empty(), "{files:?}");
        // Another process knows nothing before it has opened the vault.
        daemon.stop();
        let _daemon = Daemon::start(&home);
        home.ctl(&["list"]).exits(5);
    }
}

/// What is written is encrypted line by line, and a code is computed from one key, so that of
/// many keys one is in clear at a time: as the text of its line, once, or raw.
#[test]
fn during_counter_writes_one_line_is_in_clear() {
    if !root_for("memory::during_counter_writes") {
        return;
    }
    // `make test` asks for a thousand.
    let wanted = std::env::var("OTPT_WRITES").ok();
    let wanted = wanted.map_or(200, |text| text.parse().expect("OTPT_WRITES is a number"));
    let (home, daemon) = session("secret");
    home.unlock();
    let keys: Vec<_> = (0..20).map(|_| random_key()).collect();
    for (number, key) in keys.iter().enumerate() {
        home.add(&format!("otpauth://hotp/s{number}:a?secret={key}"));
    }
    let canaries: Vec<_> = keys.iter().map(|key| Canary::key(key)).collect();
    let writer = std::thread::spawn({
        let mut line = home.connect();
        move || {
            let mut written = 0;
            while written < wanted {
                match line.call("get", &json!({"query": format!("s{}:a", written % 20)})) {
                    Ok(_) => written += 1,
                    // Fifty codes a second: the limit is part of the promise.
                    Err(error) => assert_eq!(error["data"]["kind"], "rate_limited", "{error}"),
                }
            }
        }
    });
    let (mut looks, mut seen) = (0, 0);
    while !writer.is_finished() {
        let memory = memory_of(daemon.pid());
        let mut clear = Vec::new();
        for (number, canary) in canaries.iter().enumerate() {
            let places = places(&memory, canary).into_iter();
            clear.extend(places.map(|(address, text)| (address, number, text)));
        }
        let keys: BTreeSet<_> = clear.iter().map(|(_, number, _)| number).collect();
        let lines = clear.iter().filter(|(_, _, text)| !text.starts_with("raw"));
        assert!(keys.len() <= 1 && lines.count() <= 1, "{clear:#?}");
        looks += 1;
        seen += usize::from(!clear.is_empty());
    }
    writer.join().unwrap();
    // The scanner's own control is the scan in `mlock` mode above; a release build writes so
    // quickly that no look may fall into a write.
    assert!(
        looks > wanted / 20,
        "only {looks} looks, {seen} of them saw a line"
    );
    let memory = memory_of(daemon.pid());
    let after: Vec<_> = canaries
        .iter()
        .flat_map(|canary| found(&memory, canary))
        .collect();
    assert!(after.is_empty(), "{after:#?}");
}

#[test]
fn beyond_the_limit_of_locked_memory_the_unlock_succeeds_and_status_says_so() {
    let home = Home::with_slow_vault();
    home.configure("memory = \"mlock\"\n");
    let mut command = home.command_with(&["--pdeathsig=KILL"], "prlimit");
    command
        .arg("--memlock=0:0")
        .arg(crate::support::programs().join("otpd"));
    let _daemon = Daemon::run(command);
    home.unlock();
    assert_eq!(
        home.ctl(&["status", "--json"]).exits(0).json()["memory"],
        "unlocked"
    );
}
