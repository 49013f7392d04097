//! Slots of hardware: a plugin at work, and whoever waits for it.

use super::driver::secret;
use super::*;
use crate::vault::slot::{PluginError, PluginFile, SlotName};

fn unlock() -> Request {
    Request::UnlockSlot(UnlockSlot {
        slot: "tpm".into(),
        interactive: false,
        desktop: None,
    })
}

fn add() -> Request {
    let root = if cfg!(windows) { "C:\\" } else { "/" };
    Request::SlotsAdd(SlotsAdd {
        slot: "tpm".into(),
        passphrase: secret(PASSPHRASE),
        plugin: Some(PluginSlot {
            program: format!("{root}age-plugin-tpm"),
            identity: secret("AGE-PLUGIN-TPM-1QQQ"),
            recipient: None,
        }),
    })
}

fn pin() -> Request {
    Request::SlotsReply(SlotsReply {
        text: Some(secret("123456")),
        yes: None,
    })
}

fn locked() -> Driver {
    let mut driver = Driver::with(&[GITHUB]);
    driver.lock();
    driver
}

fn asked(kind: AskKind) -> Input {
    Input::PluginAsked(Ask {
        kind,
        text: "PIN:".into(),
        yes: None,
        no: None,
    })
}

#[track_caller]
fn step(answer: Result<Response, RpcError>) -> Option<Ask> {
    match answer {
        Ok(Response::Step(step)) => step.ask,
        Ok(Response::Done(_)) => None,
        other => panic!("{other:?}"),
    }
}

fn kind(answer: Result<Response, RpcError>) -> ErrorKind {
    answer.unwrap_err().kind()
}

fn identity(driver: &Driver) -> PluginDone {
    let identity = driver.disk.identity.as_ref().unwrap();
    PluginDone::Identity(secret(identity.expose()))
}

/// What the plugin makes of the identity that the vault has now.
fn wrapped(driver: &Driver) -> PluginDone {
    let root = if cfg!(windows) { "C:\\" } else { "/" };
    let program = format!("{root}age-plugin-tpm");
    let identity = driver.disk.identity.as_ref().unwrap();
    PluginDone::Wrapped {
        plugin: PluginFile::new(&program, secret("AGE-PLUGIN-TPM-1QQQ"), None).unwrap(),
        wrapped: vec![1],
        identity: secret(identity.expose()),
    }
}

#[test]
fn hardware_opens_the_vault_after_its_questions_and_nobody_else_waits_meanwhile() {
    let mut driver = locked();
    let first = driver.ask(1, unlock());
    assert!(matches!(driver.plugin, Some(PluginTask::Unwrap { .. })));
    driver.input(asked(AskKind::Secret));
    assert_eq!(step(driver.answer(first)).unwrap().kind, AskKind::Secret);
    // A passphrase is not kept waiting, nor anything else; another plugin is.
    assert_eq!(kind(driver.call(unlock())), ErrorKind::Busy);
    driver.unlock();
    driver.get("github").unwrap();
    driver.lock();
    let late = driver.ask(1, pin());
    assert_eq!(kind(driver.answer(late)), ErrorKind::Locked);
    driver.finish_plugin(Err(PluginError::Cancelled.into()));
    // From the beginning, without a lock in between.
    let first = driver.ask(1, unlock());
    driver.input(asked(AskKind::Secret));
    step(driver.answer(first)).unwrap();
    let second = driver.ask(1, pin());
    assert_eq!(driver.plugin_replies.len(), 1);
    assert!(!driver.is_answered(second));
    let done = identity(&driver);
    driver.finish_plugin(Ok(done));
    assert_eq!(step(driver.answer(second)), None);
    driver.get("github").unwrap();
    assert_eq!(driver.status().unlocked_by.as_deref(), Some("tpm"));
    assert_eq!(step(driver.call(unlock())), None);
}

