//! The verbs of every day: the vault open and shut, and its entries.

use super::table::{
    ACCOUNT, ALGORITHM, COUNTER, Choice, DIGITS, FRESH, ISSUER, MIN_LEFT, NOTE, PERIOD, TYPE, Verb,
    YES, argument, flag, optional, valued,
};

/// Those verbs, in the order of the manual.
pub(super) const DAILY: &[Verb] = &[
    Verb {
        name: "init",
        argument: None,
        help: "make the vault",
        about: "Leaves it unlocked. The passphrase is asked on the terminal, or read as a line \
            from standard input if that is no terminal. The recovery key goes to standard \
            output, once.",
        flags: &[flag("generate", "propose a passphrase of six words")],
    },
    Verb {
        name: "unlock",
        argument: None,
        help: "open the vault",
        about: "Takes the passphrase or the recovery key, asked on the terminal, or read as a \
            line from standard input if that is no terminal. A slot of hardware is named, and \
            what its plugin says and asks is shown on the terminal. Where more than one vault \
            file is in its folder, an unlock says what each is and opens none.",
        flags: &[
            valued(
                "slot",
                "NAME",
                Choice::Any,
                "by this slot of hardware, as slots list names it",
            ),
            valued(
                "vault",
                "NAME",
                Choice::Any,
                "of more than one vault file with this one, the others are kept",
            ),
        ],
    },
    Verb {
        name: "lock",
        argument: None,
        help: "close the vault and wipe the keys from memory",
        about: "The next code needs the passphrase again. With a time, every unlock is refused \
            (exit status 6) until it is over, counted also while the computer sleeps. No \
            passphrase ends it, for it guards against what opens the vault by itself or by habit, not \
            against whoever may stop the agent. It goes on when the agent is started again. After a reboot \
            it goes on by the wall clock, and for no longer than was left.",
        flags: &[valued(
            "for",
            "DURATION",
            Choice::Words(&["30m", "8h", "0"]),
            "refuse every unlock for so long (30m, 8h, 2d, at most a year), 0 ends that",
        )],
    },
    Verb {
        name: "status",
        argument: None,
        help: "say what the agent is doing",
        about: "Whether the vault is locked, since when, until when and by what, which sources of \
            locks are seen, how memory is protected, how old the newest automatic backup is, \
            whether the clock is synchronised, which otpd runs, and where.",
        flags: &[],
    },
    Verb {
        name: "passwd",
        argument: None,
        help: "change the passphrase",
        about: "Asks for the present one (or the recovery key), then for the new one twice. If \
            standard input is no terminal, it has two lines, present and new. The recovery key \
            stays as it is.",
        flags: &[],
    },
    Verb {
        name: "version",
        argument: None,
        help: "print the versions of otpctl and of the otpd that runs",
        about: "",
        flags: &[],
    },
    Verb {
        name: "add",
        argument: None,
        help: "store a key",
        about: "The key is an otpauth URI or base32, asked on the terminal or read from standard \
            input, or comes from QR codes in pictures, on the screen or on the clipboard. Codes \
            that are no keys are named and left out. On a terminal the first code is shown, and \
            the key is stored once the service accepted it. Of several keys you choose. A key \
            that is there already is not stored again. A new key for the same issuer and account moves the older entry to \
            the trash. A key never goes on the command line, where every program could read it.",
        flags: &[
            flag("screen", "find the QR codes on every monitor"),
            flag(
                "clipboard",
                "take the picture or URI on the clipboard, then clear it",
            ),
            valued(
                "image",
                "FILE...",
                Choice::File,
                "read pictures (PNG, JPEG, WebP, GIF, BMP), - is standard input",
            ),
            ISSUER,
            ACCOUNT,
            TYPE,
            ALGORITHM,
            DIGITS,
            PERIOD,
            COUNTER,
            valued(
                "tag",
                "WORD",
                Choice::Any,
                "a word to find it by, may be repeated",
            ),
            NOTE,
            flag("yes", "store without asking"),
        ],
    },
    Verb {
        name: "get",
        argument: Some(argument("QUERY", Choice::Entry)),
        help: "print a code",
        about: "Prints the code and a newline on standard output and nothing else. On a terminal \
            the seconds left go to standard error. A locked vault asks for the passphrase if \
            standard input and error are terminals, otherwise the exit status is 5. A code of a \
            counter is printed only after the new counter is on disk.",
        flags: &[
            flag("next", "also print the next code"),
            MIN_LEFT,
            FRESH,
            flag(
                "copy",
                "put it onto the clipboard instead, and off it when it dies",
            ),
            flag("notify", "show it in a notification instead"),
            flag("osc52", "let the terminal copy it instead, over SSH"),
            valued(
                "script",
                "SCRIPT",
                Choice::Any,
                "with --type, what is typed, such as {USER}{TAB}{CODE}{ENTER}, or - for a line of standard input",
            ),
            flag("type", "type it into the field that has the focus instead"),
            valued(
                "window",
                "PATTERN",
                Choice::Any,
                "with --type, only into a window whose title or class is like that (X11)",
            ),
        ],
    },
    Verb {
        name: "notify",
        argument: Some(argument("QUERY", Choice::Entry)),
        help: "show a code in a notification",
        about: "The notification goes when the code dies, with a lock of the vault and with a \
            lock of the screen. A code of a counter goes after 30 seconds. To bind it to a key \
            of the desktop, give --prompt, so that a locked vault asks.",
        flags: &[],
    },
    Verb {
        name: "pick",
        argument: Some(optional("QUERY", Choice::Any)),
        help: "choose an entry and print its code",
        about: "The names of the entries go to a picker, those first whose codes were asked for \
            most since otpd started. In a terminal that is fzf or else a list of our own, in \
            which letters, numbers and arrows choose. Otherwise it is the first of fuzzel, wofi, \
            rofi, bemenu and dmenu that is installed. The table pick of otpd.toml names another \
            program. Without a terminal the code is shown in a notification. To bind it to a key \
            of the desktop, give --prompt, so that a locked vault asks. If nothing is chosen the \
            exit status is 6.",
        flags: &[
            flag("copy", "put it onto the clipboard instead"),
            flag("notify", "show it in a notification, also in a terminal"),
            flag("osc52", "let the terminal copy it instead, over SSH"),
            flag("type", "type it into the field that has the focus instead"),
        ],
    },
    Verb {
        name: "list",
        argument: Some(optional("QUERY", Choice::Entry)),
        help: "list entries, without codes",
        about: "",
        flags: &[
            valued(
                "format",
                "NAME",
                Choice::Words(&["json", "rofi", "fuzzel", "alfred", "raycast"]),
                "as another program wants its menu, most used first",
            ),
            flag("names", "print one name a line, for menus"),
            flag("trash", "list the entries in the trash"),
        ],
    },
    Verb {
        name: "show",
        argument: Some(argument("QUERY", Choice::Entry)),
        help: "describe an entry, without its key",
        about: "",
        flags: &[],
    },
    Verb {
        name: "edit",
        argument: Some(argument("QUERY", Choice::Entry)),
        help: "change an entry",
        about: "What is not given stays as it is.",
        flags: &[
            ISSUER,
            ACCOUNT,
            TYPE,
            ALGORITHM,
            DIGITS,
            PERIOD,
            COUNTER,
            valued(
                "tag",
                "WORD",
                Choice::Any,
                "all tags, in place of the present ones",
            ),
            NOTE,
        ],
    },
    Verb {
        name: "remove",
        argument: Some(argument("QUERY", Choice::Entry)),
        help: "move an entry to the trash, for 30 days",
        about: "A purge cannot look into the backup of another vault, and deletes it.",
        flags: &[
            flag(
                "purge",
                "destroy the key for good, in the trash and in the backups too",
            ),
            YES,
        ],
    },
    Verb {
        name: "restore",
        argument: Some(argument("ID", Choice::Trash)),
        help: "bring an entry back from the trash",
        about: "Takes its id or its number there, such as tr-1.",
        flags: &[],
    },
];
