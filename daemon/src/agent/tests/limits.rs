//! How many codes a user gets.

use super::*;

#[test]
fn two_hundred_codes_in_a_row_and_then_fifty_a_second() {
    let mut driver = Driver::with(&[GITHUB]);
    // What the set-up took is given back.
    driver.pass(10.0);
    for _ in 0..200 {
        driver.get("GitHub").unwrap();
    }
    assert_eq!(
        driver.get("GitHub").unwrap_err().kind(),
        ErrorKind::RateLimited
    );
    let preview = Request::Preview(Preview {
        uri: driver::secret(GITHUB),
    });
    assert_eq!(driver.refusal(preview), ErrorKind::RateLimited);
    driver.pass(1.0);
    let many = (0..100)
        .take_while(|_| driver.get("GitHub").is_ok())
        .count();
    assert_eq!(many, 50);
    driver.pass(4.0);
    let many = (0..300)
        .take_while(|_| driver.get("GitHub").is_ok())
        .count();
    assert_eq!(many, 200);
}

#[test]
fn each_user_has_a_limit_of_his_own_and_other_requests_have_none() {
    let mut driver = Driver::with(&[GITHUB]);
    let get = |driver: &mut Driver, number: u64, uid| {
        let caller = Caller {
            way: Way::Socket,
            conn: Conn(1),
            uid,
            pid: None,
        };
        let request = Request::Get(driver::get("GitHub"));
        driver.input(Input::Request(Ticket(number), caller, request));
        driver.answer(number).is_ok()
    };
    let mut number = 1_000_000;
    for uid in [Some(1), Some(2), None] {
        let many = (0..300).take_while(|_| {
            number += 1;
            get(&mut driver, number, uid)
        });
        assert_eq!(many.count(), 200);
    }
    for _ in 0..1000 {
        driver.list();
    }
}

#[test]
fn setting_the_wall_clock_gives_no_codes() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.pass(10.0);
    for _ in 0..200 {
        driver.get("GitHub").unwrap();
    }
    driver.set_wall(3600);
    assert_eq!(
        driver.get("GitHub").unwrap_err().kind(),
        ErrorKind::RateLimited
    );
}
