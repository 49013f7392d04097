//! What a notification says.

use otp_proto::Desktop;

use super::is_japanese;
use crate::agent::Notice;

/// The words of a notification in one language.
#[derive(Debug)]
pub(crate) struct NoticeWords {
    /// Instead of a code.
    pub(crate) hidden: &'static str,
    /// Instead of a code that is gone.
    pub(crate) over: &'static str,
    /// `{}` is the number of seconds.
    valid_for: &'static str,
    /// The first `{}` is the number of seconds until then, the second that until its end.
    valid_from: &'static str,
    /// To copy the code.
    pub(crate) copy: &'static str,
    /// To type it.
    pub(crate) types: &'static str,
    /// To see the one after it.
    pub(crate) next: &'static str,
}

static ENGLISH_NOTICE: NoticeWords = NoticeWords {
    hidden: "The code is not shown (see [notify] in otpd.toml).",
    over: "The code is gone.",
    valid_for: "{} s left",
    valid_from: "valid in {} s, then for {} s",
    copy: "Copy",
    types: "Type",
    next: "Next",
};

static JAPANESE_NOTICE: NoticeWords = NoticeWords {
    hidden: "コードは表示しません (otpd.toml の [notify])。",
    over: "コードは消えました。",
    valid_for: "残り {} 秒",
    valid_from: "{} 秒後から {} 秒間有効",
    copy: "コピー",
    types: "入力",
    next: "次のコード",
};

/// The words in the language of a desktop.
pub(crate) fn notice_words(desktop: &Desktop) -> &'static NoticeWords {
    if is_japanese(desktop) {
        &JAPANESE_NOTICE
    } else {
        &ENGLISH_NOTICE
    }
}

impl NoticeWords {
    /// Whose code it is.
    pub(crate) fn title(notice: &Notice) -> String {
        let name = match (notice.issuer.as_str(), notice.account.as_str()) {
            ("", account) => account.to_owned(),
            (issuer, "") => issuer.to_owned(),
            (issuer, account) => format!("{issuer} ({account})"),
        };
        match &notice.source {
            Some(source) => format!("{name} [{source}]"),
            None => name,
        }
    }

    /// The code, and how long it lives.
    pub(crate) fn code(&self, code: &str, seconds: u32) -> String {
        let left = self.valid_for.replace("{}", &seconds.to_string());
        format!("{code}\n{left}")
    }

    /// The code after this one: in how many seconds it begins, and in how many it ends.
    pub(crate) fn next_code(&self, code: &str, starts_in: u32, valid_for: u32) -> String {
        let lives = valid_for.saturating_sub(starts_in);
        let from = self.valid_from.replacen("{}", &starts_in.to_string(), 1);
        format!("{code}\n{}", from.replacen("{}", &lives.to_string(), 1))
    }
}
