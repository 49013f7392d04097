//! A plugin of age at work for a slot: its program is started, spoken with and ended here, on a
//! thread of its own, which a person and their hardware may keep waiting.

use std::io::{self, BufReader};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use otp_proto::{Ask, Secret, SlotsReply};

use super::prompt::{Dialog, OWN, run};
use crate::agent::{PluginDone, PluginTask};
use crate::vault::slot::plugin::{self, Person, Program, Purpose};
use crate::vault::slot::{PluginError, PluginFile};
use crate::vault::store::Store;
use crate::vault::{OpenError, read_plugin};

/// The conversation that is out, for whoever answers and ends it.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    program: Dialog,
    replies: Option<SyncSender<SlotsReply>>,
}

/// The other end of a conversation, for its thread.
pub(crate) struct Away {
    program: Dialog,
    replies: Receiver<SlotsReply>,
}

impl Conversation {
    /// Prepares one.
    pub(crate) fn new() -> (Self, Away) {
        let (sender, replies) = sync_channel(1);
        let program = Dialog::default();
        let away = Away {
            program: program.clone(),
            replies,
        };
        let conversation = Self {
            program,
            replies: Some(sender),
        };
        (conversation, away)
    }

    /// Answers what was asked last.
    pub(crate) fn reply(&self, reply: SlotsReply) {
        // There is one answer to one question; a thread that has ended wants none.
        self.replies
            .as_ref()
            .map(|replies| replies.try_send(reply).ok());
    }

    /// Ends the program and whoever waits for an answer.
    pub(crate) fn end(&mut self) {
        self.replies = None;
        self.program.end();
    }
}

impl Away {
    /// Ends the program, if it hasn't ended by itself.
    pub(crate) fn end(&self) {
        self.program.end();
    }
}

/// Does what a plugin is needed for; `tell` hands its questions on.
pub(crate) fn perform(
    store: &Store,
    task: PluginTask,
    away: &Away,
    tell: impl Fn(Ask),
) -> Result<PluginDone, OpenError> {
    let mut person = Asked { away, tell };
    match task {
        PluginTask::Unwrap { slot } => {
            let (plugin, wrapped) = read_plugin(store, &slot)?;
            unwrap(&plugin, &wrapped, away, &mut person).map(PluginDone::Identity)
        }
        PluginTask::Wrap { plugin, identity } => {
            let mut program = Started {
                plugin: &plugin,
                away,
            };
            let wrapped = plugin::wrap(&plugin, &identity, &mut program, &mut person)?;
            // What it gives back is what counts.
            if unwrap(&plugin, &wrapped, away, &mut person)? != identity {
                return Err(PluginError::Nothing.into());
            }
            Ok(PluginDone::Wrapped {
                plugin,
                wrapped,
                identity,
            })
        }
    }
}

fn unwrap(
    plugin: &PluginFile,
    wrapped: &[u8],
    away: &Away,
    person: &mut dyn Person,
) -> Result<Secret, OpenError> {
    let mut program = Started { plugin, away };
    plugin::unwrap(plugin, wrapped, &mut program, person)
}

/// A plugin's program.
struct Started<'a> {
    plugin: &'a PluginFile,
    away: &'a Away,
}

impl Program for Started<'_> {
    type Output = BufReader<ChildStdout>;
    type Input = ChildStdin;

    fn start(&mut self, purpose: Purpose) -> Result<(Self::Output, Self::Input), PluginError> {
        let program = &self.plugin.program;
        let mut command = Command::new(program);
        command.arg(purpose.argument()).env_clear();
        // Nothing of our environment but what every program needs: AGEDEBUG, among others, would
        // make some print keys.
        for name in OWN {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .current_dir(std::path::Component::RootDir.as_os_str())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let (input, output) = run(&self.away.program, command).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                PluginError::Missing(program.clone())
            } else {
                PluginError::Failed(program.clone(), super::cause(&error))
            }
        })?;
        Ok((BufReader::new(output), input))
    }
}

/// Whoever is at the other end of the connection that asked.
struct Asked<'a, F> {
    away: &'a Away,
    tell: F,
}

impl<F: Fn(Ask)> Person for Asked<'_, F> {
    fn ask(&mut self, ask: Ask) -> Result<SlotsReply, PluginError> {
        (self.tell)(ask);
        let reply = self.away.replies.recv();
        reply.map_err(|_| PluginError::Cancelled)
    }
}
