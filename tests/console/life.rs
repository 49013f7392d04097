//! The console: enrol, log in, change the device, lose the computer, enrol again.

use crate::desk::{Desk, QUERY};
use crate::site::Console;
use crate::support::{PASSPHRASE, STEP, Terminal, programs};

/// A console whose user has just enrolled, and the code that was used.
fn enrolled(test: &str) -> Option<(Console, Desk, String)> {
    let console = Console::start();
    let mut desk = Desk::new(test)?;
    let (code, _) = desk.enrol_off_the_screen(&console);
    Some((console, desk, code))
}

fn names(desk: &Desk) -> Vec<String> {
    let list = desk.ctl(&["list", "--names"]).exits(0);
    list.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn a_code_is_good_once_and_a_mail_s_code_for_ten_minutes() {
    let console = Console::start();
    let Some(mut desk) = Desk::new("life::a_code_is_good_once") else {
        return;
    };
    desk.log_in(&console);
    desk.press("2要素認証の設定");
    desk.press("確認メールを送信");
    let late = desk.read_mail(&console);
    desk.pass(&console, 601);
    desk.fill("確認コード", &late);
    desk.press("次へ");
    desk.sees("有効期限が切れています");
    desk.press("確認メールを再送信");
    let code = desk.read_mail(&console);
    desk.fill("確認コード", &code);
    desk.press("次へ");
    desk.show_qr(&console);
    let (used, _) = desk.enrol(&["add", "--screen"]);

    desk.is_refused(&console, &used, "使用済みです");
    desk.pass(&console, STEP);
    desk.log_in_with_code(&console);
}

#[test]
fn a_new_device_s_key_takes_the_place_of_the_old_one() {
    let Some((console, mut desk, _)) = enrolled("life::a_new_device_s_key") else {
        return;
    };
    desk.pass(&console, STEP);
    desk.log_in_with_code(&console);
    desk.press("2要素認証の設定");
    desk.sees("2要素認証: 有効");
    desk.press("デバイスの変更");
    desk.show_qr(&console);
    let (_, screen) = desk.enrol(&["add", "--screen"]);
    assert!(screen.contains("otpctl restore tr-"), "{screen}");
    assert_eq!(names(&desk), ["Trend Micro SaaS Account:abc****"]);
    desk.pass(&console, STEP);
    desk.log_in_with_code(&console);
}

#[test]
fn a_lost_computer_is_replaced_with_a_backup_and_the_printed_recovery_key() {
    let test = "life::a_lost_computer";
    let Some((console, desk, _)) = enrolled(test) else {
        return;
    };
    let file = desk.file("backup.txt", "");
    desk.ctl(&["backup", "--force", &file]).exits(0);
    let backup = std::fs::read(&file).unwrap();
    let paper = desk.home().recovery().to_owned();
    drop(desk);

    let Some(mut desk) = Desk::without_vault(test) else {
        return;
    };
    desk.follow(&console);
    let file = desk.file("backup.txt", backup);
    let mut terminal = desk.terminal(&["restore-backup", &file]);
    terminal.expect(":");
    terminal.enter(&paper);
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{screen}");
    desk.pass(&console, STEP);
    desk.log_in_with_code(&console);
}

#[test]
fn without_a_backup_the_emergency_code_leads_back_and_the_older_entry_no_longer_answers() {
    let Some((console, mut desk, _)) = enrolled("life::without_a_backup") else {
        return;
    };
    let old = desk.ctl(&["list", "--json"]).exits(0).json()[0]["id"].clone();
    let old = old.as_str().unwrap();
    desk.pass(&console, STEP);
    // The code can't be had.
    desk.ctl(&["lock"]).exits(0);
    desk.ctl(&["get", QUERY]).exits(5);
    desk.log_in(&console);
    desk.press("緊急アクセスコードをメールで送信");
    let emergency = desk.read_mail(&console);
    desk.fill("緊急アクセスコード", &emergency);
    desk.press("ログイン");
    desk.sees("2要素認証は有効です");
    desk.press("2要素認証の設定");
    desk.press("無効にする");

    // Enrolled again.
    desk.confirm(&console);
    desk.show_qr(&console);
    let mut terminal = open(&desk);
    terminal.expect("パスフレーズ");
    terminal.enter(PASSPHRASE);
    assert!(terminal.finish().0.success());
    let (_, screen) = desk.enrol(&["add", "--screen"]);
    assert!(screen.contains("同じ名前の古い項目は"), "{screen}");

    // The older entry answers to nothing but its id out of the trash, and that code is refused.
    desk.pass(&console, STEP);
    desk.ctl(&["get", old]).exits(3);
    desk.log_in_with_code(&console);
    desk.ctl(&["restore", old]).exits(0);
    let stale = desk.code(old);
    desk.is_refused(&console, &stale, "コードが正しくありません");
    desk.ctl(&["get", QUERY]).exits(4);

    // The emergency code was good once.
    desk.log_in(&console);
    desk.browser().open(&format!("{}emergency", console.url()));
    desk.fill("緊急アクセスコード", &emergency);
    desk.press("ログイン");
    desk.sees("コードが正しくありません");
}

fn open(desk: &Desk) -> Terminal {
    let otpctl = programs().join("otpctl");
    Terminal::start(desk.home(), otpctl.to_str().unwrap(), &["unlock"])
}
