//! A line to the words of a command, as a shell splits it (POSIX.1-2024, Shell Command Language,
//! 2.2), and nothing more of a shell.

/// Splits a line; `None` if a quotation mark lacks its end.
pub(crate) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        end if end == letter => break,
                        '\\' if letter == '"' => match letters.next()? {
                            known @ ('"' | '\\' | '$' | '`') => word.push(known),
                            other => word.extend(['\\', other]),
                        },
                        other => word.push(other),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(letters.next()?),
            ' ' | '\t' | '\n' => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_line_is_split_as_a_shell_does() {
        for (line, words) in [
            ("rbw code {id}", &["rbw", "code", "{id}"][..]),
            (
                "  a\t'b c' \"d 'e' \\\"f\\\" \\n\" g\\ h ",
                &["a", "b c", "d 'e' \"f\" \\n", "g h"],
            ),
            (
                "sh -c 'x \"$1\" | y' - '{id}'",
                &["sh", "-c", "x \"$1\" | y", "-", "{id}"],
            ),
            ("a '' $HOME *", &["a", "", "$HOME", "*"]),
            ("", &[]),
            ("/a\u{3000}b c", &["/a\u{3000}b", "c"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        for line in ["a 'b", "\"", "a\\"] {
            assert!(split(line).is_none(), "{line}");
        }
    }
}
