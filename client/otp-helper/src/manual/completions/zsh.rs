//! zsh.

use crate::manual::table::{Choice, Flag, GLOBALS, Verb, verbs};

pub(super) fn script() -> String {
    let names: Vec<String> = verbs()
        .map(|verb| format!("        '{}:{}'\n", verb.name, verb.help))
        .collect();
    let globals: Vec<String> = GLOBALS
        .iter()
        .map(|flag| format!("        {}\n", option(flag)))
        .collect();
    let cases: Vec<String> = verbs().map(case).collect();
    include_str!("../../../completions/_otpctl")
        .replace("        @verbs@\n", &names.concat())
        .replace("        @globals@\n", &globals.concat())
        .replace("                @cases@\n", &cases.concat())
}

/// What `_arguments` is told about a verb.
fn case(verb: &Verb) -> String {
    let mut words: Vec<String> = verb.flags.iter().map(option).collect();
    words.extend(verb.argument.as_ref().map(|argument| {
        let name = argument.name.to_lowercase();
        format!("'1:{name}:{}'", action(argument.choice))
    }));
    let name = verb.name;
    format!(
        "                {name}) _arguments $globals {} ;;\n",
        words.join(" ")
    )
}

fn option(flag: &Flag) -> String {
    let value = flag.value.map_or_else(String::new, |(name, choice)| {
        let name = name.trim_end_matches('.').to_lowercase();
        format!(":{name}:{}", action(choice))
    });
    let repeats = if ["tag", "image"].contains(&flag.long) {
        "*"
    } else {
        ""
    };
    let (long, help) = (flag.long, flag.help);
    let long = format!("'{repeats}--{long}[{help}]{value}'");
    match flag.short {
        Some(short) => format!("{long} '-{short}[{help}]'"),
        None => long,
    }
}

fn action(choice: Choice) -> String {
    match choice {
        Choice::Any => String::new(),
        Choice::Entry => "_otpctl_entries".into(),
        Choice::Trash => "_otpctl_trash".into(),
        Choice::Backup => "_otpctl_backups".into(),
        Choice::File => "_files".into(),
        Choice::Words(words) => format!("({})", words.join(" ")),
    }
}
