//! What locks the vault from outside: logind and screen savers on private buses.

use serde_json::{Value, json};

use crate::support::{
    Canary, Daemon, Home, Line, Logind, PASSPHRASE, PATIENCE, Process, Saver, Side, announce,
    gdbus, memory_of, random_key, root_for, run, start_bus,
};

/// A session on private buses, and an agent in it that keeps its keys where root can see them.
struct Desk {
    home: Home,
    system: Option<Process>,
    session: Option<Process>,
    logind: Option<Logind>,
    freedesktop: Option<Saver>,
    gnome: Option<Saver>,
    daemon: Daemon,
    canary: Canary,
}

impl Desk {
    fn new(configuration: &str) -> Self {
        let mut home = Home::with_slow_vault();
        announce(&mut home, Side::System);
        announce(&mut home, Side::Session);
        home.configure(&format!("memory = \"mlock\"\n{configuration}"));
        let system = start_bus(&home, Side::System);
        let session = start_bus(&home, Side::Session);
        let logind = Logind::start(&home);
        let (freedesktop, gnome) = (Saver::freedesktop(&home), Saver::gnome(&home));
        let daemon = Daemon::start(&home);
        home.unlock();
        let key = random_key();
        // A step of a day: who has had its code waits for the next as long as any test lasts.
        home.add(&format!("otpauth://totp/a:b?secret={key}&period=86400"));
        home.connect()
            .ok("get", json!({"query": "a:b", "fresh": true}));
        let desk = Self {
            home,
            system: Some(system),
            session: Some(session),
            logind: Some(logind),
            freedesktop: Some(freedesktop),
            gnome: Some(gnome),
            daemon,
            canary: Canary::key(&key),
        };
        for source in ["screen", "session", "sleep"] {
            until(|| {
                let state = desk.source(source)["state"].clone();
                (state == "watched" || state == "off").then_some(())
            });
        }
        desk
    }

    fn status(&self) -> Value {
        self.home.connect().ok("status", json!({}))
    }

    fn source(&self, name: &str) -> Value {
        let status = self.status();
        let sources = status["lock_sources"].as_array().unwrap().clone();
        sources.into_iter().find(|it| it["source"] == name).unwrap()
    }

    /// Asks until a source is in this state; returns its reason.
    fn wait_for(&self, source: &str, state: &str) -> String {
        let reason = |found: &Value| found["reason"].as_str().unwrap_or_default().to_owned();
        until(|| {
            Some(self.source(source))
                .filter(|it| it["state"] == state)
                .map(|it| reason(&it))
        })
    }

    fn subscribe(&self) -> Line {
        let mut line = self.home.connect();
        line.ok("subscribe", json!({}));
        line
    }

    /// How often the key is in the agent's memory.
    fn keys(&self) -> usize {
        let memory = memory_of(self.daemon.pid());
        let found = memory.iter().map(|it| self.canary.find(&it.bytes).len());
        found.sum()
    }

    fn logind(&self) -> &Logind {
        self.logind.as_ref().unwrap()
    }
}

/// Asks again until there is an answer; who waits for ever is ended by the test's own patience.
fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let end = std::time::Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(std::time::Instant::now() < end, "it never came");
        std::thread::yield_now();
    }
}

/// Insists that the next event is a lock, and that a request in flight ended with it.
fn is_locked(subscriber: &mut Line) {
    let event = subscriber.read().unwrap();
    assert!(event.contains("\"locked\""), "{event}");
}

/// What happens, what `status` calls it, and how it is made to happen.
type Source = (&'static str, &'static str, Box<dyn Fn(&Desk)>);

#[test]
fn every_source_wipes_the_keys_and_fails_what_is_in_flight() {
    if !root_for("watch::every_source_wipes_the_keys") {
        return;
    }
    let desk = Desk::new("");
    let home = &desk.home;
    let sources: Vec<Source> = vec![
        (
            "Lock",
            "screen",
            Box::new(|desk| desk.logind().lock(&desk.home)),
        ),
        (
            "LockedHint",
            "screen",
            Box::new(|desk| desk.logind().change(&desk.home, "LockedHint", true)),
        ),
        (
            "another session in front",
            "session",
            Box::new(|desk| desk.logind().change(&desk.home, "Active", false)),
        ),
        (
            "sleep",
            "sleep",
            Box::new(|desk| desk.logind().prepare_for_sleep(&desk.home, true)),
        ),
        (
            "org.freedesktop.ScreenSaver",
            "screen",
            Box::new(|desk| desk.freedesktop.as_ref().unwrap().show(&desk.home, true)),
        ),
        (
            "org.gnome.ScreenSaver",
            "screen",
            Box::new(|desk| desk.gnome.as_ref().unwrap().show(&desk.home, true)),
        ),
        (
            "logout",
            "session",
            Box::new(|desk| desk.logind().end_session(&desk.home)),
        ),
    ];
    for (what, by, happens) in sources {
        home.unlock();
        // The control: the scanner sees the key while the vault is open.
        assert_eq!(desk.keys(), 1, "{what}");
        let mut subscriber = desk.subscribe();
        let mut waiting = home.connect();
        let id = waiting.ask("get", &json!({"query": "a:b", "fresh": true}));
        home.connect().ok("status", json!({}));
        happens(&desk);
        is_locked(&mut subscriber);
        assert_eq!(desk.keys(), 0, "{what}");
        let refused: Value = serde_json::from_str(&waiting.read().unwrap()).unwrap();
        assert_eq!(
            (&refused["id"], &refused["error"]["data"]["kind"]),
            (&json!(id), &json!("locked")),
            "{what}"
        );
        let status = desk.status();
        assert_eq!(
            (&status["locked"], &status["locked_by"]),
            (&json!(true), &json!(by)),
            "{what}"
        );
        // Nothing that ends opens the vault.
        desk.logind().change(home, "LockedHint", false);
        desk.logind().change(home, "Active", true);
        desk.logind().prepare_for_sleep(home, false);
        desk.gnome.as_ref().unwrap().show(home, false);
        desk.freedesktop.as_ref().unwrap().show(home, false);
        until(|| desk.logind().is_delayed(home).then_some(()));
        assert_eq!(desk.status()["locked"], true, "{what}");
    }
}

