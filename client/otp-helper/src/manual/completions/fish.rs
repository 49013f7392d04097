//! fish.

use crate::manual::table::{Choice, Flag, GLOBALS, verbs};

pub(super) fn script() -> String {
    let mut lines: Vec<String> = GLOBALS.iter().map(|flag| option("", flag)).collect();
    for verb in verbs() {
        let (name, help) = (verb.name, verb.help);
        let condition = format!(" -n '__fish_seen_subcommand_from {name}'");
        lines.push(format!(
            "complete -c otpctl -n __fish_use_subcommand -a {name} -d '{help}'\n"
        ));
        lines.extend(verb.flags.iter().map(|flag| option(&condition, flag)));
        lines.extend(verb.argument.as_ref().map(|argument| {
            let action = if argument.choice == Choice::File {
                " -F".into()
            } else {
                action(argument.choice)
            };
            format!("complete -c otpctl{condition}{action}\n")
        }));
    }
    include_str!("../../../completions/otpctl.fish").replace("@lines@\n", &lines.concat())
}

fn option(condition: &str, flag: &Flag) -> String {
    let short = flag
        .short
        .map_or_else(String::new, |short| format!(" -s {short}"));
    let value = flag
        .value
        .map_or_else(String::new, |(_, choice)| format!(" -x{}", action(choice)));
    let (long, help) = (flag.long, flag.help);
    format!("complete -c otpctl{condition} -l {long}{short}{value} -d '{help}'\n")
}

fn action(choice: Choice) -> String {
    match choice {
        Choice::Any => String::new(),
        Choice::Entry => " -a '(__otpctl_entries)'".into(),
        Choice::Trash => " -a '(__otpctl_trash)'".into(),
        Choice::Backup => " -a '(__otpctl_backups)'".into(),
        Choice::File => " -a '(__fish_complete_path)'".into(),
        Choice::Words(words) => format!(" -a '{}'", words.join(" ")),
    }
}
