//! The verbs of now and then: files, backups, ways to open the vault, and other programs.

use super::table::{
    Choice, FORCE, FORMAT, FRESH, MIN_LEFT, Verb, YES, argument, flag, optional, valued,
};

/// Those verbs, in the order of the manual.
pub(super) const UPKEEP: &[Verb] = &[
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
            again. Of a store of pass or gopass only the names are read, and an entry is opened by \
            that program when its code is asked for. A command is a line that prints an id, an \
            issuer and an account on each line, with tabs between them. Another prints the \
            code or the URI of the entry {id}. No shell reads them. Listing says how each source stands. Removing forgets the source and leaves \
            its entries where they are.",
        flags: &[
            valued("kdbx", "FILE", Choice::File, "the database"),
            valued("key-file", "FILE", Choice::File, "its key file"),
            flag("no-password", "the key file is all that it has"),
            flag("remember", "keep its password in the vault"),
            flag("pass", "the store of pass"),
            flag("gopass", "the store of gopass"),
            valued(
                "store",
                "FOLDER",
                Choice::File,
                "the store, where it is elsewhere",
            ),
            valued(
                "folder",
                "NAME",
                Choice::Any,
                "the folder in it that has the entries",
            ),
            valued(
                "command",
                "LINE",
                Choice::Any,
                "the line that lists entries",
            ),
            valued("code", "LINE", Choice::Any, "the line that prints a code"),
            valued("uri", "LINE", Choice::Any, "the line that prints a URI"),
            valued(
                "preset",
                "NAME",
                Choice::Words(&["rbw", "bw", "op", "proton", "openbao"]),
                "a program whose lines are known",
            ),
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
