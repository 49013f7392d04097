//! What may be so, after requests of which not all were answered.

use std::fmt::Debug;

use super::life::Life;

/// What may open a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// This text.
    Is(String),
    /// Something that nobody has seen.
    Unseen,
    /// Nothing: there is no such slot.
    Nothing,
}

impl Secrecy {
    fn text(&self) -> Option<&String> {
        match self {
            Self::Is(text) => Some(text),
            Self::Unseen | Self::Nothing => None,
        }
    }

    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Is(text) => Some(text),
            Self::Unseen | Self::Nothing => None,
        }
    }
}

/// What may be so after the requests so far. One possibility if all were answered.
#[derive(Debug)]
pub(super) struct May<T>(Vec<(u64, T)>);

impl<T: PartialEq> May<T> {
    pub(super) fn new(now: T) -> Self {
        Self(vec![(0, now)])
    }

    /// A request may have changed it.
    pub(super) fn may_become(&mut self, ticket: u64, to: T) {
        self.0.push((ticket, to));
    }

    /// A request did: whatever was before it is no more. Returns what ended.
    pub(super) fn became(&mut self, ticket: u64, to: T) -> Vec<T> {
        let before = self.0.extract_if(.., |(at, _)| *at <= ticket);
        let ended = before.filter(|(_, was)| *was != to);
        let ended = ended.map(|(_, was)| was).collect();
        self.0.insert(0, (ticket, to));
        ended
    }

    /// A request didn't.
    pub(super) fn stayed(&mut self, ticket: u64) {
        if self.0.len() > 1 {
            self.0.retain(|(at, _)| *at != ticket);
        }
    }

    /// What it is, if that is sure.
    pub(super) fn sure(&self) -> Option<&T> {
        let (_, first) = self.0.first()?;
        self.0.iter().all(|(_, one)| one == first).then_some(first)
    }

    /// It was looked at.
    pub(super) fn is(&mut self, now: T)
    where
        T: Debug,
    {
        let is_possible = self.0.iter().any(|(_, one)| *one == now);
        assert!(is_possible, "{now:?} of {self:?}");
        *self = Self::new(now);
    }
}

impl May<Secrecy> {
    pub(super) fn texts(&self) -> impl DoubleEndedIterator<Item = &String> {
        self.0.iter().filter_map(|(_, secrecy)| secrecy.text())
    }

    /// What a person would type.
    pub(super) fn newest(&self) -> Option<String> {
        self.texts().next_back().cloned()
    }

    /// After a start each possibility is tried; one is true.
    pub(super) fn try_all(&mut self, life: &Life) -> bool {
        let mut opening: Vec<String> = self.texts().cloned().collect();
        opening.sort();
        opening.dedup();
        opening.retain(|text| life.opens(text));
        assert!(
            opening.len() <= 1,
            "a replaced secret still opens the vault"
        );
        let must = self
            .0
            .iter()
            .all(|(_, secrecy)| matches!(secrecy, Secrecy::Is(_)));
        assert!(!must || !opening.is_empty(), "a way in is lost: {self:?}");
        let is_open = !opening.is_empty();
        let rest = if self
            .0
            .iter()
            .any(|(_, secrecy)| *secrecy == Secrecy::Unseen)
        {
            Secrecy::Unseen
        } else {
            Secrecy::Nothing
        };
        let secrecy = opening.pop().map_or(rest, Secrecy::Is);
        *self = Self::new(secrecy);
        is_open
    }
}
