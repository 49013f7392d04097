//! Texts as a person compares them: without case and width. Nothing is allocated.
//!
//! Full-width ASCII becomes ASCII and half-width katakana full-width, voiced marks joined to
//! their kana, in whichever of the forms an input method or a file system wrote them. This is
//! the part of NFKC (Unicode Standard Annex 15) that names of services and people need.

use std::char::ToLowercase;
use std::str::Chars;

/// Half-width katakana from U+FF61 on, as full-width.
const HALF_WIDTH: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノ\
                          ハヒフヘホマミムメモヤユヨラリルレロワン\u{309b}\u{309c}";
/// Katakana whose voiced form is the next character.
const VOICED: &str = "カキクケコサシスセソタチツテトハヒフヘホ";
/// Katakana whose half-voiced form is the next but one.
const HALF_VOICED: &str = "ハヒフヘホ";
/// From hiragana to katakana.
const KATAKANA: u32 = 0x60;

/// The folded characters of a text.
#[derive(Debug, Clone)]
pub(super) struct Fold<'a> {
    chars: Chars<'a>,
    /// The rest of a character whose lower case is several.
    lower: Option<ToLowercase>,
}

pub(super) fn fold(text: &str) -> Fold<'_> {
    Fold {
        chars: text.chars(),
        lower: None,
    }
}

impl Iterator for Fold<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if self.lower.is_some() {
            let next = self.lower.as_mut().and_then(Iterator::next);
            if next.is_some() {
                return next;
            }
            self.lower = None;
        }
        let c = self.chars.next()?;
        if c.is_ascii() {
            Some(c.to_ascii_lowercase())
        } else {
            self.fold_wide(widen(c))
        }
    }
}

impl Fold<'_> {
    /// Folds a character that isn't ASCII, with the mark that may follow. Not inlined, to keep
    /// the loop over ASCII small.
    #[inline(never)]
    fn fold_wide(&mut self, c: char) -> Option<char> {
        let mark = self.chars.clone().next();
        let joined = mark.and_then(|mark| match widen(mark) {
            '\u{309b}' | '\u{3099}' => voice(c, VOICED, 1),
            '\u{309c}' | '\u{309a}' => voice(c, HALF_VOICED, 2),
            _ => None,
        });
        if joined.is_some() {
            self.chars.next();
            return joined;
        }
        let mut lower = c.to_lowercase();
        let first = lower.next();
        self.lower = Some(lower);
        first
    }
}

/// The usual width of a character.
fn widen(c: char) -> char {
    match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        0x3000 => ' ',
        half @ 0xff61..=0xff9f => {
            let place = usize::try_from(half - 0xff61).unwrap_or(0);
            HALF_WIDTH.chars().nth(place).unwrap_or(c)
        }
        _ => c,
    }
}

/// A kana with its mark, if it takes one.
fn voice(kana: char, takers: &str, step: u32) -> Option<char> {
    match kana {
        'ウ' if step == 1 => return Some('ヴ'),
        'う' if step == 1 => return Some('ゔ'),
        _ => {}
    }
    let is_taker = |c: u32| char::from_u32(c).is_some_and(|c| takers.contains(c));
    let code = u32::from(kana);
    (is_taker(code) || is_taker(code + KATAKANA))
        .then(|| char::from_u32(code + step))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        fold(text).collect()
    }

    #[test]
    fn case_and_width_and_the_form_of_a_voiced_mark_make_no_difference() {
        for (one, other) in [
            ("GitHub", "gITHUB"),
            ("ＧｉｔＨｕｂ：ａ＠ｂ", "github:a@b"),
            ("トレンド　マイクロ", "ﾄﾚﾝﾄﾞ ﾏｲｸﾛ"),
            ("パスワード", "ﾊﾟｽﾜｰﾄﾞ"),
            ("が", "か\u{3099}"),
            ("ぱ", "は\u{309a}"),
            ("ヴ", "ｳﾞ"),
            ("ÄÖ", "äö"),
            ("「ヲ」。", "｢ｦ｣｡"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        for (one, other) in [
            ("ハ", "バ"),
            ("バ", "パ"),
            ("か", "カ"),
            ("ア", "ｱﾞ"),
            ("a", "b"),
        ] {
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn every_half_width_katakana_has_its_full_width() {
        assert_eq!(HALF_WIDTH.chars().count(), 0xff9f - 0xff61 + 1);
        assert_eq!(folded("\u{ff61}\u{ff71}\u{ff9d}"), "。アン");
    }

    #[test]
    fn a_character_with_a_longer_lower_case_comes_out_whole() {
        assert_eq!(folded("İx"), "i\u{307}x");
    }
}
