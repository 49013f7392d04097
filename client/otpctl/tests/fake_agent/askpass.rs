//! `otp-askpass`: what it asks, what it prints, and whom it passes a prompt on to.

use otp_proto::{AskpassAnswer, Code, EntryId, ErrorKind, PassOn, Request, Response, RpcError};

use super::replay::*;

/// Asks through a shell, in a session without the terminal that the tests may have.
fn ask(home: &Home, prompt: &str, vars: &[(&str, &str)]) -> Ran {
    let program = env!("CARGO_BIN_EXE_otp-askpass");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", r#"setsid "$0" "$1"; exit $?"#, program, prompt]);
    let mut prepared = command_of(command, home);
    prepared.envs(vars.iter().copied());
    finish(prepared, "")
}

/// Prints its prompt and what it knows of us.
fn fallback(home: &Home) -> String {
    let program = home.with_sibling("fallback", "printf 'fallback %s\\n' \"$1\"");
    let fallback = program.with_file_name("fallback");
    fallback.to_str().unwrap().to_owned()
}

fn passing_on(why: PassOn) -> impl FnMut(&Request) -> Reply + Send + 'static {
    move |_| {
        Ok(Response::Askpass(AskpassAnswer {
            pass_on: Some(why),
            ..AskpassAnswer::default()
        }))
    }
}

#[test]
fn a_code_is_printed_alone_and_the_agent_is_told_who_asks() {
    let home = Home::new();
    let asked = agent(&home, |_| {
        Ok(Response::Askpass(AskpassAnswer {
            id: Some(EntryId::from_random(1)),
            code: Some(Code::new("257274".into())),
            pass_on: None,
        }))
    });
    let ran = ask(&home, "--help (a@b) Code: ", &[("DISPLAY", ":7")]);
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (0, "257274\n", "")
    );
    let Request::Askpass(request) = asked.recv().unwrap() else {
        panic!("another request");
    };
    assert_eq!(
        (request.prompt.as_str(), request.hint),
        ("--help (a@b) Code: ", None)
    );
    assert_eq!(request.desktop.unwrap().display.as_deref(), Some(":7"));
    if cfg!(target_os = "linux") {
        let process = request.asker.unwrap();
        assert!(
            process.program.ends_with("sh") && process.system,
            "{process:?}"
        );
        assert!(process.pid > 0 && process.start > 0);
    }
}

#[test]
fn what_is_not_ours_goes_to_the_fallback_as_it_came() {
    let home = Home::new();
    let program = fallback(&home);
    let asked = agent(&home, passing_on(PassOn::NotACode));
    let prompt = "alice@host's password: ";
    let ran = ask(&home, prompt, &[("OTPD_ASKPASS_FALLBACK", &program)]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, format!("fallback {prompt}\n"));
    asked.recv().unwrap();
}

#[test]
fn a_question_for_a_yes_does_not_go_to_the_agent() {
    let home = Home::new();
    let program = fallback(&home);
    let asked = agent(&home, passing_on(PassOn::NoRule));
    for hint in ["confirm", "none"] {
        let vars = [
            ("OTPD_ASKPASS_FALLBACK", program.as_str()),
            ("SSH_ASKPASS_PROMPT", hint),
        ];
        assert_eq!(ask(&home, "May I?", &vars).out, "fallback May I?\n");
    }
    assert!(asked.try_recv().is_err());
    ask(&home, "May I?", &[("OTPD_ASKPASS_FALLBACK", &program)]);
    asked.recv().unwrap();
}

#[test]
fn a_code_that_was_refused_is_said_to_be_and_the_prompt_passed_on() {
    let home = Home::new();
    let program = fallback(&home);
    let _asked = agent(&home, passing_on(PassOn::Given));
    let ran = ask(&home, "Code: ", &[("OTPD_ASKPASS_FALLBACK", &program)]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "fallback Code: \n"));
    assert!(ran.err.starts_with("otp-askpass: no answer: ") && ran.err.contains("asks again"));
}

#[test]
fn a_refusal_of_the_agent_is_told_and_the_prompt_passed_on() {
    let home = Home::new();
    let program = fallback(&home);
    let refusal = RpcError::new(ErrorKind::NotFound, "no entry matches");
    let _asked = agent(&home, move |_| Err(refusal.clone()));
    let ran = ask(&home, "Code: ", &[("OTPD_ASKPASS_FALLBACK", &program)]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "fallback Code: \n"));
    assert!(ran.err.contains("hint: otpctl list\n"), "{}", ran.err);
}

#[test]
fn who_is_passed_on_to_itself_does_not_go_round() {
    let home = Home::new();
    let asked = agent(&home, passing_on(PassOn::NoRule));
    let own = env!("CARGO_BIN_EXE_otp-askpass");
    let ran = ask(&home, "Code: ", &[("OTPD_ASKPASS_FALLBACK", own)]);
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));
    assert!(
        ran.err.contains("hint: export OTPD_ASKPASS_FALLBACK="),
        "{}",
        ran.err
    );
    asked.recv().unwrap();
    assert!(asked.try_recv().is_err());
}

#[test]
fn without_anybody_to_ask_it_fails_plainly() {
    let home = Home::new();
    let _asked = agent(&home, passing_on(PassOn::NoRule));
    let ran = ask(&home, "Code: ", &[]);
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("no terminal"), "{}", ran.err);
    let vars = [("OTPD_ASKPASS_FALLBACK", "/nonexistent/askpass")];
    let ran = ask(&home, "Code: ", &vars);
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));
    assert!(
        ran.err.contains("cannot run /nonexistent/askpass"),
        "{}",
        ran.err
    );
    let ran = ask(&home, "Code: ", &[("LANG", "ja_JP.UTF-8")]);
    assert!(ran.err.contains("端末がなく"), "{}", ran.err);
}