#[test]
fn a_source_that_is_lost_wipes_the_keys_and_comes_back() {
    if !root_for("watch::a_source_that_is_lost") {
        return;
    }
    let mut desk = Desk::new("");
    let lose = |desk: &mut Desk, what: &str, loses: &dyn Fn(&mut Desk), source: &str| {
        desk.home.unlock();
        assert_eq!(desk.keys(), 1, "{what}");
        let mut subscriber = desk.subscribe();
        loses(desk);
        is_locked(&mut subscriber);
        assert_eq!(desk.keys(), 0, "{what}");
        assert_eq!(desk.status()["locked_by"], "lost", "{what}");
        desk.wait_for(source, "absent")
    };
    // One screen saver of two is enough to see the screen by.
    let reason = lose(
        &mut desk,
        "screen savers",
        &|desk| {
            desk.gnome = None;
            desk.freedesktop = None;
        },
        "screen",
    );
    assert_eq!(reason, "no screen saver is on the session bus");
    let reason = lose(&mut desk, "logind", &|desk| desk.logind = None, "sleep");
    assert_eq!(reason, "logind is not on the system bus");
    let warnings = desk.status()["warnings"].to_string();
    for text in ["screen saver", "session", "sleep"] {
        assert!(warnings.contains(text), "{warnings}");
    }

    desk.gnome = Some(Saver::gnome(&desk.home));
    desk.logind = Some(Logind::start(&desk.home));
    for source in ["screen", "session", "sleep"] {
        desk.wait_for(source, "watched");
    }
    lose(
        &mut desk,
        "the session bus",
        &|desk| desk.session = None,
        "screen",
    );
    lose(
        &mut desk,
        "the system bus",
        &|desk| desk.system = None,
        "sleep",
    );
    // They come back, with whoever was on them.
    desk.session = Some(start_bus(&desk.home, Side::Session));
    desk.system = Some(start_bus(&desk.home, Side::System));
    desk.logind = Some(Logind::start(&desk.home));
    desk.gnome = Some(Saver::gnome(&desk.home));
    for source in ["screen", "session", "sleep"] {
        desk.wait_for(source, "watched");
    }
    desk.home.unlock();
    let mut subscriber = desk.subscribe();
    desk.logind().lock(&desk.home);
    is_locked(&mut subscriber);
}

/// The agent's own name on a bus.
fn own_name(desk: &Desk, side: Side) -> String {
    const DRIVER: &str = "org.freedesktop.DBus";
    let ask = |rest: &[&str]| {
        let start = ["call", side.flag(), "--dest", DRIVER, "--object-path", "/"];
        let mut gdbus = desk.home.command("gdbus");
        gdbus.args(start).arg("--method").args(rest);
        run(&mut gdbus, b"").stdout
    };
    let names = ask(&[&format!("{DRIVER}.ListNames")]);
    let wanted = format!("(uint32 {},)", desk.daemon.pid());
    let method = format!("{DRIVER}.GetConnectionUnixProcessID");
    // Among them is whoever has just asked, and is gone.
    let mut names = names.split('\'').filter(|it| it.starts_with(':'));
    let own = names.find(|name| ask(&[&method, name]).trim() == wanted);
    own.expect("the agent is on the bus").to_owned()
}

