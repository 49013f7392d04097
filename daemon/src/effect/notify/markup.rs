//! Names that came from strangers, on their way to a server that may read markup.

/// Returns the text as a server shows it that reads markup ("Markup" in the Desktop Notifications
/// specification), or any other.
pub(super) fn plain(text: &str, reads_markup: bool) -> String {
    if !reads_markup {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A code in groups that are read at a glance: of three digits, or four for eight.
pub(super) fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let width = match letters.len() {
        0..=5 | 7 => return code.to_owned(),
        8 => 4,
        _ => 3,
    };
    let groups: Vec<String> = letters
        .chunks(width)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_strangers_is_text() {
        assert_eq!(plain("<b>A&B</b>", true), "&lt;b&gt;A&amp;B&lt;/b&gt;");
        assert_eq!(plain("<b>A&B</b>", false), "<b>A&B</b>");
    }

    #[test]
    fn codes_are_grouped_and_short_ones_are_not() {
        assert_eq!(grouped("123456"), "123 456");
        assert_eq!(grouped("12345678"), "1234 5678");
        assert_eq!(grouped("123456789"), "123 456 789");
        assert_eq!(grouped("1234567"), "1234567");
        assert_eq!(grouped("FR8RV"), "FR8RV");
    }
}
