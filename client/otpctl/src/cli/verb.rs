//! The tables: verbs, options, and what goes with what.

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Init,
    Unlock,
    Lock,
    Status,
    Passwd,
    Version,
    Add,
    Get,
    Notify,
    Pick,
    List,
    Show,
    Edit,
    Remove,
    Restore,
    Import,
    Export,
    Backup,
    BackupsList,
    RestoreBackup,
    QrRead,
    QrShow,
    CodesAdd,
    CodesList,
    CodesUse,
    SlotsList,
    SlotsAdd,
    SlotsTest,
    SlotsRemove,
    SourceAdd,
    SourceList,
    SourceRemove,
    SourceSync,
    KeyShow,
    KeyRenew,
    KeyPrint,
    Rekey,
    Doctor,
    Run,
    Inject,
    PassOtp,
    Completions,
    Man,
}

/// An option of some verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opt {
    Account,
    Algorithm,
    Clipboard,
    Copy,
    Counter,
    Digits,
    Code,
    Command,
    DropBackups,
    DryRun,
    EnvFile,
    Folder,
    For,
    Force,
    Format,
    Fresh,
    From,
    Generate,
    Gopass,
    Image,
    Invert,
    Issuer,
    Kdbx,
    KeyFile,
    MinLeft,
    Name,
    Names,
    Next,
    NoPassword,
    Note,
    Notify,
    Osc52,
    Pass,
    Period,
    Png,
    Preset,
    Print,
    Purge,
    Remember,
    Replace,
    Screen,
    Script,
    Show,
    SkipBad,
    Slot,
    Store,
    Tag,
    Trash,
    Type,
    TypeIt,
    Uri,
    Vault,
    Window,
    Yes,
}

/// Each option's name, and whether a value follows.
pub(super) const OPTIONS: [(Opt, &str, bool); 54] = [
    (Opt::Account, "account", true),
    (Opt::Algorithm, "algorithm", true),
    (Opt::Clipboard, "clipboard", false),
    (Opt::Code, "code", true),
    (Opt::Command, "command", true),
    (Opt::Copy, "copy", false),
    (Opt::Counter, "counter", true),
    (Opt::Digits, "digits", true),
    (Opt::DropBackups, "drop-backups", false),
    (Opt::DryRun, "dry-run", false),
    (Opt::EnvFile, "env-file", true),
    (Opt::Folder, "folder", true),
    (Opt::For, "for", true),
    (Opt::Force, "force", false),
    (Opt::Format, "format", true),
    (Opt::Fresh, "fresh", false),
    (Opt::From, "from", true),
    (Opt::Generate, "generate", false),
    (Opt::Gopass, "gopass", false),
    (Opt::Image, "image", true),
    (Opt::Invert, "invert", false),
    (Opt::Issuer, "issuer", true),
    (Opt::Kdbx, "kdbx", true),
    (Opt::KeyFile, "key-file", true),
    (Opt::MinLeft, "min-left", true),
    (Opt::Name, "name", true),
    (Opt::Names, "names", false),
    (Opt::Next, "next", false),
    (Opt::NoPassword, "no-password", false),
    (Opt::Note, "note", true),
    (Opt::Notify, "notify", false),
    (Opt::Osc52, "osc52", false),
    (Opt::Pass, "pass", false),
    (Opt::Period, "period", true),
    (Opt::Png, "png", true),
    (Opt::Preset, "preset", true),
    (Opt::Print, "print", true),
    (Opt::Purge, "purge", false),
    (Opt::Remember, "remember", false),
    (Opt::Replace, "replace", false),
    (Opt::Screen, "screen", false),
    (Opt::Script, "script", true),
    (Opt::Show, "show", false),
    (Opt::SkipBad, "skip-bad", false),
    (Opt::Slot, "slot", true),
    (Opt::Store, "store", true),
    (Opt::Tag, "tag", true),
    (Opt::Trash, "trash", false),
    (Opt::Type, "type", true),
    (Opt::TypeIt, "type", false),
    (Opt::Uri, "uri", true),
    (Opt::Vault, "vault", true),
    (Opt::Window, "window", true),
    (Opt::Yes, "yes", false),
];

/// The fields of an entry, for `add` and `edit`.
macro_rules! with_fields {
    ($($more:ident),*) => {
        &[
            Opt::Issuer, Opt::Account, Opt::Type, Opt::Algorithm, Opt::Digits, Opt::Period,
            Opt::Counter, Opt::Tag, Opt::Note, $(Opt::$more),*
        ]
    };
}

/// A verb's name, its fewest and most arguments, and its options.
pub(super) struct Rule {
    pub(super) verb: Verb,
    pub(super) name: &'static str,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) options: &'static [Opt],
}

const fn rule(
    verb: Verb,
    name: &'static str,
    least: usize,
    most: usize,
    options: &'static [Opt],
) -> Rule {
    Rule {
        verb,
        name,
        least,
        most,
        options,
    }
}

