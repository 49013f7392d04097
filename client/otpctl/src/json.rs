//! JSON read field by field. An answer is looked at once and mostly passed on as it came, so
//! that typed copies of every answer would only make this program larger.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use otp_proto::Secret;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// A JSON value that is known to be well formed, in its text.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a>(&'a str);

/// Reads an object for the value of one member, the first of that name. The members aren't
/// collected: small lists that come and go cost system calls in a process that lives for a
/// millisecond.
struct Member<'n, 'a>(&'n str, PhantomData<&'a ()>);

impl<'de: 'a, 'a> DeserializeSeed<'de> for Member<'_, 'a> {
    type Value = Option<&'a RawValue>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Member<'_, 'a> {
    type Value = Option<&'a RawValue>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            let value = map.next_value()?;
            if found.is_none() && name == self.0 {
                found = Some(value);
            }
        }
        Ok(found)
    }
}

/// Reads a text that is one object; the value of one of its members, if it has it.
fn member<'a>(text: &'a str, name: &str) -> Result<Option<&'a RawValue>, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Member(name, PhantomData).deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

impl<'a> Json<'a> {
    /// Takes a text that holds one JSON object; `None` if it doesn't.
    pub(crate) fn object(bytes: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        member(text, "").ok()?;
        Some(Self(text))
    }

    /// Returns a member, unless it is absent or null.
    pub(crate) fn get(self, name: &str) -> Option<Self> {
        let value = member(self.0, name).ok()??;
        Some(Self(value.get())).filter(|value| value.0 != "null")
    }

    /// Returns a text member.
    pub(crate) fn text(self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.0).ok()
    }

    /// Returns a text member that is made safe to show; empty if it is absent.
    pub(crate) fn label(self, name: &str) -> String {
        otp_proto::clean_label(&self.text(name).unwrap_or_default())
    }

    /// Returns a whole number.
    pub(crate) fn number(self, name: &str) -> Option<i64> {
        serde_json::from_str(self.get(name)?.0).ok()
    }

    /// Returns whether a member is `true`.
    pub(crate) fn is(self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.0 == "true")
    }

    /// Returns the values of an array member; none if it is absent.
    pub(crate) fn items(self, name: &str) -> Vec<Self> {
        let Some(array) = self.get(name) else {
            return Vec::new();
        };
        let items: Vec<&RawValue> = serde_json::from_str(array.0).unwrap_or_default();
        items.into_iter().map(|item| Self(item.get())).collect()
    }

    /// Returns this value as a secret text.
    pub(crate) fn secret(self) -> Option<Secret> {
        serde_json::from_str(self.0).ok()
    }

    /// Returns this value as JSON.
    pub(crate) fn raw(self) -> &'a str {
        self.0
    }
}

/// What the agent answered: an object, wiped when it is dropped.
pub(crate) struct Answer(Zeroizing<String>);

impl Answer {
    pub(crate) fn new(result: Json<'_>) -> Self {
        Self(Zeroizing::new(result.0.to_owned()))
    }

    pub(crate) fn json(&self) -> Json<'_> {
        Json(&self.0)
    }
}

/// Builds a JSON object, member by member.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        Self(String::with_capacity(256))
    }

    /// Adds a member whose value is JSON already.
    pub(crate) fn raw(mut self, name: &str, value: &str) -> Self {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0 += &quoted(name);
        self.0.push(':');
        self.0 += value;
        self
    }

    /// Adds a member of another object, if it is there.
    pub(crate) fn copy(self, name: &str, from: Json<'_>) -> Self {
        match from.get(name) {
            Some(value) => self.raw(name, value.0),
            None => self,
        }
    }

    /// Adds a text.
    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        self.raw(name, &quoted(value))
    }

    /// Returns the object.
    pub(crate) fn end(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}

/// Returns values as a JSON array.
pub(crate) fn array(values: impl IntoIterator<Item = String>) -> String {
    let values: Vec<_> = values.into_iter().collect();
    String::from("[") + &values.join(",") + "]"
}

fn quoted(text: &str) -> String {
    // Writing a text into memory can't fail.
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"a":"\u3042\n","n":7,"b":true,"x":null,"l":["p",{"q":1}],"é":2}"#;

    #[test]
    fn members_are_found_by_name_and_type() {
        let json = Json::object(TEXT.as_bytes()).unwrap();
        assert_eq!(json.text("a").unwrap(), "あ\n");
        assert_eq!(json.label("a"), "あ");
        assert_eq!((json.number("n"), json.number("é")), (Some(7), Some(2)));
        assert!(json.is("b") && !json.is("n") && !json.is("absent"));
        assert!(json.get("x").is_none() && json.text("n").is_none());
        let items = json.items("l");
        assert_eq!(items[0].secret().unwrap().expose(), "p");
        assert_eq!(items[1].number("q"), Some(1));
        assert!(json.items("absent").is_empty());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in [
            "",
            "[]",
            "{",
            "{\"a\":1}x",
            "\"a\"",
            "{\"a\":01}",
            "\u{feff}{}",
        ] {
            assert!(Json::object(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Json::object(b"{\"\xff\":1}").is_none());
    }

    #[test]
    fn an_object_is_built_with_its_texts_escaped() {
        let from = Json::object(TEXT.as_bytes()).unwrap();
        let built = Object::new()
            .copy("n", from)
            .copy("absent", from)
            .text("t", "\"\n")
            .end();
        assert_eq!(built, r#"{"n":7,"t":"\"\n"}"#);
        assert_eq!(
            array([built.clone(), Object::new().end()]),
            format!("[{built},{{}}]")
        );
    }
}
