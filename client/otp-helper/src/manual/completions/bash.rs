//! bash.

use super::valued;
use crate::manual::table::{Choice, Flag, GLOBALS, verbs};

pub(super) fn script() -> String {
    let (mut flags, mut values, mut arguments) = (Vec::new(), Vec::new(), Vec::new());
    for verb in verbs() {
        let name = verb.name;
        if !verb.flags.is_empty() {
            let more = names(verb.flags);
            flags.push(format!("        {name}) flags+=' {more}' ;;\n"));
        }
        for (long, _, choice) in valued(verb.flags) {
            let call = call(choice);
            values.push(format!("        {name}:--{long}) {call}; return ;;\n"));
        }
        if let Some(argument) = &verb.argument {
            let call = call(argument.choice);
            arguments.push(format!("        {name}) {call} ;;\n"));
        }
    }
    for (long, _, choice) in valued(GLOBALS) {
        let call = call(choice);
        values.push(format!("        *:--{long}) {call}; return ;;\n"));
    }
    let words: Vec<&str> = verbs().map(|verb| verb.name).collect();
    include_str!("../../../completions/otpctl.bash")
        .replace("@verbs@", &words.join(" "))
        .replace("@globals@", &names(GLOBALS))
        .replace("        @flags@\n", &flags.concat())
        .replace("        @values@\n", &values.concat())
        .replace("        @arguments@\n", &arguments.concat())
}

fn names(flags: &[Flag]) -> String {
    let mut names = Vec::new();
    for flag in flags {
        names.push(format!("--{}", flag.long));
        names.extend(flag.short.map(|short| format!("-{short}")));
    }
    names.join(" ")
}

/// The command that offers what can stand in a place.
fn call(choice: Choice) -> String {
    match choice {
        Choice::Any => ":".into(),
        Choice::Entry => "_otpctl_entries".into(),
        Choice::Trash => "_otpctl_trash".into(),
        Choice::Backup => "_otpctl_backups".into(),
        Choice::File => "_otpctl_files".into(),
        Choice::Words(words) => format!("_otpctl_words '{}'", words.join(" ")),
    }
}
