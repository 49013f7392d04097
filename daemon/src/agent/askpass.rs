//! Prompts of other programs: which of them gets a code.
//!
//! A prompt that a rule answers becomes a `get`, which passes the gate like any other. One process
//! gets one code of an entry: whoever asks again was refused, and the next code would be, too.

use std::collections::VecDeque;

use otp_proto::{
    AskingProcess, Askpass, AskpassAnswer, Get, MAX_PROMPT, PassOn, Request, Response, RpcError,
};

use super::find::is_named;
use super::{Agent, Asker, Caller, Way, error};
use crate::config::{AskpassRule, is_for_code};

/// Processes that are remembered to have got a code: more than ask at once on any desktop.
const REMEMBERED: usize = 256;

/// Who asks, and who has asked.
#[derive(Debug, Default)]
pub(super) struct Prompted {
    /// Requests whose code is on its way.
    asked: Vec<(Asker, Given)>,
    /// Who has got one, the last ones.
    given: VecDeque<Given>,
}

/// A process and the entry of its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Given {
    process: (u32, u64),
    entry: String,
}

impl Given {
    fn is(&self, asker: &AskingProcess, rule: &AskpassRule) -> bool {
        self.process == (asker.pid, asker.start) && self.entry == rule.entry
    }
}

impl Prompted {
    pub(super) fn forget(&mut self, has_left: impl Fn(&Asker) -> bool) {
        self.asked.retain(|(asker, _)| !has_left(asker));
    }

    fn has(&self, asker: &AskingProcess, rule: &AskpassRule) -> bool {
        let on_their_way = self.asked.iter().map(|(_, given)| given);
        let mut all = self.given.iter().chain(on_their_way);
        all.any(|given| given.is(asker, rule))
    }
}

impl Agent {
    /// Turns a prompt that a rule answers into the request for its code.
    pub(super) fn by_rule(&mut self, asker: Asker, caller: Caller, request: Request) -> Request {
        let Request::Askpass(mut question) = request else {
            return request;
        };
        let Ok((process, rule)) = self.rule_for(&question) else {
            return Request::Askpass(question);
        };
        if caller.way != Way::Socket {
            return Request::Askpass(question);
        }
        let given = Given {
            process: (process.pid, process.start),
            entry: rule.entry.clone(),
        };
        let get = Get {
            query: rule.entry.clone(),
            fresh: true,
            attended: true,
            interactive: rule.unlock,
            desktop: question.desktop.take(),
            ..Get::default()
        };
        self.prompted.asked.push((asker, given));
        Request::Get(get)
    }

    /// Says why a prompt is passed on.
    pub(super) fn pass_on(&self, question: &Askpass) -> Response {
        Response::Askpass(AskpassAnswer {
            pass_on: self.rule_for(question).err(),
            ..AskpassAnswer::default()
        })
    }

    /// Turns the answer of a request that was a prompt into the prompt's.
    pub(super) fn for_prompt(
        &mut self,
        asker: Asker,
        answer: Result<Response, RpcError>,
    ) -> Result<Response, RpcError> {
        let mut waiting = self.prompted.asked.iter();
        let Some(place) = waiting.position(|(known, _)| *known == asker) else {
            return answer;
        };
        let (_, given) = self.prompted.asked.swap_remove(place);
        let Ok(Response::Code(code)) = answer else {
            return answer;
        };
        // Nobody looks which entry it is: one that only resembles the rule's is another one.
        let mut entries = self.open.iter().flat_map(|open| &open.document.entries);
        if !entries.any(|entry| entry.id == code.id && is_named(entry, &given.entry)) {
            return Err(error::not_found());
        }
        let all = &mut self.prompted.given;
        if all.len() >= REMEMBERED {
            all.pop_front();
        }
        all.push_back(given);
        Ok(Response::Askpass(AskpassAnswer {
            id: Some(code.id),
            code: Some(code.code),
            pass_on: None,
        }))
    }

    /// The rule that answers a prompt.
    fn rule_for<'a>(
        &'a self,
        question: &'a Askpass,
    ) -> Result<(&'a AskingProcess, &'a AskpassRule), PassOn> {
        let prompt = &question.prompt;
        if question.hint.is_some() || prompt.len() > MAX_PROMPT || !is_for_code(prompt) {
            return Err(PassOn::NotACode);
        }
        let process = question.asker.as_ref().ok_or(PassOn::NoRule)?;
        let mut rules = self.config.askpass.iter();
        let rule = rules.find(|rule| rule.fits(prompt, process));
        let rule = rule.ok_or(PassOn::NoRule)?;
        if self.prompted.has(process, rule) {
            return Err(PassOn::Given);
        }
        Ok((process, rule))
    }
}