#[test]
fn a_signal_of_somebody_else_is_not_believed() {
    let mut desk = Desk::new("");
    let mut subscriber = desk.subscribe();
    let forge = |side: Side, path: &str, signal: &str, arguments: &[&str]| {
        // To everybody, and straight to the agent, past what it has asked the bus for.
        let own = own_name(&desk, side);
        for to in [&["--dest", &own][..], &[]] {
            let what = ["--object-path", path, "--signal", signal];
            gdbus(
                &desk.home,
                &[&["emit", side.flag()], to, &what, arguments].concat(),
            );
        }
    };
    let logind = "/org/freedesktop/login1";
    let session = format!("{logind}/session/c1");
    forge(
        Side::System,
        &session,
        "org.freedesktop.login1.Session.Lock",
        &[],
    );
    let sleep = "org.freedesktop.login1.Manager.PrepareForSleep";
    forge(Side::System, logind, sleep, &["true"]);
    let owner = "org.freedesktop.DBus.NameOwnerChanged";
    let lost = ["'org.freedesktop.login1'", "':1.0'", "''"];
    forge(Side::System, "/org/freedesktop/DBus", owner, &lost);
    let saver = "org.gnome.ScreenSaver.ActiveChanged";
    forge(Side::Session, "/org/gnome/ScreenSaver", saver, &["true"]);
    // What comes behind them on each bus was heard; so were they.
    desk.logind().add_session(&desk.home, "c2");
    desk.freedesktop = None;
    until(|| {
        let (session, screen) = (desk.source("session"), desk.source("screen"));
        let is_new = session["reason"] == "logind's session c2";
        (is_new && screen["reason"] == "org.gnome.ScreenSaver").then_some(())
    });
    assert_eq!(desk.status()["locked"], false);
    // The control: the real one is believed.
    desk.gnome.as_ref().unwrap().show(&desk.home, true);
    is_locked(&mut subscriber);
}

#[test]
fn the_system_sleeps_after_the_wipe_and_not_before() {
    if !root_for("watch::the_system_sleeps_after_the_wipe") {
        return;
    }
    let desk = Desk::new("");
    let (home, logind) = (&desk.home, desk.logind());
    until(|| logind.is_delayed(home).then_some(()));
    let mut subscriber = desk.subscribe();
    logind.prepare_for_sleep(home, true);
    is_locked(&mut subscriber);
    until(|| (!logind.is_delayed(home)).then_some(()));
    assert_eq!(desk.keys(), 0);
    logind.prepare_for_sleep(home, false);
    until(|| logind.is_delayed(home).then_some(()));

    // An unlock that is under way has the identity in its hands until it ends.
    let mut unlocking = home.connect();
    unlocking.ask("unlock", &json!({"passphrase": PASSPHRASE}));
    home.connect().ok("status", json!({}));
    logind.prepare_for_sleep(home, true);
    assert!(unlocking.read().unwrap().contains("\"locked\""));
    assert!(logind.is_delayed(home), "the key derivation is still out");
    until(|| (!logind.is_delayed(home)).then_some(()));
    let memory = memory_of(desk.daemon.pid());
    let identity = Canary::text("AGE-SECRET-KEY-1");
    assert!(memory.iter().all(|it| identity.find(&it.bytes).is_empty()));
    assert_eq!((desk.keys(), &desk.status()["locked"]), (0, &json!(true)));

    // Where the delay is refused, it locks all the same, and says what may happen.
    logind.refuse_delays(home);
    logind.prepare_for_sleep(home, false);
    let reason = desk.wait_for("sleep", "late");
    assert!(reason.contains("does not wait"), "{reason}");
    home.unlock();
    let mut subscriber = desk.subscribe();
    logind.prepare_for_sleep(home, true);
    is_locked(&mut subscriber);
}

#[test]
fn a_source_that_is_off_locks_nothing() {
    let desk = Desk::new("[lock]\nsession = false\n");
    let mut subscriber = desk.subscribe();
    desk.logind().change(&desk.home, "Active", false);
    // The control, behind it on the same bus.
    desk.logind().lock(&desk.home);
    is_locked(&mut subscriber);
    assert_eq!(desk.status()["locked_by"], "screen");
    assert_eq!(desk.source("session")["state"], "off");
}

#[test]
fn without_a_bus_and_with_one_that_never_answers_it_serves_at_once_and_says_so() {
    let mut home = Home::with_vault();
    announce(&mut home, Side::System);
    announce(&mut home, Side::Session);
    // Takes connections, and says nothing; the other bus is not there.
    let path = home.run_dir().join("system");
    let _silent = std::os::unix::net::UnixListener::bind(&path).unwrap();
    std::os::unix::fs::chown(&path, home.uid, home.uid).unwrap();
    let daemon = Daemon::start(&home);
    home.unlock();
    let mut line = home.connect();
    let reasons = until(|| {
        let status = line.ok("status", json!({}));
        let sources = status["lock_sources"].as_array().unwrap().clone();
        let is_known = sources.iter().all(|it| it["state"] == "absent");
        is_known.then(|| {
            assert_eq!(status["warnings"].as_array().unwrap().len(), 3, "{status}");
            sources
                .into_iter()
                .map(|it| it["reason"].clone())
                .collect::<Vec<_>>()
        })
    });
    let silent = "the system bus does not answer";
    assert_eq!(
        reasons,
        ["the session bus cannot be reached", silent, silent]
    );
    // Not even a connection that never ended holds up the end.
    daemon.stop();
}