#[test]
fn another_vault_s_identity_opens_nothing_and_a_plugin_s_refusal_is_told() {
    let mut driver = locked();
    let ticket = driver.ask(1, unlock());
    driver.finish_plugin(Ok(PluginDone::Identity(secret("AGE-SECRET-KEY-1X"))));
    assert_eq!(kind(driver.answer(ticket)), ErrorKind::Storage);
    let ticket = driver.ask(1, unlock());
    driver.finish_plugin(Err(PluginError::Said("wrong PIN".into()).into()));
    let refusal = driver.answer(ticket).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Denied);
    assert!(refusal.to_string().contains("wrong PIN"), "{refusal}");
    assert!(driver.status().locked);
    driver.unlock();
}

#[test]
fn whoever_leaves_or_is_too_slow_ends_the_plugin() {
    let mut driver = locked();
    driver.ask(1, unlock());
    driver.input(Input::Closed(Conn(1)));
    assert!(driver.is_plugin_ended);
    driver.finish_plugin(Err(PluginError::Ended.into()));
    // In the person's turn.
    let ticket = driver.ask(2, unlock());
    driver.input(asked(AskKind::Message));
    step(driver.answer(ticket)).unwrap();
    driver.input(Input::Closed(Conn(2)));
    assert!(driver.is_plugin_ended);
    driver.finish_plugin(Err(PluginError::Ended.into()));
    // A plugin that says nothing.
    let ticket = driver.ask(3, unlock());
    driver.pass(59.0);
    assert!(!driver.is_answered(ticket));
    driver.pass(1.0);
    assert_eq!(kind(driver.answer(ticket)), ErrorKind::Internal);
    assert!(driver.is_plugin_ended);
    // Until it is gone nothing else begins.
    assert_eq!(kind(driver.call(unlock())), ErrorKind::Busy);
    driver.finish_plugin(Err(PluginError::Ended.into()));
    // A person who says nothing is told when they do.
    let ticket = driver.ask(4, unlock());
    driver.input(asked(AskKind::Secret));
    step(driver.answer(ticket)).unwrap();
    driver.pass(120.0);
    assert!(driver.is_plugin_ended);
    driver.finish_plugin(Err(PluginError::Ended.into()));
    let late = driver.ask(4, pin());
    assert_eq!(kind(driver.answer(late)), ErrorKind::Internal);
    // And nobody answers for others.
    let ticket = driver.ask(5, unlock());
    driver.input(asked(AskKind::Secret));
    step(driver.answer(ticket)).unwrap();
    let other = driver.ask(6, pin());
    assert_eq!(kind(driver.answer(other)), ErrorKind::Params);
    assert!(driver.plugin_replies.is_empty());
}

#[test]
fn a_slot_of_hardware_is_added_with_the_passphrase_and_tested() {
    let mut driver = locked();
    let wrong = Request::SlotsAdd(SlotsAdd {
        slot: "tpm".into(),
        passphrase: secret(PASSPHRASE),
        plugin: None,
    });
    assert_eq!(kind(driver.call(wrong)), ErrorKind::Params);
    let ticket = driver.ask(1, add());
    let Some(PluginTask::Wrap { identity: told, .. }) = &driver.plugin else {
        panic!("{:?}", driver.plugin);
    };
    assert_eq!(Some(told), driver.disk.identity.as_ref());
    driver.finish_plugin(Ok(wrapped(&driver)));
    assert_eq!(step(driver.answer(ticket)), None);
    assert_eq!(driver.disk.hardware, SlotName::new("tpm"));
    let again = driver.ask(1, add());
    assert_eq!(kind(driver.answer(again)), ErrorKind::Exists);
    assert!(driver.plugin.is_none());
    let test = Request::SlotsTest(SlotsTest {
        slot: "tpm".into(),
        passphrase: None,
    });
    let ticket = driver.ask(1, test);
    let done = identity(&driver);
    driver.finish_plugin(Ok(done));
    assert_eq!(step(driver.answer(ticket)), None);
    assert!(driver.status().locked);
}

#[test]
fn a_wrong_passphrase_adds_no_slot_and_lets_the_next_one_in() {
    let mut driver = locked();
    driver.disk.passphrase = "another".into();
    let ticket = driver.ask(1, add());
    assert!(!driver.is_answered(ticket) && driver.plugin.is_none());
    driver.pass(1.0);
    assert_eq!(kind(driver.answer(ticket)), ErrorKind::Denied);
    driver.ask(1, unlock());
    assert!(driver.plugin.is_some());
}