pub(super) const RULES: [Rule; 43] = [
    rule(Verb::Init, "init", 0, 0, &[Opt::Generate]),
    rule(Verb::Unlock, "unlock", 0, 0, &[Opt::Slot, Opt::Vault]),
    rule(Verb::Lock, "lock", 0, 0, &[Opt::For]),
    rule(Verb::Status, "status", 0, 0, &[]),
    rule(Verb::Passwd, "passwd", 0, 0, &[]),
    rule(Verb::Version, "version", 0, 0, &[]),
    rule(
        Verb::Add,
        "add",
        0,
        0,
        with_fields!(Image, Screen, Clipboard, Yes),
    ),
    rule(
        Verb::Get,
        "get",
        1,
        1,
        &[
            Opt::Next,
            Opt::MinLeft,
            Opt::Fresh,
            Opt::Copy,
            Opt::Notify,
            Opt::Osc52,
            Opt::TypeIt,
            Opt::Script,
            Opt::Window,
        ],
    ),
    rule(Verb::Notify, "notify", 1, 1, &[]),
    rule(
        Verb::Pick,
        "pick",
        0,
        1,
        &[Opt::Copy, Opt::Notify, Opt::Osc52, Opt::TypeIt],
    ),
    rule(
        Verb::List,
        "list",
        0,
        1,
        &[Opt::Format, Opt::Names, Opt::Trash],
    ),
    rule(Verb::Show, "show", 1, 1, &[]),
    rule(Verb::Edit, "edit", 1, 1, with_fields!()),
    rule(Verb::Remove, "remove", 1, 1, &[Opt::Purge, Opt::Yes]),
    rule(Verb::Restore, "restore", 1, 1, &[]),
    rule(
        Verb::Import,
        "import",
        1,
        1,
        &[Opt::Format, Opt::DryRun, Opt::SkipBad],
    ),
    rule(Verb::Export, "export", 1, 1, &[Opt::Format, Opt::Force]),
    rule(Verb::Backup, "backup", 1, 1, &[Opt::Force]),
    rule(Verb::BackupsList, "backups list", 0, 0, &[]),
    rule(
        Verb::RestoreBackup,
        "restore-backup",
        0,
        1,
        &[Opt::From, Opt::DryRun, Opt::Yes],
    ),
    rule(
        Verb::QrRead,
        "qr read",
        0,
        usize::MAX,
        &[Opt::Screen, Opt::Clipboard],
    ),
    rule(
        Verb::QrShow,
        "qr show",
        1,
        1,
        &[Opt::Png, Opt::Print, Opt::Invert, Opt::Force],
    ),
    rule(Verb::CodesAdd, "recovery-codes add", 1, 1, &[Opt::Replace]),
    rule(Verb::CodesList, "recovery-codes list", 1, 1, &[Opt::Show]),
    rule(Verb::CodesUse, "recovery-codes use", 1, 1, &[]),
    rule(Verb::SlotsList, "slots list", 0, 0, &[]),
    rule(Verb::SlotsAdd, "slots add", 1, 3, &[Opt::Name]),
    rule(Verb::SlotsTest, "slots test", 1, 1, &[]),
    rule(Verb::SlotsRemove, "slots remove", 1, 1, &[]),
    rule(
        Verb::SourceAdd,
        "source add",
        1,
        1,
        &[
            Opt::Kdbx,
            Opt::KeyFile,
            Opt::NoPassword,
            Opt::Remember,
            Opt::Pass,
            Opt::Gopass,
            Opt::Store,
            Opt::Folder,
            Opt::Command,
            Opt::Code,
            Opt::Uri,
            Opt::Preset,
        ],
    ),
    rule(Verb::SourceList, "source list", 0, 0, &[]),
    rule(Verb::SourceRemove, "source remove", 1, 1, &[]),
    rule(Verb::SourceSync, "source sync", 0, 1, &[]),
    rule(Verb::KeyShow, "recovery-key show", 0, 0, &[]),
    rule(Verb::KeyRenew, "recovery-key renew", 0, 0, &[]),
    rule(Verb::KeyPrint, "recovery-key print", 1, 1, &[Opt::Force]),
    rule(Verb::Rekey, "rekey", 0, 0, &[Opt::DropBackups]),
    rule(Verb::Doctor, "doctor", 0, 0, &[]),
    rule(
        Verb::Run,
        "run",
        1,
        usize::MAX,
        &[Opt::EnvFile, Opt::Fresh, Opt::MinLeft],
    ),
    rule(Verb::Inject, "inject", 0, 1, &[Opt::Fresh, Opt::MinLeft]),
    rule(Verb::PassOtp, "pass-otp", 0, usize::MAX, &[]),
    rule(Verb::Completions, "completions", 1, 1, &[]),
    rule(Verb::Man, "man", 0, 1, &[]),
];

/// Words that only another one makes a verb of.
pub(super) const GROUPS: [&str; 6] = [
    "qr",
    "backups",
    "recovery-codes",
    "slots",
    "source",
    "recovery-key",
];

/// Verbs of the design that later versions bring; known, so that the answer is true.
pub(super) const LATER_VERBS: [&str; 4] = ["watch", "policy", "grants", "log"];

impl Verb {
    pub(super) fn rule(self) -> &'static Rule {
        // Every verb has its rule (a test); the first stands in, so that nothing can panic.
        let [first, ..] = &RULES;
        RULES.iter().find(|rule| rule.verb == self).unwrap_or(first)
    }

    /// The verb as it is typed.
    pub(crate) fn name(self) -> &'static str {
        self.rule().name
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        RULES
            .iter()
            .find(|rule| rule.name == name)
            .map(|rule| rule.verb)
    }

    /// Every verb, in the order of the help.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        RULES.iter().map(|rule| rule.verb)
    }
}

impl Opt {
    pub(crate) fn name(self) -> &'static str {
        OPTIONS
            .iter()
            .find(|row| row.0 == self)
            .map_or("", |row| row.1)
    }

    /// Whether a value follows.
    pub(super) fn takes_value(self) -> bool {
        OPTIONS.iter().any(|row| row.0 == self && row.2)
    }
}
