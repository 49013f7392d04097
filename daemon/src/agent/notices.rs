//! Codes that a person is shown in a notification.
//!
//! A `notify` is a `get` whose answer goes to the notification server instead of the caller, who is
//! told once it is shown. What is shown is taken away when the code dies, with a lock, and when the
//! screen is locked, whether that locks the vault or not.

use std::collections::VecDeque;
use std::time::Duration;

use otp_proto::{
    Code, CodeAnswer, Desktop, EntryId, ErrorKind, Get, Kind, Notify, NotifyAnswer, Period,
    Request, Response, RpcError,
};

use super::outcome::Outcome;
use super::{Agent, Asker, Output, error};
use crate::clock::Now;
use crate::config::Shows;

/// Notifications that may be on their way at once.
const MAX_WAITING: usize = 8;
/// How long a code is shown that doesn't die by itself.
const COUNTED: u32 = 30;

/// What is to be shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Notice {
    /// The entry's issuer; may be empty.
    pub issuer: String,
    /// The entry's account; may be empty.
    pub account: String,
    /// The source that the entry is a view of.
    pub source: Option<String>,
    /// Which one it is.
    pub number: u64,
    /// The code, unless the configuration hides it.
    pub code: Option<Code>,
    /// Seconds until it goes.
    pub valid_for: u32,
    /// Seconds until it is valid: it is the code after the one of now.
    pub starts_in: Option<u32>,
    /// Whether asking once more gives the same code, to be copied or typed.
    pub has_more: bool,
    /// Whether there is a code after it that can be asked for.
    pub has_next: bool,
    /// In whose language.
    pub desktop: Desktop,
}

/// What a person chooses in a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// To have the code copied.
    Copy,
    /// To have it typed.
    Type,
    /// To see the code after it.
    Next,
}

/// What `otpctl` is to do for whoever has chosen it.
#[derive(Debug, PartialEq, Eq)]
pub struct Launch {
    /// What they want.
    pub chosen: Chosen,
    /// Of which entry.
    pub entry: EntryId,
    /// Where they are.
    pub desktop: Desktop,
}

/// What is shown, and who waits for it.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// Requests for a counter's code, until it is known whether it can be shown; by numbers.
    unsure: Vec<(u64, Asker, Notify)>,
    /// Requests whose code is on its way.
    asked: Vec<(Asker, Desktop)>,
    /// Notices that the server hasn't taken yet, in their order.
    out: VecDeque<Out>,
    /// When what is shown goes, on the boot clock.
    until: Option<Duration>,
    /// Which notice the server has, of which entry and on which desktop; whether it has more.
    there: Option<(u64, EntryId, Desktop, bool)>,
    /// The number of the last notice.
    last: u64,
}

#[derive(Debug)]
struct Out {
    number: u64,
    /// Nobody if a person has asked in a notification.
    asker: Option<Asker>,
    id: EntryId,
    desktop: Desktop,
    has_more: bool,
    valid_for: u32,
    until: Option<Duration>,
    /// Why it was taken away before it was there.
    void: Option<RpcError>,
}

impl Notices {
    pub(super) fn forget(&mut self, has_left: impl Fn(&Asker) -> bool) {
        self.unsure.retain(|(_, asker, _)| !has_left(asker));
        self.asked.retain(|(asker, _)| !has_left(asker));
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.until
    }
}

impl Agent {
    pub(super) fn notify(
        &mut self,
        now: Now,
        asker: Asker,
        notify: Notify,
    ) -> Result<Outcome, RpcError> {
        if self.is_screen_locked() {
            return Err(error::screen_locked());
        }
        let notices = &self.notices;
        if notices.unsure.len() + notices.asked.len() + notices.out.len() >= MAX_WAITING {
            return Err(error::busy());
        }
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let entry = open.find(&notify.query)?;
        // What a counter has passed without being seen is lost.
        if matches!(entry.kind, Kind::Hotp(_)) && entry.origin().is_none() {
            if self.config.notice_code == Shows::Nothing {
                return Err(error::lost_in_a_notice());
            }
            self.notices.last += 1;
            let number = self.notices.last;
            self.notices.unsure.push((number, asker, notify));
            self.outputs.push_back(Output::Probe(number));
            return Ok(Outcome::Later);
        }
        self.show_code_of(now, asker, notify)
    }

