//! What a portal of hotkeys is asked.

use std::collections::HashMap;

use zbus::zvariant::Value;

use super::portal::Options;

pub(crate) type Shortcuts = Vec<(String, Options)>;

/// What the stand-in was asked.
#[derive(Debug, PartialEq)]
pub(crate) enum Asked {
    Register(String),
    Create,
    List,
    Bind(Vec<(String, String)>),
}

pub(crate) fn listed(names: &[String]) -> HashMap<&'static str, Value<'static>> {
    let all: Vec<(String, HashMap<String, Value<'_>>)> = names
        .iter()
        .map(|name| (name.clone(), HashMap::new()))
        .collect();
    HashMap::from([("shortcuts", Value::from(all))])
}

pub(crate) fn asked_for(shortcuts: &Shortcuts) -> Vec<(String, String)> {
    shortcuts
        .iter()
        .map(|(name, options)| {
            let description: String = options["description"].downcast_ref().unwrap();
            assert_eq!(description, format!("otpd: {name}"));
            let trigger = options["preferred_trigger"].downcast_ref().unwrap();
            (name.clone(), trigger)
        })
        .collect()
}
