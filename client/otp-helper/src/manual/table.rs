//! The command line of `otpctl` as data: its manual page and its completions are made of it.
//!
//! Texts are ASCII without quotation marks, brackets and colons, so that they pass through roff
//! and three shells as they are (a test).

/// A verb.
pub struct Verb {
    /// What is typed.
    pub name: &'static str,
    /// What follows it.
    pub argument: Option<Argument>,
    /// What it does, in a few words.
    pub help: &'static str,
    /// The rest that its manual entry says.
    pub about: &'static str,
    /// Its own options.
    pub flags: &'static [Flag],
}

/// The argument of a verb.
pub struct Argument {
    /// Its name in the manual.
    pub name: &'static str,
    /// Whether it can be left out.
    pub is_optional: bool,
    /// What can stand there.
    pub choice: Choice,
}

/// An option.
#[derive(Clone, Copy)]
pub struct Flag {
    /// The long name, without dashes.
    pub long: &'static str,
    /// The short name.
    pub short: Option<char>,
    /// The name of its value in the manual, and what can stand there.
    pub value: Option<(&'static str, Choice)>,
    /// What it does, in a few words.
    pub help: &'static str,
}

/// What can stand in a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Anything.
    Any,
    /// The name of an entry.
    Entry,
    /// The number of an entry in the trash.
    Trash,
    /// The name of an automatic backup.
    Backup,
    /// A file.
    File,
    /// One of these words.
    Words(&'static [&'static str]),
}

const fn flag(long: &'static str, help: &'static str) -> Flag {
    Flag {
        long,
        short: None,
        value: None,
        help,
    }
}

const fn short(long: &'static str, short: char, help: &'static str) -> Flag {
    Flag {
        short: Some(short),
        ..flag(long, help)
    }
}

const fn valued(
    long: &'static str,
    name: &'static str,
    choice: Choice,
    help: &'static str,
) -> Flag {
    Flag {
        value: Some((name, choice)),
        ..flag(long, help)
    }
}

const fn argument(name: &'static str, choice: Choice) -> Argument {
    Argument {
        name,
        is_optional: false,
        choice,
    }
}

const fn optional(name: &'static str, choice: Choice) -> Argument {
    Argument {
        is_optional: true,
        ..argument(name, choice)
    }
}

/// Options that every verb knows; they stand before or after it.
pub const GLOBALS: &[Flag] = &[
    flag("json", "print JSON with stable keys, for programs"),
    short("quiet", 'q', "print results only"),
    flag("no-start", "do not start otpd if it does not run"),
    flag("prompt", "allow a dialog of the agent for the passphrase"),
    flag("no-prompt", "forbid any question"),
    valued(
        "passphrase-fd",
        "N",
        Choice::Any,
        "read passphrases from this open descriptor, one a line",
    ),
    short("help", 'h', "print help, also of a verb"),
    short("version", 'V', "print the version"),
];

const MIN_LEFT: Flag = valued(
    "min-left",
    "SECONDS",
    Choice::Words(&["5", "10", "15"]),
    "wait for a code that lives at least so long",
);
const FRESH: Flag = flag("fresh", "never the same code twice, waits for the next one");
const ISSUER: Flag = valued("issuer", "NAME", Choice::Any, "name of the service");
const ACCOUNT: Flag = valued("account", "NAME", Choice::Any, "your name at the service");
const TYPE: Flag = valued(
    "type",
    "TYPE",
    Choice::Words(&["totp", "hotp", "steam"]),
    "totp (time), hotp (counter) or steam",
);
const ALGORITHM: Flag = valued(
    "algorithm",
    "HASH",
    Choice::Words(&["SHA1", "SHA256", "SHA512"]),
    "SHA1, SHA256 or SHA512",
);
const DIGITS: Flag = valued(
    "digits",
    "N",
    Choice::Words(&["6", "7", "8"]),
    "length of a code, 1 to 9",
);
const PERIOD: Flag = valued(
    "period",
    "SECONDS",
    Choice::Words(&["30", "60"]),
    "life of a code, 1 to 86400",
);
const COUNTER: Flag = valued("counter", "N", Choice::Any, "next counter (hotp)");
const NOTE: Flag = valued("note", "TEXT", Choice::Any, "a remark");
const YES: Flag = flag("yes", "do not ask");
const FORMAT: Flag = valued(
    "format",
    "NAME",
    Choice::Words(&["otpauth"]),
    "format of the file, otherwise it is recognised",
);
const FORCE: Flag = flag("force", "replace an existing file");

