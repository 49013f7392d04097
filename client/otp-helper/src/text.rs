//! The words on a page that is printed, in the languages that `otpctl` speaks. Everything else
//! that this program says is for `otpctl` and for scripts.

/// The words of one language.
#[derive(Debug)]
pub struct Text {
    /// Its code (BCP 47), which `--language` takes.
    pub language: &'static str,
    #[expect(missing_docs, reason = "the words say it")]
    pub issuer: &'static str,
    #[expect(missing_docs, reason = "the words say it")]
    pub account: &'static str,
    #[expect(missing_docs, reason = "the words say it")]
    pub key: &'static str,
    #[expect(missing_docs, reason = "the words say it")]
    pub kind: &'static str,
    #[expect(missing_docs, reason = "the words say it")]
    pub algorithm: &'static str,
    #[expect(missing_docs, reason = "the words say it")]
    pub digits: &'static str,
    #[expect(missing_docs, reason = "the words say it")]
    pub period: &'static str,
    #[expect(missing_docs, reason = "the words say it")]
    pub counter: &'static str,
    #[expect(missing_docs, reason = "the words say it")]
    pub keep_it_safe: &'static str,
    #[expect(missing_docs, reason = "the words say it")]
    pub recovery: &'static str,
    /// What a recovery key is typed into, one line each.
    pub recovery_uses: [&'static str; 3],
    #[expect(missing_docs, reason = "the words say it")]
    pub keep_recovery_safe: &'static str,
}

/// Every language.
pub const TEXTS: &[&Text] = &[&ENGLISH, &JAPANESE];

/// Taken where none is asked for.
pub static ENGLISH: Text = Text {
    language: "en",
    issuer: "Issuer",
    account: "Account",
    key: "Key",
    kind: "Type",
    algorithm: "Algorithm",
    digits: "Digits",
    period: "Period (seconds)",
    counter: "Counter",
    keep_it_safe: "Whoever has this sheet can make your codes. Keep it under lock, and delete \
            the file it was printed from.",
    recovery: "Recovery key of your one-time-password vault (otpd)",
    recovery_uses: [
        "otpctl unlock: type it instead of the passphrase",
        "otpctl passwd: type it as the present passphrase, then choose a new one",
        "without otpd: age -d -i recovery.age vault/*.age | grep ^otpauth, in the vault's folder",
    ],
    keep_recovery_safe: "Whoever has this sheet and your vault's files has your keys. Keep it under \
            lock, away from the computer, and delete the file it was printed from.",
};

static JAPANESE: Text = Text {
    language: "ja",
    issuer: "発行者",
    account: "アカウント",
    key: "キー",
    kind: "種類",
    algorithm: "アルゴリズム",
    digits: "桁数",
    period: "間隔(秒)",
    counter: "カウンター",
    keep_it_safe: "この紙があれば、誰でもあなたのコードを作れます。鍵のかかる場所に保管し、\
            印刷に使ったファイルは削除してください。",
    recovery: "ワンタイムパスワード保管庫 (otpd) の回復キー",
    recovery_uses: [
        "otpctl unlock: パスフレーズの代わりに入力します",
        "otpctl passwd: 今のパスフレーズの代わりに入力し、新しいものを決めます",
        "otpd がない場合: 保管庫のフォルダーで age -d -i recovery.age vault/*.age | grep ^otpauth",
    ],
    keep_recovery_safe: "この紙と保管庫のファイルがあれば、誰でもあなたのキーを使えます。パソコンとは\
            別の鍵のかかる場所に保管し、印刷に使ったファイルは削除してください。",
};

/// Returns the words of this language.
pub fn named(language: &str) -> Option<&'static Text> {
    TEXTS.iter().copied().find(|text| text.language == language)
}
