//! `list --format`: the entries as other programs' menus want them.

use std::cmp::Reverse;

use crate::cli::UsageError;
use crate::json::{Json, Object, array};
use crate::output;
use crate::text::Text;

/// The icon of a row (freedesktop.org's icon naming specification).
const ICON: &str = "dialog-password";

/// How a menu is written.
#[derive(Clone, Copy)]
pub(super) enum Format {
    /// As `--json`.
    Json,
    /// rofi's script mode: the id is a row's `info` (rofi-script(5)).
    Rofi,
    /// fuzzel, wofi and others that read lines: the name, a tab, the id, fuzzel's icon.
    Fuzzel,
    /// Alfred's script filters, version 5.
    Alfred,
    /// The properties of Raycast's list items.
    Raycast,
}

impl Format {
    /// The format of a name.
    pub(super) fn named(name: &str) -> Result<Self, UsageError> {
        Ok(match name {
            "json" => Self::Json,
            "rofi" => Self::Rofi,
            "fuzzel" => Self::Fuzzel,
            "alfred" => Self::Alfred,
            "raycast" => Self::Raycast,
            _ => return Err(UsageError::BadValue("format")),
        })
    }

    /// The menu, those entries first whose codes were asked for most.
    pub(super) fn write(self, text: &Text, mut entries: Vec<Json<'_>>) -> String {
        entries.sort_by_key(|entry| Reverse(entry.number("used").unwrap_or_default()));
        let each = entries.into_iter();
        match self {
            Self::Json => line(array(each.map(|entry| entry.raw().to_owned()))),
            Self::Rofi => each.map(|entry| rofi(text, entry)).collect(),
            Self::Fuzzel => each.map(|entry| fuzzel(text, entry)).collect(),
            Self::Alfred => {
                let items = array(each.map(|entry| alfred(text, entry)));
                line(Object::new().raw("items", &items).end())
            }
            Self::Raycast => line(array(each.map(|entry| raycast(text, entry)))),
        }
    }
}

fn line(json: String) -> String {
    json + "\n"
}

fn rofi(text: &Text, entry: Json<'_>) -> String {
    let (name, id) = (output::name(text, entry), entry.label("id"));
    [&name, "\0info\x1f", &id, "\x1ficon\x1f", ICON, "\n"].concat()
}

fn fuzzel(text: &Text, entry: Json<'_>) -> String {
    let (name, id) = (output::name(text, entry), entry.label("id"));
    [&name, "\t", &id, "\0icon\x1f", ICON, "\n"].concat()
}

/// The main name of an entry, and what stands below it.
fn titles(text: &Text, entry: Json<'_>) -> (String, String) {
    let (issuer, account) = (entry.label("issuer"), entry.label("account"));
    match (issuer.is_empty(), account.is_empty()) {
        (false, _) => (issuer, account),
        (true, false) => (account, issuer),
        (true, true) => (text.nameless.into(), String::new()),
    }
}

fn alfred(text: &Text, entry: Json<'_>) -> String {
    let (title, subtitle) = titles(text, entry);
    let id = entry.label("id");
    Object::new()
        .text("uid", &id)
        .text("title", &title)
        .text("subtitle", &subtitle)
        .text("arg", &id)
        .text("autocomplete", &title)
        .text("match", &[&title, " ", &subtitle].concat())
        .end()
}

fn raycast(text: &Text, entry: Json<'_>) -> String {
    let (title, subtitle) = titles(text, entry);
    Object::new()
        .text("id", &entry.label("id"))
        .text("title", &title)
        .text("subtitle", &subtitle)
        .raw("keywords", entry.get("tags").map_or("[]", Json::raw))
        .end()
}
