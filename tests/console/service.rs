//! The rules of the service whose console it is: sessions, mails, keys and codes. It knows no
//! page; codes are computed by `oathtool`.

use std::collections::HashMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::{STEP, oathtool_totp, random_key, random_number, wall};

/// How long a code that comes by mail is good, in seconds.
const MAIL_CODE_LIVES: u64 = 600;
/// The one user.
pub(crate) const USER: &str = "admin";
/// Who issues the codes, and the account as the service shortens it.
pub(crate) const ISSUER: &str = "Trend Micro SaaS Account";
pub(crate) const ACCOUNT: &str = "abc****";

/// Why a code was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Wrong,
    Used,
    Expired,
}

/// What the holder of a cookie has shown so far.
#[derive(Default)]
pub(crate) struct Session {
    pub(crate) is_in: bool,
    /// The code of the confirmation mail was typed.
    pub(crate) is_confirmed: bool,
}

/// A key in use, and the last step that a code was taken of.
struct Device {
    key: String,
    last: u64,
}

/// A code that came by mail.
struct OneUse {
    code: String,
    until: u64,
}

/// A mail in the mailbox.
pub(crate) struct Mail {
    pub(crate) subject: &'static str,
    pub(crate) code: String,
    pub(crate) until: u64,
}

/// The service and its one account.
pub(crate) struct Service {
    pub(crate) password: String,
    /// How many seconds its clock is before the real one.
    pub(crate) ahead: u64,
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) mails: Vec<Mail>,
    device: Option<Device>,
    /// The key whose QR code is shown, until a code of it was typed.
    offered: Option<String>,
    confirmation: Option<OneUse>,
    emergency: Option<OneUse>,
}

impl Service {
    pub(crate) fn new() -> Self {
        Self {
            password: random_key(),
            ahead: 0,
            sessions: HashMap::new(),
            mails: Vec::new(),
            device: None,
            offered: None,
            confirmation: None,
            emergency: None,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        wall() + self.ahead
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.device.is_some()
    }

    pub(crate) fn send_confirmation(&mut self) {
        self.confirmation = Some(self.mail("2要素認証の確認コード"));
    }

    pub(crate) fn confirm(&mut self, code: &str) -> Result<(), Refused> {
        let now = self.now();
        use_up(&mut self.confirmation, code, now)
    }

    pub(crate) fn send_emergency(&mut self) {
        self.emergency = Some(self.mail("緊急アクセスコード"));
    }

    pub(crate) fn log_in_by_emergency(&mut self, code: &str) -> Result<(), Refused> {
        let now = self.now();
        use_up(&mut self.emergency, code, now)
    }

    fn mail(&mut self, subject: &'static str) -> OneUse {
        let code: String = (0..8).map(|_| digit()).collect();
        let until = self.now() + MAIL_CODE_LIVES;
        self.mails.push(Mail {
            subject,
            code: code.clone(),
            until,
        });
        OneUse { code, until }
    }

    /// Makes a new key of 80 bits to be shown; the one in use stays until a code of the new one
    /// was typed.
    pub(crate) fn offer(&mut self) -> &str {
        self.offered.insert(random_key()[..16].to_owned())
    }

    /// What the QR code says, in the manual's form: no issuer before the account, nothing about
    /// algorithm, digits and period.
    pub(crate) fn uri(&self) -> Option<String> {
        let (key, issuer) = (self.offered.as_ref()?, ISSUER.replace(' ', "%20"));
        Some(format!(
            "otpauth://totp/{ACCOUNT}?secret={key}&issuer={issuer}"
        ))
    }

    /// Takes the offered key into use.
    pub(crate) fn enable(&mut self, code: &str) -> Result<(), Refused> {
        let key = self.offered.clone().ok_or(Refused::Wrong)?;
        let mut device = Device { key, last: 0 };
        device.take(code, self.now())?;
        (self.device, self.offered) = (Some(device), None);
        Ok(())
    }

    pub(crate) fn log_in(&mut self, code: &str) -> Result<(), Refused> {
        let now = self.now();
        let device = self.device.as_mut().ok_or(Refused::Wrong)?;
        device.take(code, now)
    }

    pub(crate) fn disable(&mut self) {
        self.device = None;
    }
}

impl Device {
    /// Takes the code of this step or the one before, each once. The last one that was taken is
    /// known for what it is, however late it comes.
    fn take(&mut self, code: &str, now: u64) -> Result<(), Refused> {
        let step = now / STEP;
        let is_of = |step: &u64| oathtool_totp(&self.key, "SHA1", 6, 30, step * STEP) == code;
        let step = [step, step - 1, self.last].into_iter().find(is_of);
        let step = step.ok_or(Refused::Wrong)?;
        if step <= self.last {
            return Err(Refused::Used);
        }
        self.last = step;
        Ok(())
    }
}

fn use_up(place: &mut Option<OneUse>, code: &str, now: u64) -> Result<(), Refused> {
    let known = place.as_ref().filter(|known| known.code == code);
    let known = known.ok_or(Refused::Wrong)?;
    if known.until < now {
        return Err(Refused::Expired);
    }
    *place = None;
    Ok(())
}

fn digit() -> char {
    char::from(b"0123456789"[random_number(10)])
}

/// The picture of a text's QR code, by `qrencode`.
pub(crate) fn qr(text: &str) -> Vec<u8> {
    let mut child = Command::new("qrencode")
        .args(["--type=PNG", "--size=5", "--output=-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("qrencode: {error}; see tests/packages-browser.txt"));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let drawn = child.wait_with_output().unwrap();
    assert!(drawn.status.success());
    drawn.stdout
}
