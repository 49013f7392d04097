//! What may be asked over D-Bus.

use super::*;
use crate::config::Allowance;

/// Asks as a program on the bus does.
fn ask(driver: &mut Driver, request: Request) -> Result<Response, RpcError> {
    let ticket = driver.next_ticket();
    let caller = Caller {
        way: Way::Bus,
        conn: Conn(77),
        uid: Some(1000),
        pid: None,
    };
    driver.input(Input::Request(Ticket(ticket), caller, request));
    driver.answer(ticket)
}

fn kind(driver: &mut Driver, request: Request) -> ErrorKind {
    ask(driver, request).unwrap_err().kind()
}

#[test]
fn what_takes_or_returns_a_key_or_a_passphrase_is_denied() {
    let mut driver = Driver::with(&[GITHUB]);
    let allowed = Config {
        bus_codes: Allowance::Allow,
        ..Config::default()
    };
    driver.input(Input::Reload(allowed));
    let query = || "GitHub".to_owned();
    let denied = [
        Request::Unlock(Unlock {
            passphrase: driver::secret(PASSPHRASE),
        }),
        Request::Show(Show { query: query() }),
        Request::Export(Export {
            passphrase: driver::secret(PASSPHRASE),
            query: None,
        }),
        Request::Preview(Preview {
            uri: driver::secret(GITHUB),
        }),
        Request::RecoveryCodesList(RecoveryCodesList {
            query: query(),
            passphrase: Some(driver::secret(PASSPHRASE)),
        }),
        Request::Backup(Backup::default()),
        Request::SlotsList(SlotsList {}),
        Request::Subscribe(Subscribe {}),
        Request::Quit(Quit {}),
    ];
    for request in denied {
        let method = request.method();
        assert_eq!(kind(&mut driver, request), ErrorKind::Denied, "{method}");
    }
    assert!(matches!(
        ask(&mut driver, Request::List(List::default())),
        Ok(Response::List(list)) if list.entries.len() == 1
    ));
    let get = Request::Get(driver::get("GitHub"));
    assert!(matches!(ask(&mut driver, get), Ok(Response::Code(_))));
    ask(&mut driver, Request::Lock(Lock::default())).unwrap();
    assert!(driver.status().locked);
}

#[test]
fn codes_are_denied_by_default_locked_or_not() {
    let mut driver = Driver::with(&[GITHUB]);
    let get = || Request::Get(driver::get("GitHub"));
    assert_eq!(kind(&mut driver, get()), ErrorKind::Denied);
    driver.lock();
    assert_eq!(kind(&mut driver, get()), ErrorKind::Denied);
    driver.unlock();
    // The socket isn't asked for it.
    driver.get("GitHub").unwrap();
}

#[test]
fn whoever_has_our_name_is_a_warning_until_they_leave() {
    let mut driver = Driver::unlocked();
    let has = |driver: &mut Driver| {
        let status = driver.status();
        status
            .warnings
            .iter()
            .any(|it| it == "not on D-Bus: /bin/x (pid 7) has the name")
    };
    driver.input(Input::NameTaken(Some("/bin/x (pid 7)".into())));
    assert!(has(&mut driver));
    driver.input(Input::NameTaken(None));
    assert!(!has(&mut driver));
}