    /// It was found out whether a counter's code can be shown.
    pub(super) fn probed(&mut self, now: Now, number: u64, result: Result<(), String>) {
        let mut unsure = self.notices.unsure.iter();
        let Some(place) = unsure.position(|(known, ..)| *known == number) else {
            return;
        };
        let (_, asker, notify) = self.notices.unsure.swap_remove(place);
        let outcome = match result {
            Ok(()) if self.is_screen_locked() => Err(error::screen_locked()),
            Ok(()) => self.show_code_of(now, asker, notify),
            Err(why) => Err(not_shown(&why)),
        };
        self.answer(asker, outcome);
    }

    fn show_code_of(
        &mut self,
        now: Now,
        asker: Asker,
        notify: Notify,
    ) -> Result<Outcome, RpcError> {
        let desktop = notify.desktop.map(|desktop| *desktop).unwrap_or_default();
        let get = Get {
            query: notify.query,
            interactive: notify.interactive,
            desktop: Some(Box::new(desktop.clone())),
            ..Get::default()
        };
        match self.get(now, asker, get)? {
            Outcome::Answer(Response::Code(code)) => {
                let until = code.period.map(|period| end_of(now, period.seconds()));
                self.show_code(Some(asker), desktop, code, until)?;
                Ok(Outcome::Later)
            }
            later @ (Outcome::Answer(_) | Outcome::Store(_) | Outcome::Later) => {
                self.notices.asked.push((asker, desktop));
                Ok(later)
            }
        }
    }

    /// Shows the answer of a request that is a `notify`; returns what is to be answered at once.
    pub(super) fn shown_instead(
        &mut self,
        asker: Asker,
        answer: Result<Response, RpcError>,
    ) -> Option<Result<Response, RpcError>> {
        let mut waiting = self.notices.asked.iter();
        let Some(place) = waiting.position(|(known, _)| *known == asker) else {
            return Some(answer);
        };
        let (_, desktop) = self.notices.asked.swap_remove(place);
        match answer {
            Ok(Response::Code(code)) => {
                let shown = self.show_code(Some(asker), desktop, code, None);
                shown.err().map(Err)
            }
            other => Some(other),
        }
    }

    /// Shows a code; of one that has another one with it, that.
    fn show_code(
        &mut self,
        asker: Option<Asker>,
        desktop: Desktop,
        code: CodeAnswer,
        until: Option<Duration>,
    ) -> Result<(), RpcError> {
        // It may have been locked while a counter was on its way to the disk.
        if self.is_screen_locked() {
            return Err(error::screen_locked());
        }
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let entry = open.entry(code.id)?;
        self.notices.last += 1;
        let number = self.notices.last;
        let left = code.valid_for.unwrap_or(COUNTED);
        let period = code.period.map_or(0, Period::seconds);
        let is_hidden = self.config.notice_code == Shows::Nothing;
        let (shown, starts_in, valid_for) = match code.next {
            Some(next) => (next, Some(left), left.saturating_add(period)),
            None => (code.code, None, left),
        };
        // A key that is elsewhere is gone by the time that more is chosen.
        let has_more = code.period.is_some() && starts_in.is_none() && entry.foreign().is_none();
        self.outputs.push_back(Output::Show(Box::new(Notice {
            issuer: entry.issuer.to_string(),
            account: entry.account.to_string(),
            source: super::info::source(entry),
            number,
            code: Some(shown).filter(|_| !is_hidden),
            valid_for,
            starts_in,
            has_more,
            has_next: has_more && !is_hidden,
            desktop: desktop.clone(),
        })));
        self.notices.out.push_back(Out {
            number,
            asker,
            id: code.id,
            desktop,
            has_more,
            valid_for,
            until,
            void: None,
        });
        Ok(())
    }

