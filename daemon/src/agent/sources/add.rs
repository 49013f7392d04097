//! Adding a source: it is read first, then kept, and shown once it is on disk.

use std::path::{Component, Path};
use std::sync::Arc;
use std::time::Duration;

use otp_proto::{ErrorKind, Response, RpcError, Secret, SourceAdd, SourceKind, SourcesAnswer};

use super::{Fetch, FetchError, Found, Origin, Stage, reading, unreadable};
use crate::agent::changes::Effect;
use crate::agent::outcome::Outcome;
use crate::agent::{Agent, Asker, error};
use crate::clock::Now;
use crate::vault::Source;
use crate::vault::slot::is_name;
use crate::vault::source::{Gives, Keeper, MAX_SOURCES, Password, What};

/// Longest path in bytes (Linux' own limit).
const MAX_PATH: usize = 4096;
/// Longest password in bytes.
const MAX_PASSWORD: usize = 4096;
/// Longest line of a program in bytes.
const MAX_LINE: usize = 4096;
/// Longest name of a known program in bytes.
const MAX_PRESET: usize = 32;

/// A source that is to be added.
#[derive(Debug)]
pub(super) struct Adding {
    pub asker: Asker,
    add: SourceAdd,
    /// What it is, without a place for its password.
    what: What,
    stage: Adds,
}

#[derive(Debug)]
enum Adds {
    /// It is to be read.
    Wanted,
    /// It is being read: the reading's number, and when it must be over.
    Reading(u64, Duration),
    /// It was read, and waits for the change before it.
    Read(Vec<Found>),
}

/// A source that is on its way to the disk, with what was read.
#[derive(Debug)]
pub(in crate::agent) struct NewSource {
    name: String,
    found: Vec<Found>,
    /// What was typed and isn't kept.
    typed: Option<Secret>,
}

impl Adding {
    pub(super) fn number(&self) -> Option<u64> {
        match self.stage {
            Adds::Reading(number, _) => Some(number),
            Adds::Wanted | Adds::Read(_) => None,
        }
    }

    /// The file whose changes are noticed.
    pub(super) fn file(&self) -> Option<&str> {
        reading::file(&self.what)
    }

    pub(super) fn is_wanted(&self) -> bool {
        matches!(self.stage, Adds::Wanted)
    }

    /// Begins to read it.
    pub(super) fn begin(&mut self, number: u64, until: Duration) -> Fetch {
        self.stage = Adds::Reading(number, until);
        let password = self.add.password.as_ref();
        Fetch {
            number,
            name: self.add.name.clone(),
            origin: Origin {
                what: self.what.clone(),
                password: password.map(|password| Secret::copy_of(password.expose())),
                asked: None,
            },
        }
    }

    pub(super) fn until(&self) -> Option<Duration> {
        match self.stage {
            Adds::Reading(_, until) => Some(until),
            Adds::Wanted | Adds::Read(_) => None,
        }
    }
}

impl Agent {
    pub(in crate::agent) fn add_source(
        &mut self,
        asker: Asker,
        add: SourceAdd,
    ) -> Result<Outcome, RpcError> {
        let what = self.check_source(&add)?;
        if self.sources.adding.is_some() {
            return Err(error::busy());
        }
        let stage = Adds::Wanted;
        self.sources.adding = Some(Adding {
            asker,
            add,
            what,
            stage,
        });
        Ok(Outcome::Later)
    }

    /// What a source is that may be added.
    fn check_source(&self, add: &SourceAdd) -> Result<What, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let known = &open.document.sources;
        if !is_name(&add.name) {
            let text =
                "a source is called by one to 32 of a-z 0-9 -, not beginning or ending with -";
            return Err(error::params(text));
        }
        if known.iter().any(|source| *source.name == *add.name) {
            let text = "there is a source of that name";
            return Err(RpcError::new(ErrorKind::Exists, text));
        }
        if known.len() >= MAX_SOURCES {
            return Err(error::invalid("there are 32 sources already"));
        }
        what(add).map_err(error::params)
    }

    /// The source that is to be added was read, or wasn't.
    pub(super) fn fetched_to_add(&mut self, result: Result<Vec<Found>, FetchError>) {
        match result {
            Ok(found) => {
                if let Some(adding) = &mut self.sources.adding {
                    adding.stage = Adds::Read(found);
                }
            }
            Err(failure) => {
                if let Some(adding) = self.sources.adding.take() {
                    let refusal = unreadable(&adding.add.name, &failure);
                    self.reply(adding.asker, Err(refusal));
                    self.watch_files(false);
                }
            }
        }
    }

    /// Stages a source that was read, as soon as no other change is out; whether there was one.
    pub(in crate::agent) fn finish_adding(&mut self, now: Now) -> bool {
        if !self.may_change() {
            return false;
        }
        let is_read = |adding: &mut Adding| matches!(adding.stage, Adds::Read(_));
        let Some(adding) = self.sources.adding.take_if(is_read) else {
            return false;
        };
        let (asker, stage) = (adding.asker, adding.stage);
        let Adds::Read(found) = stage else {
            return false;
        };
        if let Err(refusal) = self.stage_source(now, asker, adding.add, found) {
            self.reply(asker, Err(refusal));
            self.watch_files(false);
        }
        true
    }

    fn stage_source(
        &mut self,
        now: Now,
        asker: Asker,
        add: SourceAdd,
        found: Vec<Found>,
    ) -> Result<(), RpcError> {
        let mut what = self.check_source(&add)?;
        let mut draft = self.draft(now).ok_or_else(error::locked)?;
        let open = self.open.as_mut().ok_or_else(error::locked)?;
        let (password, typed) = match add.password {
            Some(typed) if add.remember => {
                let slot = open.arena.put(typed.expose().as_bytes());
                draft.added.push(slot);
                (Password::Kept(slot), None)
            }
            Some(typed) => (Password::Asked, Some(typed)),
            None => (Password::None, None),
        };
        if let What::Kdbx {
            password: place, ..
        } = &mut what
        {
            *place = password;
        }
        let name = add.name.as_str().into();
        draft.document.sources.push(Arc::new(Source { name, what }));
        draft.effect = Effect::Source(Box::new(NewSource {
            name: add.name,
            found,
            typed,
        }));
        self.store(Some(asker), draft);
        Ok(())
    }

    /// Shows the entries of a source that is on disk now.
    pub(in crate::agent) fn show_source(&mut self, now: Now, new: NewSource) -> Response {
        let NewSource { name, found, typed } = new;
        if let Some(open) = &mut self.open {
            let mut places = open.sources.iter();
            let place = places.position(|live| *live.source.name == *name);
            if let Some((place, live)) = place.and_then(|at| Some((at, open.sources.get_mut(at)?)))
            {
                let typed = typed.map(|typed| open.arena.put(typed.expose().as_bytes()));
                // It may have changed since it was read.
                let mut changed = self.sources.changed.iter();
                let has_changed = changed.any(|file| Some(file.as_str()) == live.file());
                live.typed = typed;
                live.stage = if has_changed {
                    Stage::Wanted
                } else {
                    Stage::Resting
                };
                self.show_views(now, place, found);
            }
        }
        Response::Sources(SourcesAnswer {
            sources: self.source_infos(now, Some(&name)),
        })
    }
}