#[test]
fn a_slot_for_the_identity_of_before_a_rekey_is_not_written() {
    let mut driver = Driver::with(&[GITHUB]);
    let ticket = driver.ask(1, add());
    let done = wrapped(&driver);
    let rekey = Request::Rekey(Rekey {
        passphrase: secret(PASSPHRASE),
        drop_backups: false,
    });
    let other = driver.ask(2, rekey);
    assert!(driver.answer(other).is_ok());
    driver.finish_plugin(Ok(done));
    let refusal = driver.answer(ticket).unwrap_err();
    assert!(refusal.message.contains("add the slot again"), "{refusal}");
    assert_eq!(driver.disk.hardware, None);
    // The control: from the beginning it goes through.
    let ticket = driver.ask(1, add());
    let done = wrapped(&driver);
    driver.finish_plugin(Ok(done));
    assert_eq!(step(driver.answer(ticket)), None);
    assert!(driver.disk.hardware.is_some());
}

#[test]
fn a_lock_takes_the_identity_out_of_a_plugin_s_hands_whatever_it_was_for() {
    let test = || {
        Request::SlotsTest(SlotsTest {
            slot: "tpm".into(),
            passphrase: None,
        })
    };
    for request in [add, test, unlock] {
        let mut driver = locked();
        let ticket = driver.ask(1, request());
        driver.input(Input::Lock(LockSource::Sleep));
        assert_eq!(kind(driver.answer(ticket)), ErrorKind::Locked);
        assert!(driver.is_plugin_ended && !driver.agent.is_ready_for_sleep());
        driver.finish_plugin(Err(PluginError::Ended.into()));
        assert!(driver.agent.is_ready_for_sleep());
    }
    // Also before the plugin has it.
    let mut driver = locked();
    driver.habits.jobs = false;
    let ticket = driver.ask(1, add());
    driver.input(Input::Lock(LockSource::Sleep));
    driver.finish_job();
    assert_eq!(kind(driver.answer(ticket)), ErrorKind::Locked);
    assert!(driver.plugin.is_none());
}

fn unlock_by_dialog() -> Request {
    Request::UnlockSlot(UnlockSlot {
        slot: "tpm".into(),
        interactive: true,
        desktop: Some(Box::new(Desktop {
            display: Some(":7".into()),
            ..Desktop::default()
        })),
    })
}

#[test]
fn a_pin_is_asked_by_a_dialog_where_the_request_lets_it_and_the_rest_by_the_caller() {
    let mut driver = locked();
    let first = driver.ask(1, unlock_by_dialog());
    driver.input(asked(AskKind::Message));
    assert_eq!(step(driver.answer(first)).unwrap().kind, AskKind::Message);
    let second = driver.ask(1, Request::SlotsReply(SlotsReply::default()));
    // Wrong once: the plugin asks again.
    for (number, typed) in [(1, "4321"), (2, "123456")] {
        driver.input(asked(AskKind::Secret));
        let prompt = driver.prompt.as_ref().unwrap();
        let question = prompt.plugin.as_ref().unwrap();
        assert_eq!(
            (question.slot.as_str(), question.text.as_str()),
            ("tpm", "PIN:")
        );
        assert_eq!(prompt.desktop.display.as_deref(), Some(":7"));
        assert!(!driver.is_answered(second));
        driver.finish_prompt(Ok(typed));
        assert_eq!(
            (driver.prompts, driver.plugin_replies.len()),
            (number, number + 1)
        );
        let reply = driver.plugin_replies.last().unwrap();
        assert_eq!(reply.text, Some(secret(typed)));
    }
    let done = identity(&driver);
    driver.finish_plugin(Ok(done));
    assert_eq!(step(driver.answer(second)), None);
    assert!(!driver.status().locked);
    // Who doesn't say so asks for themselves.
    driver.lock();
    let ticket = driver.ask(2, unlock());
    driver.input(asked(AskKind::Secret));
    assert_eq!(step(driver.answer(ticket)).unwrap().kind, AskKind::Secret);
    assert!(driver.prompt.is_none());
}