/// Every verb, in the order of the manual.
pub const VERBS: &[Verb] = &[
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
    Verb {
        name: "import",
        argument: Some(argument("FILE", Choice::File)),
        help: "take over keys from a file",
        about: "Stores all keys of the file in one write. Keys that are there already are left \
            out. A line that is no key is named, and then nothing is stored. FILE may be - for \
            standard input. Read are lists of otpauth, otpauth-migration, steam and motp URIs.",
        flags: &[
            FORMAT,
            flag("dry-run", "say what would happen"),
            flag("skip-bad", "store the good lines"),
        ],
    },
    Verb {
        name: "export",
        argument: Some(argument("FILE", Choice::File)),
        help: "write all keys in clear into a file",
        about: "The passphrase is asked again. The file is new and closed to others (mode 0600). \
            FILE may be - for standard output.",
        flags: &[FORMAT, FORCE],
    },
    Verb {
        name: "backup",
        argument: Some(argument("FILE", Choice::File)),
        help: "write the encrypted vault into a file",
        about: "One text file, read back after writing. The passphrase or the recovery key opens \
            it. FILE may be - for standard output.",
        flags: &[FORCE],
    },
    Verb {
        name: "backups",
        argument: Some(argument("list", Choice::Words(&["list"]))),
        help: "list the backups that otpd makes by itself",
        about: "The newest first. They are the last ten states of the vault, and one of each day \
            of a month on which it changed. Each comes back with restore-backup and its name.",
        flags: &[],
    },
    Verb {
        name: "restore-backup",
        argument: Some(argument("FILE | --from NAME", Choice::File)),
        help: "put a backup in the place of the vault",
        about: "Says what would change, and asks. FILE was made by backup, and opens with its \
            passphrase or recovery key. A present vault must be unlocked, and is kept among the \
            automatic backups (another vault, until the next remove --purge), so that the \
            restore can be undone. Counters never go back.",
        flags: &[
            valued(
                "from",
                "NAME",
                Choice::Backup,
                "take an automatic backup, or with last the vault before the last change",
            ),
            flag("dry-run", "say what would change and change nothing"),
            YES,
        ],
    },
    Verb {
        name: "qr",
        argument: Some(argument(
            "read FILE... | show QUERY",
            Choice::Words(&["read", "show"]),
        )),
        help: "read any QR code, or show an entry as one",
        about: "Reading prints the text of each code on a line and stores nothing. FILE may be - \
            for standard input. Showing draws the key of an entry in the terminal, for a phone to \
            scan, after the passphrase was asked again. Whoever sees the picture has the key, and \
            the terminal keeps it in its scrollback. Files are new and closed to others (mode \
            0600).",
        flags: &[
            flag("screen", "read the codes on every monitor"),
            flag("clipboard", "read the picture on the clipboard"),
            valued("png", "FILE", Choice::File, "show as a picture file"),
            valued(
                "print",
                "FILE",
                Choice::File,
                "show as a page to print (HTML)",
            ),
            flag("invert", "show without colours, for a light terminal"),
            FORCE,
        ],
    },
    Verb {
        name: "recovery-codes",
        argument: Some(argument(
            "add QUERY | list QUERY | use QUERY",
            Choice::Words(&["add", "list", "use"]),
        )),
        help: "keep the one-use codes of a service with its entry",
        about: "Adding reads them from standard input or asks, one a line or with blanks between, \
            as they are pasted. Numbers and bullets before them go. Listing says how many are \
            left. Using prints the next one, which is marked as used on disk before. An entry has \
            at most 64 codes of 64 bytes. They go with it into exports and backups, and to the \
            entry that takes its place.",
        flags: &[
            flag(
                "replace",
                "forget the present codes, the service issued new ones",
            ),
            flag("show", "list the codes too, the passphrase is asked again"),
        ],
    },
    Verb {
        name: "slots",
        argument: Some(argument(
            "list | add KIND | test NAME | remove NAME",
            Choice::Words(&["list", "add", "test", "remove"]),
        )),
        help: "look after the ways to open the vault",
        about: "Each slot opens the vault without the others. Listing names them. Adding \
            keyring lets the keyring of the session open the vault when otpd starts. Adding \
            plugin lets hardware open it, through a plugin of age such as age-plugin-tpm, whose \
            program (a path, or a name found in PATH) and identity file are named after it. Testing \
            opens the files of the vault by one slot alone and changes nothing. Removing takes a \
            slot away, after what stays was typed. The passphrase or the recovery key always \
            stays, and passwd makes the slot of the passphrase again.",
        flags: &[valued(
            "name",
            "NAME",
            Choice::Any,
            "call a slot of hardware so, and not as its plugin",
        )],
    },
    Verb {
        name: "source",
        argument: Some(argument(
            "add NAME | list | remove NAME | sync NAME",
            Choice::Words(&["add", "list", "remove", "sync"]),
        )),
        help: "show entries that live elsewhere",
        about: "Entries of another program are shown beside our own, read-only, and list, get, pick \
            and notify find them with the name of their source. Adding reads a database of KeePass \
            or KeePassXC, which is read again when it changes. Its password is asked, or a line of \
            standard input, and forgotten when the vault locks, after which sync asks for it \
            again. Listing says how each source stands. Removing forgets the source and leaves \
            its entries where they are.",
        flags: &[
            valued("kdbx", "FILE", Choice::File, "the database"),
            valued("key-file", "FILE", Choice::File, "its key file"),
            flag("no-password", "the key file is all that it has"),
            flag("remember", "keep its password in the vault"),
        ],
    },
    Verb {
        name: "recovery-key",
        argument: Some(argument(
            "renew | print FILE | show",
            Choice::Words(&["renew", "print", "show"]),
        )),
        help: "make a new recovery key",
        about: "The recovery key opens the vault when the passphrase is lost. It is kept nowhere, \
            so that show can only say so. Renewing makes a new one and prints it, once. Printing \
            makes a new one and writes it on a sheet with its QR code, a page for a name that \
            ends in .html, else a text. Either way the one before it opens nothing any more. The \
            passphrase is asked.",
        flags: &[FORCE],
    },
    Verb {
        name: "rekey",
        argument: None,
        help: "give the vault a new identity",
        about: "For when somebody may have seen the old one. The passphrase stays, a new recovery \
            key is printed, once, and slots that nobody types go. All of it is written together \
            or not at all. Counters of HOTP keys that are neither in the vault nor in the trash \
            are forgotten.",
        flags: &[flag(
            "drop-backups",
            "remove the backups, which only the old identity opens, asked on a terminal",
        )],
    },
    Verb {
        name: "doctor",
        argument: None,
        help: "look for problems and say what to do",
        about: "Looks at programs, socket, agent, vault, memory and clock. The exit status is 1 \
            if there is a problem.",
        flags: &[],
    },
    Verb {
        name: "run",
        argument: Some(argument("COMMAND", Choice::Any)),
        help: "run a command with codes in its environment",
        about: "Two dashes stand before COMMAND and what belongs to it. A reference is otp and \
            two slashes behind a colon, then a QUERY, or ISSUER, a slash and ACCOUNT, where %20 \
            is a blank. Codes take the place of references in the files, and of variables whose \
            whole value is one. A code dies soon, so this is for commands that use it at once. \
            The exit status is that of the command.",
        flags: &[
            valued(
                "env-file",
                "FILE",
                Choice::File,
                "a file of lines NAME=VALUE, and more than once more files",
            ),
            MIN_LEFT,
            FRESH,
        ],
    },
    Verb {
        name: "inject",
        argument: Some(optional("FILE", Choice::File)),
        help: "copy a text with codes in the place of references",
        about: "From FILE or standard input to standard output. References are those of run, \
            also in doubled braces, where names may have blanks. If one of them has no code, \
            nothing is written.",
        flags: &[MIN_LEFT, FRESH],
    },
    Verb {
        name: "pass-otp",
        argument: Some(argument("NAME", Choice::Any)),
        help: "take the arguments of pass otp, and answer from the vault",
        about: "Before NAME stands code, insert, append, uri or validate, with the options of \
            the extension, which are -c of code, -q of uri, and -f, -s, -i and -a of insert and \
            append. Nothing of the store of pass is read or written. NAME is the name that a key \
            was inserted by, else a folder and what is in it, for issuer and account, else a \
            QUERY. A key comes from standard input or is asked, also for validate, and never \
            from the command line. The passphrase is asked again for uri. For pass itself to ask \
            otpd, there is examples/otp.bash beside the documentation.",
        flags: &[],
    },
    Verb {
        name: "completions",
        argument: Some(argument("SHELL", Choice::Words(&["bash", "zsh", "fish"]))),
        help: "print completions for a shell",
        about: "",
        flags: &[],
    },
    Verb {
        name: "man",
        argument: Some(optional(
            "PAGE",
            Choice::Words(&["otpctl", "otp-askpass", "otpd", "otpd.toml", "otpd-ipc"]),
        )),
        help: "print a manual page",
        about: "",
        flags: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_passes_through_roff_and_shells_as_it_is() {
        let flags = VERBS.iter().flat_map(|verb| verb.flags).chain(GLOBALS);
        let texts = flags
            .map(|flag| flag.help)
            .chain(VERBS.iter().flat_map(|verb| [verb.help, verb.about]));
        for text in texts {
            assert!(text.is_ascii(), "{text}");
            assert!(
                !text.contains(['\'', '"', '`', '$', '\\', '[', ']', ':', ';']),
                "{text}"
            );
            assert!(
                !text.contains("  ") && !text.starts_with(['.', ' ']),
                "{text}"
            );
        }
    }
}
