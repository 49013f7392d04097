//! What a plugin says and asks, and who answers it.

use otp_proto::{Ask, AskKind, Response, RpcError, Secret, SlotsReply, StepAnswer};

use super::{PERSON_PATIENCE, PLUGIN_PATIENCE, Turn, Wanted};
use crate::agent::outcome::Outcome;
use crate::agent::{Agent, Asker, Output, PluginQuestion, error};
use crate::clock::Now;

impl Agent {
    /// The plugin says or asks something.
    pub(in crate::agent) fn hardware_asks(&mut self, now: Now, ask: Ask) {
        // Nobody's any more: it was told to end.
        let Some(asker) = self.hardware.asker() else {
            return;
        };
        if let Some(talk) = &mut self.hardware.talk {
            let is_typed = matches!(ask.kind, AskKind::Secret | AskKind::Text);
            if let (true, Some(_), Wanted::Unlock(slot)) = (is_typed, &talk.desktop, &talk.wanted) {
                let question = PluginQuestion {
                    slot: slot.as_str().to_owned(),
                    text: ask.text,
                };
                talk.turn = Turn::Dialog(asker, Some(question));
                // A dialog ends by itself.
                talk.until = None;
                return;
            }
            talk.turn = Turn::Person;
            talk.until = Some(now.boot.saturating_add(PERSON_PATIENCE));
        }
        let answer = StepAnswer {
            ask: Some(ask),
            warnings: Vec::new(),
        };
        self.reply(asker, Ok(Response::Step(answer)));
    }

    /// Shows what a plugin has asked, once no other dialog is out.
    pub(in crate::agent) fn ask_for_hardware(&mut self, now: Now) {
        let Some(talk) = &mut self.hardware.talk else {
            return;
        };
        let (Turn::Dialog(asker, question), Some(desktop)) = (&mut talk.turn, &talk.desktop) else {
            return;
        };
        let (asker, desktop) = (*asker, desktop.clone());
        if let Some(question) = question.take() {
            let unshown = self.show_for_plugin(now, &desktop, question).err();
            if let Some(talk) = &mut self.hardware.talk {
                talk.turn = Turn::Dialog(asker, unshown);
            }
        }
    }

    /// A person has answered a dialog, or hasn't.
    pub(in crate::agent) fn typed_for_hardware(
        &mut self,
        now: Now,
        answer: Result<Secret, RpcError>,
    ) {
        let Some(talk) = &mut self.hardware.talk else {
            return;
        };
        let Turn::Dialog(asker, _) = talk.turn else {
            return;
        };
        talk.turn = Turn::Plugin(asker);
        match answer {
            Ok(text) => {
                talk.has_person = true;
                talk.until = Some(now.boot.saturating_add(PLUGIN_PATIENCE));
                self.outputs.push_back(Output::PluginReply(SlotsReply {
                    text: Some(text),
                    yes: None,
                }));
            }
            Err(refusal) => self.end_hardware(&refusal),
        }
    }

    /// A person answers.
    pub(in crate::agent) fn reply_to_hardware(
        &mut self,
        now: Now,
        asker: Asker,
        reply: SlotsReply,
    ) -> Result<Outcome, RpcError> {
        let nothing = || error::params("nothing was asked on this connection");
        let talk = self.hardware.talk.as_mut();
        let talk = talk.filter(|talk| talk.conn == asker.conn);
        let talk = talk.ok_or_else(nothing)?;
        match std::mem::replace(&mut talk.turn, Turn::Plugin(asker)) {
            Turn::Person => {
                talk.has_person |= reply.text.is_some() || reply.yes == Some(true);
                talk.until = Some(now.boot.saturating_add(PLUGIN_PATIENCE));
                self.outputs.push_back(Output::PluginReply(reply));
                Ok(Outcome::Later)
            }
            Turn::Over(refusal) => {
                self.hardware.talk = None;
                Err(refusal)
            }
            waiting @ (Turn::Plugin(_) | Turn::Dialog(..)) => {
                talk.turn = waiting;
                Err(nothing())
            }
        }
    }
}