#[test]
fn a_dialog_for_a_pin_that_has_no_answer_ends_the_plugin() {
    let failed = || PromptError::Failed("pinentry".into(), "no such file".into());
    for (failure, expected) in [
        (PromptError::Cancelled, ErrorKind::Denied),
        (PromptError::TimedOut, ErrorKind::Denied),
        (failed(), ErrorKind::Internal),
    ] {
        let mut driver = locked();
        let ticket = driver.ask(1, unlock_by_dialog());
        driver.input(asked(AskKind::Secret));
        driver.finish_prompt(Err(failure));
        assert_eq!(kind(driver.answer(ticket)), expected);
        assert!(driver.is_plugin_ended && driver.plugin_replies.is_empty());
        driver.finish_plugin(Err(PluginError::Cancelled.into()));
        assert!(driver.status().locked);
    }
    // A dialog that hangs.
    let mut driver = locked();
    let ticket = driver.ask(1, unlock_by_dialog());
    driver.input(asked(AskKind::Secret));
    driver.pass(149.0);
    assert!(!driver.is_answered(ticket));
    driver.pass(1.0);
    assert_eq!(kind(driver.answer(ticket)), ErrorKind::Denied);
    assert!(driver.is_prompt_ended && driver.is_plugin_ended);
}

#[test]
fn a_dialog_for_a_pin_ends_with_whoever_asked_with_a_lock_and_with_the_plugin() {
    let ends: [fn(&mut Driver); 4] = [
        |driver| driver.input(Input::Closed(Conn(1))),
        |driver| driver.input(Input::Gone(Ticket(driver.next_ticket() - 1))),
        |driver| driver.input(Input::Lock(LockSource::Screen)),
        |driver| driver.finish_plugin(Err(PluginError::Said("gone".into()).into())),
    ];
    for end in ends {
        let mut driver = locked();
        driver.ask(1, unlock_by_dialog());
        driver.input(asked(AskKind::Secret));
        assert!(driver.prompt.is_some() && !driver.is_prompt_ended);
        end(&mut driver);
        assert!(driver.is_prompt_ended);
        // What is typed too late goes nowhere.
        driver.finish_prompt(Ok("123456"));
        assert!(driver.plugin_replies.is_empty() && driver.status().locked);
    }
}

#[test]
fn a_dialog_for_a_pin_waits_for_the_one_that_is_out_and_the_other_way_round() {
    let ask_get = || {
        Request::Get(Get {
            interactive: true,
            ..driver::get("github")
        })
    };
    let mut driver = locked();
    let get = driver.ask(2, ask_get());
    let ticket = driver.ask(1, unlock_by_dialog());
    driver.input(asked(AskKind::Secret));
    assert!(driver.prompt.as_ref().unwrap().plugin.is_none());
    driver.finish_prompt(Err(PromptError::Cancelled));
    assert_eq!(kind(driver.answer(get)), ErrorKind::Denied);
    assert!(driver.prompt.as_ref().unwrap().plugin.is_some());
    let get = driver.ask(2, ask_get());
    assert_eq!(driver.prompts, 2);
    driver.finish_prompt(Ok("123456"));
    assert!(driver.prompt.as_ref().unwrap().plugin.is_none());
    let done = identity(&driver);
    driver.finish_plugin(Ok(done));
    assert_eq!(step(driver.answer(ticket)), None);
    assert!(driver.answer(get).is_ok() && driver.is_prompt_ended);
}

#[test]
fn while_somebody_is_away_hardware_opens_the_vault_only_for_a_person() {
    for has_person in [false, true] {
        let mut driver = locked();
        driver.input(Input::Absence(Absence::Saver("x"), Sign::Begun));
        let mut ticket = driver.ask(1, unlock());
        if has_person {
            driver.input(asked(AskKind::Secret));
            step(driver.answer(ticket)).unwrap();
            ticket = driver.ask(1, pin());
        }
        let done = identity(&driver);
        driver.finish_plugin(Ok(done));
        let answer = driver.answer(ticket);
        assert_eq!(answer.is_ok(), has_person);
        assert_eq!(driver.status().locked, !has_person);
    }
    // Nobody away, nobody is needed.
    let mut driver = locked();
    let ticket = driver.ask(1, unlock());
    let done = identity(&driver);
    driver.finish_plugin(Ok(done));
    assert!(driver.answer(ticket).is_ok());
}
