//! Prompts of ssh, sudo and whoever else asks.

use super::*;

const RULES: &str = "
[[askpass]]
prompt = 'Verification code'
host = 'bastion.example'
user = 'alice'
entry = 'GitHub'

[[askpass]]
prompt = 'Verification code'
program = 'sudo'
entry = 'GitHub'
unlock = false

[[askpass]]
prompt = 'Token'
host = '*.example'
entry = 'counted'
";
const COUNTED: &str = "otpauth://hotp/counted:a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJR";
const SSH: &str = "(alice@bastion.example) Verification code: ";

fn configure(driver: &mut Driver) {
    let config = Config::of(RULES);
    driver.input(Input::Reload(Config {
        lock_screen: false,
        ..config
    }));
}

fn with_rules() -> Driver {
    let mut driver = Driver::with(&[GITHUB, COUNTED]);
    configure(&mut driver);
    driver
}

/// A process of the system.
fn process(pid: u32, program: &str) -> AskingProcess {
    AskingProcess {
        pid,
        start: 7,
        program: program.into(),
        system: true,
    }
}

fn prompt(text: &str, asker: AskingProcess) -> Request {
    Request::Askpass(Askpass {
        prompt: text.into(),
        asker: Some(asker),
        ..Askpass::default()
    })
}

fn ssh(pid: u32, text: &str) -> Request {
    prompt(text, process(pid, "/usr/bin/ssh"))
}

