//! Golden samples of every message: what this version reads and writes is what was agreed, byte
//! for byte. A sample is never edited; a change that an old peer would misread bumps `VERSION`
//! and starts a new folder.
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use std::fs;
use std::path::PathBuf;

use otp_proto::*;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/wire/v{VERSION}"))
}

fn lines(file: &str) -> Vec<String> {
    let text = fs::read_to_string(folder().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    let lines: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
    assert!(!lines.is_empty(), "{file} is empty");
    lines
}

/// Reads every sample of a method's answers and writes it again; members that only a later
/// version knows change nothing.
fn answers<T: Call>(wrap: fn(T::Answer) -> Response) {
    for line in lines(&format!("{}.answer.json", T::METHOD)) {
        let later = line.replacen("\"result\":{", "\"later\":1,\"result\":{\"later\":[{}],", 1);
        for read in [&line, &later.replacen(",}", "}", 1)] {
            let answer = decode_answer::<T::Answer>(read.as_bytes());
            let answer = answer.unwrap_or_else(|error| panic!("{read}: {error}"));
            let again = encode_answer(Some(&id(&line)), &Ok(wrap(answer.unwrap())));
            assert_eq!(String::from_utf8_lossy(&again), line);
        }
    }
}

fn id(line: &str) -> Id {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    serde_json::from_value(value.get("id").unwrap().clone()).unwrap()
}

#[test]
fn every_request_is_read_and_written_as_it_was_agreed() {
    for method in Request::METHODS {
        for line in lines(&format!("{method}.request.json")) {
            let (id, request) = decode_request(line.trim_end().as_bytes())
                .unwrap_or_else(|(_, error)| panic!("{line}: {error}"));
            assert_eq!(request.method(), *method);
            // A client numbers its requests; a text comes only from others.
            let number = if let Id::Number(number) = id {
                number
            } else {
                0
            };
            let again = encode(number, &request);
            let again = String::from_utf8_lossy(&again).replacen(
                "\"id\":0,",
                &format!("\"id\":{},", serde_json::to_string(&id).unwrap()),
                1,
            );
            assert_eq!(again, line);
        }
    }
}

fn encode(id: i64, request: &Request) -> Vec<u8> {
    let line = match request {
        Request::Status(params) => encode_request(id, params),
        Request::Init(params) => encode_request(id, params),
        Request::Unlock(params) => encode_request(id, params),
        Request::UnlockVault(params) => encode_request(id, params),
        Request::UnlockAuto(params) => encode_request(id, params),
        Request::UnlockSlot(params) => encode_request(id, params),
        Request::Lock(params) => encode_request(id, params),
        Request::Passwd(params) => encode_request(id, params),
        Request::List(params) => encode_request(id, params),
        Request::Get(params) => encode_request(id, params),
        Request::Notify(params) => encode_request(id, params),
        Request::Askpass(params) => encode_request(id, params),
        Request::Show(params) => encode_request(id, params),
        Request::Preview(params) => encode_request(id, params),
        Request::Add(params) => encode_request(id, params),
        Request::Edit(params) => encode_request(id, params),
        Request::Remove(params) => encode_request(id, params),
        Request::Restore(params) => encode_request(id, params),
        Request::Export(params) => encode_request(id, params),
        Request::RecoveryCodesAdd(params) => encode_request(id, params),
        Request::RecoveryCodesList(params) => encode_request(id, params),
        Request::RecoveryCodesUse(params) => encode_request(id, params),
        Request::ImportBegin(params) => encode_request(id, params),
        Request::ImportAdd(params) => encode_request(id, params),
        Request::ImportCommit(params) => encode_request(id, params),
        Request::Backup(params) => encode_request(id, params),
        Request::BackupCheck(params) => encode_request(id, params),
        Request::BackupCopied(params) => encode_request(id, params),
        Request::BackupsList(params) => encode_request(id, params),
        Request::RestoreBackupBegin(params) => encode_request(id, params),
        Request::RestoreBackupAdd(params) => encode_request(id, params),
        Request::RestoreBackupCommit(params) => encode_request(id, params),
        Request::SlotsList(params) => encode_request(id, params),
        Request::SlotsAdd(params) => encode_request(id, params),
        Request::SlotsReply(params) => encode_request(id, params),
        Request::SlotsTest(params) => encode_request(id, params),
        Request::SlotsRemove(params) => encode_request(id, params),
        Request::RecoveryKeyRenew(params) => encode_request(id, params),
        Request::RecoveryKeyKeep(params) => encode_request(id, params),
        Request::Rekey(params) => encode_request(id, params),
        Request::SourceAdd(params) => encode_request(id, params),
        Request::SourceList(params) => encode_request(id, params),
        Request::SourceRemove(params) => encode_request(id, params),
        Request::SourceSync(params) => encode_request(id, params),
        Request::Subscribe(params) => encode_request(id, params),
        Request::Quit(params) => encode_request(id, params),
    };
    line.to_vec()
}

#[test]
fn every_answer_is_read_and_written_as_it_was_agreed() {
    answers::<Status>(Response::Status);
    answers::<Init>(Response::Init);
    answers::<Unlock>(Response::Unlock);
    answers::<UnlockVault>(Response::Unlock);
    answers::<UnlockAuto>(Response::Unlock);
    answers::<UnlockSlot>(Response::Step);
    answers::<Lock>(Response::Done);
    answers::<Passwd>(Response::Done);
    answers::<List>(Response::List);
    answers::<Get>(Response::Code);
    answers::<Notify>(Response::Notify);
    answers::<Askpass>(Response::Askpass);
    answers::<Show>(Response::Details);
    answers::<Preview>(Response::Preview);
    answers::<Add>(Response::Add);
    answers::<Edit>(Response::Details);
    answers::<Remove>(Response::Remove);
    answers::<Restore>(Response::Details);
    answers::<Export>(Response::Export);
    answers::<RecoveryCodesAdd>(Response::RecoveryCodes);
    answers::<RecoveryCodesList>(Response::RecoveryCodes);
    answers::<RecoveryCodesUse>(Response::RecoveryCodes);
    answers::<ImportBegin>(Response::Done);
    answers::<ImportAdd>(Response::Done);
    answers::<ImportCommit>(Response::Import);
    answers::<Backup>(Response::Backup);
    answers::<BackupCheck>(Response::BackupCheck);
    answers::<BackupCopied>(Response::Done);
    answers::<BackupsList>(Response::Backups);
    answers::<RestoreBackupBegin>(Response::Done);
    answers::<RestoreBackupAdd>(Response::Done);
    answers::<RestoreBackupCommit>(Response::RestoreBackup);
    answers::<SlotsList>(Response::Slots);
    answers::<SlotsAdd>(Response::Step);
    answers::<SlotsReply>(Response::Step);
    answers::<SlotsTest>(Response::Step);
    answers::<SlotsRemove>(Response::Step);
    answers::<RecoveryKeyRenew>(Response::Renew);
    answers::<Rekey>(Response::Rekey);
    answers::<SourceAdd>(Response::Sources);
    answers::<SourceList>(Response::Sources);
    answers::<SourceRemove>(Response::Done);
    answers::<SourceSync>(Response::Sources);
    answers::<Subscribe>(Response::Done);
    answers::<Quit>(Response::Done);
}

#[test]
fn every_error_is_read_and_written_as_it_was_agreed() {
    for line in lines("error.json") {
        let error = decode_answer::<Done>(line.as_bytes()).unwrap().unwrap_err();
        assert!(!matches!(error.kind(), ErrorKind::Unknown(_)), "{line}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["error"]["data"]["kind"], error.kind().word());
        let id = (!value["id"].is_null()).then(|| id(&line));
        assert_eq!(
            String::from_utf8_lossy(&encode_answer(id.as_ref(), &Err(error))),
            line
        );
    }
}

#[test]
fn every_event_is_read_and_written_as_it_was_agreed() {
    for line in lines("event.json") {
        let event = decode_event(line.as_bytes()).unwrap();
        assert_ne!(event, Event::Unknown, "{line}");
        assert_eq!(String::from_utf8_lossy(&encode_event(event)), line);
    }
}

#[test]
fn every_sample_belongs_to_a_message_of_today() {
    for file in fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let method = name
            .trim_end_matches(".request.json")
            .trim_end_matches(".answer.json");
        assert!(
            Request::METHODS.contains(&method)
                || ["error.json", "event.json"].contains(&name.as_str()),
            "{name}"
        );
    }
}
