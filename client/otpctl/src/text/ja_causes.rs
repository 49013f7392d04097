//! Causes in Japanese: what the system, the agent and `otp-helper` say in English, and otpctl
//! passes on. What isn't listed stays as it is.

/// English and Japanese; where one text holds another, the longer comes first.
pub(super) const CAUSES: &[(&str, &str)] = &[
    // The system (errno(3)), with and without a capital.
    (
        "No such file or directory",
        "ファイルまたはフォルダーがありません",
    ),
    (
        "no such file or directory",
        "ファイルまたはフォルダーがありません",
    ),
    ("Permission denied", "権限がありません"),
    ("permission denied", "権限がありません"),
    ("Operation not permitted", "許可されていない操作です"),
    ("operation not permitted", "許可されていない操作です"),
    ("No space left on device", "ディスクに空きがありません"),
    ("no space left on device", "ディスクに空きがありません"),
    ("Disk quota exceeded", "ディスクの割り当てを使い切りました"),
    ("disk quota exceeded", "ディスクの割り当てを使い切りました"),
    ("Read-only file system", "書き込みのできないディスクです"),
    ("read-only file system", "書き込みのできないディスクです"),
    ("not a regular file", "普通のファイルではありません"),
    (
        "the dialog was cancelled",
        "パスフレーズの入力が中止されました",
    ),
    (
        "nobody answered the dialog",
        "パスフレーズの入力画面に応答がありません",
    ),
    ("Is a directory", "フォルダーです"),
    ("is a directory", "フォルダーです"),
    ("Not a directory", "フォルダーではありません"),
    ("not a directory", "フォルダーではありません"),
    ("File exists", "すでにあります"),
    ("file exists", "すでにあります"),
    ("Too many open files", "開いているファイルが多すぎます"),
    ("too many open files", "開いているファイルが多すぎます"),
    ("Cannot allocate memory", "メモリーが足りません"),
    ("cannot allocate memory", "メモリーが足りません"),
    ("Input/output error", "ディスクの読み書きに失敗しました"),
    ("input/output error", "ディスクの読み書きに失敗しました"),
    ("Connection refused", "接続を拒否されました"),
    ("Connection reset by peer", "接続が切られました"),
    ("Broken pipe", "相手が先に終了しました"),
    ("Bad file descriptor", "開かれていない記述子です"),
    ("No such device or address", "端末がありません"),
    ("invalid data", "内容が正しくありません"),
    (
        "the configuration stays as it was",
        "設定は読み直されず、前のままです",
    ),
    // Sources.
    ("its password is needed", "パスワードが必要です"),
    (
        "wrong password or key file, or it is damaged",
        "パスワードかキーファイルが違うか、壊れています",
    ),
    (
        "wrong password or key file",
        "パスワードかキーファイルが違います",
    ),
    (
        "the KeePass database is damaged",
        "KeePass のデータベースが壊れています",
    ),
    (
        "not a KeePass database (KDBX)",
        "KeePass のデータベース (KDBX) ではありません",
    ),
    ("the key file can't be used", "キーファイルが使えません"),
    (
        "it could not be read: it is damaged, or needs too much memory or time",
        "読めませんでした。壊れているか、メモリーか時間がかかりすぎます",
    ),
    ("it took longer than 30 s", "30 秒以内に終わりませんでした"),
    (
        " could not open the entry without asking a person",
        " が項目を開くには人への確認が必要です",
    ),
    (" could not open the entry", " は項目を開けませんでした"),
    (
        "there is no such entry any more",
        "その項目はもうありません",
    ),
    (
        "there is no one-time password in the entry",
        "この項目にワンタイムパスワードはありません",
    ),
    (
        "the source gives codes and no keys: there is only the code of now",
        "キーのない項目です。今のコードしか出せません",
    ),
    (
        "the program gives no code",
        "プログラムがコードを出しません",
    ),
    (
        "the program gives no list that is known",
        "プログラムの一覧の形式が違います",
    ),
    ("there is no such source", "その名前の連携元はありません"),
    (
        "there is a source of that name",
        "その名前の連携元がすでにあります",
    ),
    // Pictures and exports.
    (
        "not a picture (PNG, JPEG, WebP, GIF, BMP and Netpbm are known)",
        "画像ではありません (PNG、JPEG、WebP、GIF、BMP、Netpbm が使えます)",
    ),
    (
        "the keyring holds a secret that opens nothing any more",
        "もう何も開けない秘密がキーリングに残っています",
    ),
    (
        "the vault got another identity meanwhile: add the slot again",
        "その間に保管庫の鍵が替わりました。もう一度追加してください",
    ),
    (
        "it is changed now, and a crash may undo that",
        "変更しましたが、異常終了すると元に戻ることがあります",
    ),
    (
        "locked, but a restart of the agent changes for how long",
        "ロックしましたが、エージェントを起動し直すと時間が変わります",
    ),
    (
        "the picture is damaged or incomplete",
        "画像が壊れているか、途中で切れています",
    ),
    (
        "the picture is too large (at most 16384 pixels a side and 64 million in all)",
        "画像が大きすぎます (一辺 16384 画素、全体で 6400 万画素まで)",
    ),
    (
        "no QR code found in the picture",
        "画像に QR コードが見つかりません",
    ),
    ("not in a format that is known", "対応していない形式です"),
    ("not a text file", "テキストファイルではありません"),
    ("no line with a key in it", "キーを含む行がありません"),
    (
        "the export is of a newer version than 2",
        "新しすぎる版 (2 より後) の書き出しです",
    ),
    (
        "the export's data is damaged or incomplete",
        "書き出しの内容が壊れているか、途中で切れています",
    ),
    (
        "the export's data is not base64",
        "書き出しの内容が base64 ではありません",
    ),
    ("the export has no data", "書き出しにデータがありません"),
    ("the export has no entries", "書き出しに項目がありません"),
    ("the export is too long", "書き出しが長すぎます"),
    (
        "algorithm 4 (MD5) is not supported",
        "アルゴリズム MD5 は使えません",
    ),
    ("its counter is negative", "カウンターが負の数です"),
    ("the text is not UTF-8", "UTF-8 のテキストではありません"),
    // The agent: requests.
    (
        "more seconds to be left than the period has",
        "周期より長い残り時間は待てません",
    ),
    (
        "the seconds to be left must be at least 1",
        "残り時間は 1 秒以上を指定してください",
    ),
    (
        "an HOTP code has no end to wait for",
        "HOTP のコードには期限がないため待てません",
    ),
    (
        "an HOTP entry has a counter and no period",
        "HOTP の項目にあるのはカウンターで、周期ではありません",
    ),
    (
        "only HOTP entries have a counter",
        "カウンターがあるのは HOTP の項目だけです",
    ),
    (
        "the counter is at its end",
        "カウンターが上限に達しています",
    ),
    (
        "the type must be totp, hotp or steam",
        "種類は totp、hotp、steam のどれかです",
    ),
    (
        "a name, tag or note is longer than 1024 bytes",
        "名前、タグ、メモは 1024 バイトまでです",
    ),
    ("more than 64 tags", "タグは 64 個までです"),
    ("the query is empty", "検索する語が空です"),
    ("the new passphrase is empty", "新しいパスフレーズが空です"),
    ("the passphrase is empty", "パスフレーズが空です"),
    (
        "wrong passphrase, or identity.age is damaged: it is not as otpd left it",
        "パスフレーズが違うか、identity.age が壊れています",
    ),
    (
        "wrong passphrase, or recovery.age is damaged: it is not as otpd left it",
        "回復キーが違うか、recovery.age が壊れています",
    ),
    (
        "; type the recovery key instead, then otpctl passwd makes it anew",
        "。代わりに回復キーを入力し、otpctl passwd で作り直してください",
    ),
    (
        "; the passphrase opens the vault, then otpctl recovery-key renew makes it anew",
        "。パスフレーズで開き、otpctl recovery-key renew で作り直してください",
    ),
    (
        "; put a backup in the vault's place (otpctl restore-backup FILE)",
        "。バックアップで置き換えてください (otpctl restore-backup ファイル)",
    ),
    ("wrong passphrase", "パスフレーズが違います"),
    (
        "an entry with the same key is there",
        "同じキーの項目がすでにあります",
    ),
    (
        "another entry has the same key: remove that one first",
        "同じキーの項目が他にもあります。先にそちらを削除してください",
    ),
    (
        "nothing of this number or id in the trash",
        "その番号または ID はごみ箱にありません",
    ),
    (
        "every recovery code is there already",
        "どの回復コードもすでにあります",
    ),
    (
        "the agent is ending",
        "エージェントが終了しようとしています",
    ),
    ("there is no such slot", "その名前のスロットはありません"),
    ("cannot show a notification", "通知を表示できません"),
    ("the screen is locked", "画面がロックされています"),
    (
        "the configuration shows no code in a notification, and a counter's would be lost",
        "通知にコードを表示しない設定のため、カウンターのコードは失われてしまいます",
    ),
    ("too many wait", "待っている通知が多すぎます"),
    (
        "there are none on this system",
        "このシステムには通知がありません",
    ),
    ("not on D-Bus", "D-Bus では利用できません"),
    (" has the name", " が名前を使っています"),
    // The agent: files.
    (
        "the backup takes the vault's place when otpd is restarted",
        "バックアップは otpd の再起動後に使われます",
    ),
    (
        "there is no such backup",
        "その名前のバックアップはありません",
    ),
    (
        "the backup needs its passphrase or recovery key",
        "このバックアップにはパスフレーズか回復キーが必要です",
    ),
    (
        "is damaged, or of an identity that what was typed does not open",
        "は壊れているか、入力されたものでは開けない鍵のものです",
    ),
    (
        "the backup is longer than 64 MiB",
        "バックアップが 64 MiB を超えています",
    ),
    ("not a backup of otpd", "otpd のバックアップではありません"),
    ("its first line is another", "最初の行が異なります"),
    (
        "one of its blocks is missing",
        "必要な部分の 1 つがありません",
    ),
    ("one of its blocks is damaged", "一部が壊れています"),
    ("the present vault is fine", "今の保管庫は無事です"),
    (
        "the vault is forged or was changed: its MAC is wrong",
        "保管庫が書き換えられています (MAC が一致しません)",
    ),
    (
        "is forged or was changed: its vault's MAC is wrong",
        "は書き換えられています (MAC が一致しません)",
    ),
    ("more than one vault in ", "保管庫が複数あるフォルダー: "),
    (
        ": an unlock says what each is (",
        "。ロックを解除するとそれぞれの内容が分かります (",
    ),
    (
        "; keep one, and the others are set aside (",
        "。1 つを選ぶと、他は残してよけておきます (",
    ),
    (
        "; none of them opens: put a backup in their place (",
        "。どれも開けません。バックアップで置き換えてください (",
    ),
    (
        " is not as otpd left it: an unlock looks at it (",
        " の内容が変わっています。ロックを解除すると調べます (",
    ),
    (
        " (damaged, or of another identity)",
        " (壊れているか、別の鍵のもの)",
    ),
    (
        "there is no such vault file",
        "その名前の保管庫はありません",
    ),
    (" (generation ", " (世代 "),
    (" entries)", " 件)"),
    ("there is no vault in ", "保管庫のファイルがありません: "),
    (
        ": if its disk is away, bring it back; else put a backup in its place (",
        "。ディスクが外れているなら接続し、そうでなければバックアップで置き換えてください (",
    ),
    (
        ", and nothing has taken its place: ",
        "。代わりに使えるものがありません: ",
    ),
    (
        "; try again, or put another backup in its place (",
        "。もう一度試すか、他のバックアップで置き換えてください (",
    ),
    (
        "another vault is kept as ",
        "もう 1 つの保管庫を残してあります: ",
    ),
    (
        "; nothing of it was taken over",
        "。その内容は取り込んでいません",
    ),
    ("not a whole age file", "age のファイルとして不完全です"),
    (
        "asks for more work than a passphrase may",
        "の計算量の指定が大きすぎます",
    ),
    (
        "it reads back differently",
        "書いた内容と読み直した内容が異なります",
    ),
    (
        "the vault is too large to be stored",
        "保管庫が大きくなりすぎるため保存できません",
    ),
    ("nothing was changed: ", "何も変更しませんでした: "),
    (
        "the vault is damaged in line ",
        "保管庫が壊れています。行: ",
    ),
    (
        ", and none of the automatic backups opens: put one of your own in its place \
         (otpctl restore-backup FILE)",
        "。自動バックアップもどれも開けません。ご自分のバックアップで置き換えてください \
         (otpctl restore-backup ファイル)",
    ),
    (
        "the vault is damaged: the backup ",
        "保管庫が壊れていました。バックアップ ",
    ),
    (" is missing: the backup ", " がありません。バックアップ "),
    (
        " days old, took its place",
        " 日前のものを代わりに使いました",
    ),
    (
        " hours old, took its place",
        " 時間前のものを代わりに使いました",
    ),
    (
        " hour old, took its place",
        " 時間前のものを代わりに使いました",
    ),
    (
        " minutes old, took its place",
        " 分前のものを代わりに使いました",
    ),
    (
        "less than a minute old, took its place",
        "1 分以内のものを代わりに使いました",
    ),
    (
        " minute old, took its place",
        " 分前のものを代わりに使いました",
    ),
    (
        "a moment old, took its place",
        "今しがたのものを代わりに使いました",
    ),
    (
        "there is no new copy of the vault in the backup folder: ",
        "バックアップ用フォルダーに新しいコピーを書けません: ",
    ),
    (
        "there is no automatic backup",
        "自動バックアップがありません",
    ),
    ("no change is missing", "失われた変更はありません"),
    ("the last change is missing", "最後の変更が失われました"),
    ("; the last ", "。直近の "),
    (" changes are missing", " 件の変更が失われました"),
    ("that may not last: ", "長くはもたないかもしれません: "),
    (
        "what was changed after it is missing",
        "その後の変更は失われました",
    ),
    ("the damaged file is ", "壊れたファイルは "),
    (
        "files set aside are kept: once nothing is missed, remove ",
        "よけておいたファイルがあります。足りないものがないと分かったら削除してください: ",
    ),
    (
        "how long the vault was to stay locked is not known: ",
        "いつまでロックしておくはずだったか分かりません: ",
    ),
    (
        "there is no copy of the vault for today: ",
        "今日の保管庫のコピーがありません: ",
    ),
    (
        ": give it back its name, ",
        " のものです。名前を戻してください: ",
    ),
    (" is the vault of ", " は別の名前の保管庫で、"),
    ("the vault is damaged", "保管庫が壊れています"),
    (" is damaged in line ", " が壊れています。行: "),
    (" is damaged", " が壊れています"),
    (" is missing", " がありません"),
    ("cannot keep ", "取っておけません: "),
    ("cannot write ", "書き込めません: "),
    ("cannot read ", "読み取れません: "),
    ("cannot remove ", "削除できません: "),
    ("cannot open ", "開けません: "),
    ("cannot make ", "作れません: "),
    ("cannot rename ", "名前を変えられません: "),
    // What locks the vault.
    (
        "a screen saver that locks the screen is not noticed on this system",
        "このシステムでは画面のロックに気付けません",
    ),
    (
        "a screen saver that locks the screen is not noticed: ",
        "画面のロックに気付けません: ",
    ),
    (
        "a screen saver that locks the screen may be noticed too late: ",
        "画面のロックに気付くのが遅れることがあります: ",
    ),
    (
        "a session that is locked, left or ended is not noticed on this system",
        "このシステムではセッションのロック、切り替え、終了に気付けません",
    ),
    (
        "a session that is locked, left or ended is not noticed: ",
        "セッションのロック、切り替え、終了に気付けません: ",
    ),
    (
        "a session that is locked, left or ended may be noticed too late: ",
        "セッションのロック、切り替え、終了に気付くのが遅れることがあります: ",
    ),
    (
        "a system that goes to sleep is not noticed on this system",
        "このシステムではシステムのスリープに気付けません",
    ),
    (
        "a system that goes to sleep is not noticed: ",
        "システムのスリープに気付けません: ",
    ),
    (
        "a system that goes to sleep may be noticed too late: ",
        "システムのスリープに気付くのが遅れることがあります: ",
    ),
    (
        "logind does not wait for the lock before it sleeps",
        "logind がロックを待たずにスリープします",
    ),
    (
        "logind is not on the system bus",
        "システムバスに logind がありません",
    ),
    (
        "logind knows no session of this user",
        "logind にこの利用者のセッションがありません",
    ),
    (
        "no screen saver is on the session bus",
        "セッションバスにスクリーンセーバーがありません",
    ),
    (
        "the session bus cannot be reached",
        "セッションバスに接続できません",
    ),
    (
        "the system bus cannot be reached",
        "システムバスに接続できません",
    ),
    (
        "the session bus does not answer",
        "セッションバスが応答しません",
    ),
    (
        "the system bus does not answer",
        "システムバスが応答しません",
    ),
    ("the answer is a refusal", "要求が断られました"),
    ("locked for another ", "ロック解除の拒否が続く秒数: "),
    // Warnings.
    (
        "the clock shows a date before 2020: codes will be wrong",
        "時計が 2020 年より前を指しています。コードは正しくなりません",
    ),
    (
        "the clock was set back: a later code than that of now was handed out",
        "時計が戻されました。今より先のコードを渡しています",
    ),
    (
        "the keys' memory can be swapped out: raise the limit of locked memory",
        "キーのメモリーがスワップされることがあります。固定できるメモリーの上限を上げてください",
    ),
    (
        "the state file could not be written: an older vault would not be noticed",
        "状態ファイルを書けません。古い保管庫と取り替えられても気付けません",
    ),
    // Keyrings and hardware.
    (
        "there is a slot of that name already",
        "その名前のスロットはすでにあります",
    ),
    (
        "the slot does not open this vault",
        "このスロットで開くのは別の保管庫です",
    ),
    ("the keyring cannot be used", "キーリングを使えません"),
    ("the keyring is locked", "キーリングがロックされています"),
    (
        "the keyring does not answer",
        "キーリングの応答がありません",
    ),
    (
        "the keyring does not hold the vault's secret",
        "保管庫の鍵がキーリングにありません",
    ),
    (
        "nobody on the session bus keeps one",
        "セッションにキーリングがありません",
    ),
    (
        "it has no default collection",
        "既定のキーリングがありません",
    ),
    (
        "the plugin is not there",
        "プラグインのプログラムがありません",
    ),
    ("cannot run the plugin", "プラグインを起動できません"),
    (
        "the program's line must begin with a program: no shell reads it",
        "プログラムの行はプログラム名で始めてください (シェルは読みません)",
    ),
    (
        "{id} must stand outside of what a shell runs: ",
        "{id} はシェルが実行する部分の外に書いてください: ",
    ),
    (
        "the program's line has a quotation mark without its end",
        "プログラムの行の引用符が閉じられていません",
    ),
    (
        "a program needs a line that lists, and one that gives a code or a URI",
        "プログラムには、一覧を表示する行と、コードか URI を表示する行が必要です",
    ),
    (
        "the line that gives a code or a URI lacks {id}",
        "コードか URI を表示する行に {id} がありません",
    ),
    (
        "a source is called by one to 32 of a-z 0-9 -, not beginning or ending with -",
        "ソースの名前は a-z 0-9 - の 1 から 32 文字です (- で始めたり終えたりできません)",
    ),
    (
        " has failed (exit status: ",
        " が失敗しました (終了コード: ",
    ),
    ("cannot run ", "起動できません: "),
    (
        "the folder must be one below the store",
        "フォルダーはストアの下のものを指定してください",
    ),
    (
        "a store must be named by its absolute path",
        "ストアは絶対パスで指定してください",
    ),
    (
        "there are 32 sources already",
        "ソースはすでに 32 件あります",
    ),
    (
        "the plugin ended before it was done",
        "プラグインが途中で終了しました",
    ),
    (
        "the plugin does not speak as age plugins do",
        "age のプラグインではありません",
    ),
    ("the plugin does not answer", "プラグインの応答がありません"),
    (
        "the plugin's key does not open the slot",
        "別のハードウェアの鍵です。このスロットは開きません",
    ),
    ("the plugin says", "プラグインからの知らせ"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cause_hides_a_longer_one_that_stands_behind_it() {
        for (place, (first, japanese)) in CAUSES.iter().enumerate() {
            assert!(!japanese.is_empty(), "{first}");
            for (later, _) in CAUSES.iter().skip(place + 1) {
                assert!(!later.contains(first), "{first} comes before {later}");
            }
        }
    }
}