/// What a source is to be; `Err` says what is wrong.
fn what(add: &SourceAdd) -> Result<What, &'static str> {
    let SourceAdd {
        file,
        key_file,
        password,
        store,
        folder,
        list,
        code,
        uri,
        preset,
        ..
    } = add;
    let has_database = file.is_some() || key_file.is_some() || password.is_some() || add.remember;
    let has_store = store.is_some() || folder.is_some();
    let has_program = list.is_some() || code.is_some() || uri.is_some() || preset.is_some();
    let boxed = |text: &Option<String>| text.as_deref().map(Into::into);
    match add.kind {
        SourceKind::Kdbx if !has_store && !has_program => {
            if !file.as_ref().is_some_and(is_path) || !key_file.iter().all(is_path) {
                return Err("a file must be named by its absolute path");
            }
            let password = password.as_ref().map(Secret::expose);
            if password.is_some_and(|text| text.len() > MAX_PASSWORD || text.contains('\n')) {
                return Err("the password isn't one line of 4096 bytes");
            }
            Ok(What::Kdbx {
                file: boxed(file).unwrap_or_default(),
                key_file: boxed(key_file),
                password: Password::None,
            })
        }
        kind @ (SourceKind::Pass | SourceKind::Gopass) if !has_database && !has_program => {
            if !store.as_ref().is_some_and(is_path) {
                return Err("a store must be named by its absolute path");
            }
            if !folder.iter().all(|folder| is_below(folder)) {
                return Err("the folder must be one below the store");
            }
            Ok(What::Store {
                program: if kind == SourceKind::Pass {
                    Keeper::Pass
                } else {
                    Keeper::Gopass
                },
                store: boxed(store).unwrap_or_default(),
                folder: boxed(folder),
            })
        }
        SourceKind::Command if !has_database && !has_store => match (list, code, uri, preset) {
            (None, None, None, Some(name)) if is_preset(name) => {
                Ok(What::Preset(name.as_str().into()))
            }
            (Some(list), Some(ask), None, None) => lines(list, ask, Gives::Code),
            (Some(list), None, Some(ask), None) => lines(list, ask, Gives::Uri),
            _ => Err("a program needs a line that lists, and one that gives a code or a URI"),
        },
        // Also kinds of later versions.
        SourceKind::Kdbx
        | SourceKind::Pass
        | SourceKind::Gopass
        | SourceKind::Command
        | SourceKind::Unknown
        | _ => Err("the kind of source isn't known, or has no such parts"),
    }
}

fn lines(list: &str, ask: &str, gives: Gives) -> Result<What, &'static str> {
    let is_line = |line: &str| {
        let is_long = line.len() > MAX_LINE;
        !line.trim().is_empty() && !is_long && !line.chars().any(char::is_control)
    };
    if !is_line(list) || !is_line(ask) {
        return Err("a program's line isn't one line of 4096 bytes");
    }
    if !ask.contains("{id}") {
        return Err("the line that gives a code or a URI lacks {id}");
    }
    let (list, ask) = (list.into(), ask.into());
    Ok(What::Lines { list, ask, gives })
}

fn is_path(path: &String) -> bool {
    path.len() <= MAX_PATH && Path::new(path).is_absolute() && !path.chars().any(char::is_control)
}

fn is_below(folder: &str) -> bool {
    let mut parts = Path::new(folder).components();
    !folder.is_empty()
        && folder.len() <= MAX_PATH
        && !folder.chars().any(char::is_control)
        && parts.all(|part| matches!(part, Component::Normal(_)))
}

fn is_preset(name: &str) -> bool {
    name.len() <= MAX_PRESET && is_name(name)
}