    /// A person has chosen something in the notification of this number. One that is gone, or has
    /// made room for another, has nothing to choose any more.
    pub(super) fn chosen(&mut self, now: Now, number: u64, chosen: Chosen) {
        let there = self.notices.there.as_ref();
        let there = there.filter(|(known, ..)| *known == number);
        // A counter has moved on, and after the code of now comes another.
        let Some((_, entry, desktop, true)) = there else {
            return;
        };
        let (entry, desktop) = (*entry, desktop.clone());
        if self.notices.until.is_none() || self.is_screen_locked() {
            return;
        }
        match chosen {
            Chosen::Copy | Chosen::Type => {
                self.outputs.push_back(Output::Launch(Box::new(Launch {
                    chosen,
                    entry,
                    desktop,
                })));
            }
            // Nobody is there to be told why not.
            Chosen::Next => drop(self.show_next(now, entry, desktop)),
        }
    }

    fn show_next(&mut self, now: Now, id: EntryId, desktop: Desktop) -> Result<(), RpcError> {
        if !self.notices.out.is_empty() {
            return Err(error::busy());
        }
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let entry = open.entry(id)?;
        let period = entry.kind.period().ok_or_else(error::not_found)?;
        let Response::Code(code) = self.code_of_now(now, entry, period, true)? else {
            return Err(error::not_found());
        };
        let length = Duration::from_secs(period.seconds().into());
        let until = end_of(now, period.seconds()).saturating_add(length);
        self.show_code(None, desktop, code, Some(until))
    }

    /// The server has the notice of this number, or not.
    pub(super) fn shown(&mut self, now: Now, number: u64, result: Result<(), String>) {
        let mut waiting = self.notices.out.iter();
        let Some(place) = waiting.position(|out| out.number == number) else {
            return;
        };
        let Some(out) = self.notices.out.remove(place) else {
            return;
        };
        let answer = match (result, out.void) {
            (_, Some(why)) => Err(why),
            (Ok(()), None) => {
                self.notices.there = Some((number, out.id, out.desktop, out.has_more));
                let counted = now.boot + Duration::from_secs(COUNTED.into());
                self.notices.until = Some(out.until.unwrap_or(counted));
                Ok(Response::Notify(NotifyAnswer {
                    id: out.id,
                    valid_for: out.valid_for,
                }))
            }
            (Err(why), None) => {
                // What it was to replace may be dead by now.
                if self.notices.until.is_none() && self.notices.out.is_empty() {
                    self.outputs.push_back(Output::Unshow);
                }
                Err(not_shown(&why))
            }
        };
        if let Some(asker) = out.asker {
            self.reply(asker, answer);
        }
    }

    /// Takes away what is shown, and whatever is on its way there.
    fn take_away(&mut self, why: &RpcError) {
        self.notices.there = None;
        let is_out = self.notices.until.take().is_some() || !self.notices.out.is_empty();
        for out in &mut self.notices.out {
            out.void.get_or_insert_with(|| why.clone());
        }
        if is_out {
            self.outputs.push_back(Output::Unshow);
        }
    }

    pub(super) fn take_away_if_due(&mut self, now: Now) {
        if self.notices.until.is_some_and(|until| until <= now.boot) {
            self.notices.until = None;
            self.notices.there = None;
            // What is on its way has a code of its own, and takes its place.
            if self.notices.out.is_empty() {
                self.outputs.push_back(Output::Unshow);
            }
        }
    }

    /// Why nobody is asked for the passphrase on behalf of this request: what it wants is not to be
    /// had on a locked screen.
    pub(super) fn not_on_this_screen(&self, request: &Request) -> Option<RpcError> {
        let is_for_screen = matches!(request, Request::Notify(_))
            || matches!(request, Request::Get(get) if get.attended);
        (is_for_screen && self.is_screen_locked()).then(error::screen_locked)
    }

    /// Nothing is shown while the vault is locked.
    pub(super) fn hide_from_lock(&mut self) {
        self.take_away(&error::locked());
    }

    /// Nothing is shown on a locked screen.
    pub(super) fn hide_from_screen(&mut self) {
        self.take_away(&error::screen_locked());
    }
}

fn not_shown(why: &str) -> RpcError {
    let text = format!("cannot show a notification: {why}");
    RpcError::new(ErrorKind::Internal, text)
}

/// When the period of now ends, on the boot clock.
fn end_of(now: Now, period: u32) -> Duration {
    let period = u64::from(period).max(1);
    let passed = now.wall.as_secs() % period;
    let part = Duration::from_nanos(now.wall.subsec_nanos().into());
    let left = Duration::from_secs(period - passed).saturating_sub(part);
    now.boot.saturating_add(left)
}