fn answer(answer: Result<Response, RpcError>) -> AskpassAnswer {
    match answer {
        Ok(Response::Askpass(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

fn code(given: Result<Response, RpcError>) -> String {
    let answer = answer(given);
    assert!(answer.id.is_some() && answer.pass_on.is_none());
    answer.code.unwrap().expose().to_owned()
}

#[track_caller]
fn passed_on(driver: &mut Driver, request: Request) -> PassOn {
    let answer = answer(driver.call(request));
    assert!(answer.id.is_none() && answer.code.is_none());
    answer.pass_on.unwrap()
}

#[test]
fn a_prompt_that_a_rule_fits_gets_the_code_of_now() {
    let mut driver = with_rules();
    let now = driver.get("GitHub").unwrap().code;
    assert_eq!(code(driver.call(ssh(1, SSH))), now.expose());
    driver.pass(30.0);
    code(driver.call(prompt("verification CODE: ", process(2, "sudo"))));
    let first = code(driver.call(ssh(3, "(bob@a.example) Your Token: ")));
    let second = code(driver.call(ssh(4, "(bob@a.example) Your Token: ")));
    assert_ne!(first, second);
}

#[test]
fn a_prompt_that_no_rule_fits_is_passed_on() {
    let mut driver = with_rules();
    for (text, program) in [
        (
            "(mallory@bastion.example) Verification code: ",
            "/usr/bin/ssh",
        ),
        ("(alice@evil.example) Verification code: ", "/usr/bin/ssh"),
        ("(alice@bastion.example) Something: ", "/usr/bin/ssh"),
        ("Verification code: ", "/usr/bin/ssh"),
        (
            "Say (alice@bastion.example) Verification code: ",
            "/usr/bin/ssh",
        ),
        (SSH, "/usr/bin/git"),
        ("Verification code: ", "/usr/bin/git"),
    ] {
        let request = prompt(text, process(1, program));
        assert_eq!(passed_on(&mut driver, request), PassOn::NoRule, "{text}");
    }
    let own = AskingProcess {
        system: false,
        ..process(1, "/home/alice/bin/ssh")
    };
    assert_eq!(passed_on(&mut driver, prompt(SSH, own)), PassOn::NoRule);
    let nobody = Request::Askpass(Askpass {
        prompt: SSH.into(),
        ..Askpass::default()
    });
    assert_eq!(passed_on(&mut driver, nobody), PassOn::NoRule);
    code(driver.call(ssh(1, SSH)));
}

#[test]
fn a_password_a_yes_or_no_and_a_text_without_end_are_no_code() {
    let mut driver = with_rules();
    for text in [
        "(alice@bastion.example) Password: ",
        "(alice@bastion.example) Password, then verification code: ",
        "(alice@bastion.example) Verification code (yes/no): ",
        "(alice@bastion.example) Verification code and PIN: ",
    ] {
        assert_eq!(
            passed_on(&mut driver, ssh(1, text)),
            PassOn::NotACode,
            "{text}"
        );
    }
    let long = format!("{SSH}{}", "x".repeat(MAX_PROMPT));
    assert_eq!(passed_on(&mut driver, ssh(1, &long)), PassOn::NotACode);
    for hint in ["confirm", "none"] {
        let request = Request::Askpass(Askpass {
            prompt: SSH.into(),
            hint: Some(hint.into()),
            asker: Some(process(1, "/usr/bin/ssh")),
            ..Askpass::default()
        });
        assert_eq!(passed_on(&mut driver, request), PassOn::NotACode);
    }
    code(driver.call(ssh(1, SSH)));
}

#[test]
fn a_process_that_asks_again_was_refused_and_gets_no_other_code() {
    let mut driver = with_rules();
    code(driver.call(ssh(1, SSH)));
    assert_eq!(passed_on(&mut driver, ssh(1, SSH)), PassOn::Given);
    driver.pass(60.0);
    assert_eq!(passed_on(&mut driver, ssh(1, SSH)), PassOn::Given);
    driver.lock();
    driver.unlock();
    assert_eq!(passed_on(&mut driver, ssh(1, SSH)), PassOn::Given);
    // Another entry, and another process of the same number.
    code(driver.call(ssh(1, "(alice@bastion.example) Token: ")));
    let later = AskingProcess {
        start: 8,
        ..process(1, "/usr/bin/ssh")
    };
    code(driver.call(prompt(SSH, later)));
}

#[test]
fn two_processes_get_two_steps() {
    let mut driver = with_rules();
    let first = code(driver.call(ssh(1, SSH)));
    let second = driver.ask(2, ssh(2, SSH));
    assert!(!driver.is_answered(second));
    // While it waits it can't get another.
    assert_eq!(passed_on(&mut driver, ssh(2, SSH)), PassOn::Given);
    driver.pass(25.0);
    assert_ne!(code(driver.answer(second)), first);
}

#[test]
fn who_left_before_its_code_may_ask_again() {
    let mut driver = with_rules();
    code(driver.call(ssh(1, SSH)));
    let ticket = driver.ask(2, ssh(2, SSH));
    driver.input(Input::Gone(Ticket(ticket)));
    driver.pass(25.0);
    code(driver.call(ssh(2, SSH)));
}

#[test]
fn a_locked_vault_asks_a_person_unless_the_rule_says_otherwise() {
    let mut driver = with_rules();
    driver.lock();
    assert_eq!(
        passed_on(&mut driver, ssh(1, "(alice@bastion.example) Password: ")),
        PassOn::NotACode
    );
    let sudo = prompt("Verification code: ", process(2, "sudo"));
    assert_eq!(driver.refusal(sudo), ErrorKind::Locked);
    assert_eq!(driver.prompts, 0);
    let ticket = driver.ask(1, ssh(1, SSH));
    assert_eq!(driver.prompts, 1);
    driver.finish_prompt(Ok(PASSPHRASE));
    code(driver.answer(ticket));
    driver.lock();
    // What would be refused asks nobody.
    assert_eq!(passed_on(&mut driver, ssh(1, SSH)), PassOn::Given);
    let ticket = driver.ask(1, ssh(3, SSH));
    driver.finish_prompt(Err(PromptError::Cancelled));
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(driver.prompts, 2);
}

#[test]
fn a_locked_screen_gets_neither_a_code_nor_a_question() {
    let mut driver = with_rules();
    let absence = Absence::Saver("test");
    driver.input(Input::Absence(absence, Sign::Begun));
    assert_eq!(driver.refusal(ssh(1, SSH)), ErrorKind::Denied);
    driver.lock();
    assert_eq!(driver.refusal(ssh(1, SSH)), ErrorKind::Denied);
    assert_eq!(driver.prompts, 0);
    driver.input(Input::Absence(absence, Sign::Over));
    driver.unlock();
    code(driver.call(ssh(1, SSH)));
}

#[test]
fn the_bus_answers_no_prompt() {
    let mut driver = with_rules();
    let caller = Caller {
        way: Way::Bus,
        conn: Conn(9),
        uid: Some(1000),
        pid: None,
    };
    driver.input(Input::Request(Ticket(900), caller, ssh(1, SSH)));
    assert_eq!(driver.answer(900).unwrap_err().kind(), ErrorKind::Denied);
    code(driver.call(ssh(1, SSH)));
}

#[test]
fn an_entry_that_is_not_there_is_told_and_may_be_asked_for_again() {
    let mut driver = Driver::with(&[COUNTED]);
    configure(&mut driver);
    assert_eq!(driver.refusal(ssh(1, SSH)), ErrorKind::NotFound);
    driver.add(GITHUB).unwrap();
    code(driver.call(ssh(1, SSH)));
}
