//! What a notification says.

use otp_proto::Desktop;

use super::is_japanese;

/// The words of a notification in one language.
#[derive(Debug)]
pub(crate) struct NoticeWords {
    /// Instead of a code.
    pub(crate) hidden: &'static str,
    /// Instead of a code that is gone.
    pub(crate) over: &'static str,
    /// `{}` is the number of seconds.
    valid_for: &'static str,
}

static ENGLISH_NOTICE: NoticeWords = NoticeWords {
    hidden: "The code is not shown (see [notify] in otpd.toml).",
    over: "The code is gone.",
    valid_for: "{} s left",
};

static JAPANESE_NOTICE: NoticeWords = NoticeWords {
    hidden: "コードは表示しません (otpd.toml の [notify])。",
    over: "コードは消えました。",
    valid_for: "残り {} 秒",
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
    pub(crate) fn title(issuer: &str, account: &str) -> String {
        match (issuer, account) {
            ("", account) => account.to_owned(),
            (issuer, "") => issuer.to_owned(),
            (issuer, account) => format!("{issuer} ({account})"),
        }
    }

    /// The code, and how long it lives.
    pub(crate) fn code(&self, code: &str, seconds: u32) -> String {
        let left = self.valid_for.replace("{}", &seconds.to_string());
        format!("{code}\n{left}")
    }
}
