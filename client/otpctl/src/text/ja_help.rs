//! Japanese: what `--help` prints, at most 24 lines of 80 columns.

use crate::cli::Verb;

#[expect(clippy::too_many_lines, reason = "a text for each verb")]
pub(super) fn help(verb: Option<Verb>) -> &'static str {
    let Some(verb) = verb else {
        return "\
使い方: otpctl 動作 [オプション]        otpctl help 動作 で詳しい説明

  init             保管庫を作る           unlock, lock     開ける、閉じる
  passwd           パスフレーズの変更     status           エージェントの状態
  add              キーを保存する         get 検索語       コードを出す
  list [検索語]    項目の一覧             show 検索語      項目の説明
  edit 検索語      項目の変更             remove 検索語    ごみ箱に移す
  restore ID       ごみ箱から戻す         version          版
  import ファイル  キーの取り込み         export ファイル  キーの書き出し
  backup ファイル  保管庫の控え           restore-backup ファイル   控えを戻す
  backups list     自動の控えの一覧       notify 検索語    コードを通知で見せる
  qr read, show    QR コード              pick [検索語]    項目を選ぶ
  completions シェル, man  補完、手引き   recovery-codes add, list, use
  doctor           問題を探す             slots, recovery-key, rekey   開け方
  run -- コマンド, inject, pass-otp       他のプログラムのためのコード
  source add, list, remove, sync          ほかにある項目を表示

検索語は ID、発行者:アカウント、発行者、アカウント、または名前の一部です。

      --json             プログラム向けの出力
  -q, --quiet, --no-start     結果だけを出す、otpd を起動しない
      --prompt, --no-prompt   エージェントの入力画面を許す、何も尋ねない
      --passphrase-fd N  この記述子からパスフレーズを 1 行ずつ読む
  -h, --help    -V, --version
";
    };
    match verb {
        Verb::Init => {
            "\
使い方: otpctl init [--generate]

保管庫を作り、開いたままにします。パスフレーズは端末で尋ねます。標準入力が端末で
なければ、そこから 1 行を読みます。回復キーは標準出力に一度だけ出ます。印刷する
か書き留めてください。

      --generate   6 語のパスフレーズ (73 ビット) を提案する
"
        }
        Verb::Unlock => {
            "\
使い方: otpctl unlock [--slot 名前 | --vault 名前]

パスフレーズまたは回復キーで保管庫を開けます。端末で尋ねます。標準入力が端末で
なければ、そこから 1 行を読みます。

      --slot 名前    ハードウェアのこのスロットで開けます (otpctl slots list)。
                     PIN などプラグインの求めるものはここで尋ねます
      --vault 名前   複数の保管庫のうちこれを使います。他は残してよけておきます
"
        }
        Verb::Lock => {
            "\
使い方: otpctl lock [--for 時間]

キーをメモリーから消します。次のコードにはパスフレーズが必要です。

      --for 時間   その間 (30m、8h、2d など、最長 1 年、スリープ中も数える) は
                   解除をすべて拒みます。0 で取り消せます。うっかり開けないため
                   のもので、エージェントを止められる人への守りではありません。
                   エージェントを起動し直しても続きます
"
        }
        Verb::Status => {
            "\
使い方: otpctl status [--json]

ロックの有無といつからいつまでか、何がロックしたか、連動してロックするもの、
メモリーの保護、自動バックアップの新しさ、時計の同期、動いている otpd とその場所
を示します。
JSON のキー: locked, vault, version, protocol, pid, memory, rollback, entries,
since, locks_in, locks_by, locked_by, unlocked_by, lock_sources, socket,
backup_age, clock_synchronised, warnings
"
        }
        Verb::Passwd => {
            "\
使い方: otpctl passwd

パスフレーズを変更します。現在のもの (または回復キー)、次に新しいものを 2 回尋ね
ます。標準入力が端末でなければ、現在のものと新しいものを 1 行ずつ読みます。
回復キーはそのまま使えます。
"
        }
        Verb::Version => {
            "\
使い方: otpctl version

otpctl と、動いている otpd の版を出します。
"
        }
        Verb::Add => {
            "\
使い方: otpctl add [オプション]

otpauth の URI か base32 のキーを、端末、標準入力、QR コードから読み、保存しま
す。端末では最初のコードを表示し、ページで受け付けられたら保存します。キーが複数
あるときは選べます。

      --screen             すべての画面から QR コードを探す
      --clipboard          クリップボードの画像か URI を読み、その後消去する
      --image ファイル...  画像 (PNG, JPEG, WebP, GIF, BMP)。- は標準入力
      --issuer 名前        サービスの名前
      --account 名前       サービスでのお名前
      --type 種類          totp, hotp, steam
      --algorithm ハッシュ SHA1, SHA256, SHA512
      --digits N           1 から 9
      --period 秒          1 から 86400
      --counter N          次のカウンター (hotp)
      --tag 語             何度でも指定できます
      --note 文            メモ
      --yes                尋ねずに保存する

キーはコマンドラインに書けません。他のプログラムから読めるためです。
"
        }
        Verb::Get => {
            "\
使い方: otpctl get 検索語 [オプション]

コードと改行だけを標準出力に出します。複数が当てはまれば標準エラーに並べ、終了
コードは 4 です。ロック中は、標準入力と標準エラーが端末ならパスフレーズを尋ね、
そうでなければ終了コード 5 です。

      --next          次のコードも出す
      --min-left 秒   残り時間がこれ以上のコードを待つ
      --fresh         同じコードを二度出さない。次のコードを待つ
      --copy          クリップボードに置き、期限が切れたら消す
      --osc52         SSH の先から端末に渡す。端末からは消せない
      --type          フォーカスのある欄に入力する
      --script, --window  手順 {USER}{TAB}{CODE}{ENTER} と対象のウィンドウ
      --script -      手順を標準入力から読む
      --notify        notify と同じく、通知で見せる
      --json          id, code, valid_for, next。--copy では clears_in も
"
        }
        Verb::Notify => {
            "\
使い方: otpctl notify 検索語 [--json]

コードを通知で見せます。通知は、コードの期限が切れるか、保管庫か画面がロックされ
ると消えます。デスクトップのキーに割り当てるには:

      otpctl --prompt notify 検索語

      --json   id, valid_for
"
        }
        Verb::Pick => {
            "\
使い方: otpctl pick [検索語] [--notify] [--json]

項目を選んでもらい、そのコードを出します。端末がなければ通知で見せます。otpd の
起動後によく使われた項目から順に並びます。端末では fzf（あれば）、それ以外では
fuzzel、wofi、rofi、bemenu、dmenu のうち最初に見つかったものを使います。別のもの
は otpd.toml の [pick] に書きます。デスクトップのキーに割り当てるには:

      otpctl --prompt pick

      --copy, --osc52, --type   get と同じ
      --notify          端末でも、コードを通知で見せる
      --json            get または notify と同じ
"
        }
        Verb::List => {
            "\
使い方: otpctl list [検索語] [--json | --names | --format 形式] [--trash]

項目の ID、発行者、アカウント、種類を並べます。コードもキーも出しません。

      --names   1 行に 1 つの名前。メニュー向け: otpctl list --names | fzf
      --format json|rofi|fuzzel|alfred|raycast
                他のプログラムのメニュー向け。よく使う順。コードは含まない
      --trash   ごみ箱の中の項目
      --json    id, issuer, account, type, algorithm, digits, period または
                counter, tags
"
        }
        Verb::Show => {
            "\
使い方: otpctl show 検索語 [--json]

項目の説明を出します。キーは出しません。
"
        }
        Verb::Edit => {
            "\
使い方: otpctl edit 検索語 オプション

項目を変更します。指定しなかったものはそのままです。

      --issuer 名前        サービスの名前
      --account 名前       サービスでのお名前
      --type 種類          totp, hotp, steam
      --algorithm ハッシュ SHA1, SHA256, SHA512
      --digits N           1 から 9
      --period 秒          1 から 86400
      --counter N          次のカウンター (hotp)
      --tag 語             今のタグをすべて置き換える
      --note 文            メモ。空にすると消えます
"
        }
        Verb::Remove => {
            "\
使い方: otpctl remove 検索語 [--purge] [--yes]

項目をごみ箱に移します。30 日間は otpctl restore で戻せます。

      --purge   ごみ箱とバックアップの中も含めて、キーを完全に破棄する。
                別の保管庫の控えは読めないので、削除する
      --yes     尋ねない
"
        }
        Verb::Restore => {
            "\
使い方: otpctl restore ID

ごみ箱から項目を戻します。otpctl list --trash で分かる ID か番号 (tr-1) を指定
します。
"
        }
        Verb::Import => {
            "\
使い方: otpctl import ファイル [オプション]

1 行に 1 つの otpauth URI が並んだファイルのキーを一度に取り込みます。すでにある
項目 (キー、種類、アルゴリズム、桁数、周期が同じもの) は除きます。
キーではない行があれば、その番号を示し、何も保存しません。
ファイルに - を指定すると標準入力を読みます。

      --format 名前   ファイルの形式。指定しなければ自動で判別します
      --dry-run       何が起こるかだけを示す
      --skip-bad      正しい行だけを保存する
      --json          added, duplicates, same_key, skipped
"
        }
        Verb::Export => {
            "\
使い方: otpctl export ファイル [--format otpauth] [--force]

すべてのキーを暗号化せずに、1 行に 1 つの otpauth URI として書き出します。
パスフレーズをもう一度尋ねます。ファイルは新しく作られ、他の利用者は読めません
(0600)。- は標準出力です。

      --force   今あるファイルを置き換える
"
        }
        Verb::Backup => {
            "\
使い方: otpctl backup ファイル [--force]

暗号化された保管庫を 1 つのテキストファイルに書き、読み直して確認します。
パスフレーズか回復キーで開けます。- は標準出力です。

      --force   今あるファイルを置き換える
"
        }
        Verb::BackupsList => {
            "\
使い方: otpctl backups list

otpd が自動で作るバックアップを新しい順に出します。直近の 10 世代と、変更が
あった日ごとの 1 か月分です。otpctl restore-backup --from 名前 で戻せます。
--json では name、generation、written (1970 年からの秒数)、bytes、current です。
"
        }
        Verb::RestoreBackup => {
            "\
使い方: otpctl restore-backup ファイル | --from 名前 [--dry-run] [--yes]

バックアップを保管庫に戻します。その前に何が変わるかを示します。otpctl backup で
作ったファイル (パスフレーズか回復キーで開きます) か、自動バックアップです。今の
保管庫は開いていなければならず、自動バックアップとして残ります。別の保管庫だった
場合は、次の remove --purge までです。カウンターは戻りません。

      --from 名前   自動バックアップ (otpctl backups list)。last は最後の変更前
      --dry-run     何が変わるかを示すだけで、何も変更しない
      --yes         尋ねない
"
        }
        Verb::QrRead | Verb::QrShow => {
            "\
使い方: otpctl qr read ファイル... | --screen | --clipboard
        otpctl qr show 検索語 [オプション]

qr read は QR コードの内容を 1 行に 1 件ずつ出し、何も保存しません。ファイルに -
を指定すると標準入力を読みます。--json では text と source を出します。

qr show は項目の QR コードを、スマートフォンで読めるように端末に描きます。パスフ
レーズを再び尋ねます。この画像はキーそのもので、端末の履歴に残ります。

      --screen          すべての画面から読む
      --clipboard       クリップボードの画像を読む
      --png ファイル    画像に書く (モード 0600)
      --print ファイル  印刷用のページに書く (HTML、モード 0600)
      --invert          色なし、明るい端末用
      --force           すでにあるファイルを置き換える
"
        }
        Verb::CodesAdd | Verb::CodesList | Verb::CodesUse => {
            "\
使い方: otpctl recovery-codes add 検索語 [--replace]
        otpctl recovery-codes list 検索語 [--show]
        otpctl recovery-codes use 検索語

トークンを失ったときのためにサービスが発行する、1 回限りのコードを、項目とともに
暗号化して保管します。

add は標準入力か端末から読みます。1 行に 1 つでも空白区切りでも、貼り付けたまま
で構いません (番号や記号は除きます)。list は残りの数を示します。use は次のコード
を出します。出す前に、使用済みであることをディスクに記録します。

      --replace   サービスが再発行した: 今のコードを捨てる
      --show      コードも示す。パスフレーズを再び尋ねる
      --json      id, left, total と、added, code または codes (code, used)
"
        }
        Verb::SlotsList | Verb::SlotsAdd | Verb::SlotsTest | Verb::SlotsRemove => {
            "\
使い方: otpctl slots list | add 種類 | test 名前 | remove 名前
        otpctl slots add keyring | plugin プログラム ファイル

保管庫を開ける方法 (スロット) です。それぞれが単独で保管庫を開けます。

otpctl slots list は一覧を示します。--json では name, kind です。
otpctl slots add keyring は、otpd の起動時にセッションのキーリングで保管庫を
開くようにします。otpctl slots add plugin は、age-plugin-tpm などの age の
プラグインと、それが作った識別情報のファイル (- は標準入力) で、ハードウェアでも
保管庫が開くようにします (otpctl unlock --slot)。パスフレーズを尋ねます。
otpctl slots test は一つのスロットだけで保管庫を開けるか確かめます。
otpctl slots remove はスロットを削除します。パスフレーズを尋ねます。パスフレーズ
のスロットを削除するときは回復キーを尋ねます。どちらか一方は必ず残ります。
otpctl passwd でパスフレーズのスロットを作り直せます。

      --name 名前   ハードウェアのスロットをプラグインの名前でなくこう呼ぶ
"
        }
        Verb::SourceAdd | Verb::SourceList | Verb::SourceRemove | Verb::SourceSync => {
            "\
使い方: otpctl source add 名前 | list | remove 名前 | sync 名前

ほかのプログラムの項目を、読み取り専用で並べて表示します。list、get、pick、
notify で使え、それぞれに元の名前が付きます。データベースは変更のたびに読み、
パスワードは尋ねるか標準入力の 1 行で、保管庫がロックされると忘れます
(otpctl source sync 名前 でまた尋ねます)。ほかのプログラムにはコードのたびに
尋ねます。otpctl source list は状態を示します。--json では name, kind, place,
state, entries, since, cause です。otpctl source remove は表示をやめます。

      --kdbx ファイル       KeePass や KeePassXC のデータベース
      --key-file ファイル   そのキーファイル
      --no-password         キーファイルだけで開く
      --remember            パスワードを保管庫に残す
      --pass, --gopass      pass や gopass の保存場所
      --store フォルダー    それがほかの場所にあるとき
      --folder 名前         その中で項目のあるフォルダー
      --command 行          id TAB 発行者 TAB アカウントを出す行 (シェルなし)
      --code 行             項目 {id} のコードを出す行
      --uri 行              代わりに URI を出す行
      --preset 名前         rbw, bw, op, proton, openbao 用の決まった行
"
        }
        Verb::KeyShow | Verb::KeyRenew | Verb::KeyPrint => {
            "\
使い方: otpctl recovery-key renew | print ファイル | show [--force]

回復キーは、パスフレーズを失ったときに保管庫を開けるものです。どこにも保存されて
いないため、otpctl recovery-key show はそれを伝えるだけです。

otpctl recovery-key renew は新しく作り、一度だけ表示します。端末では、紙に控えた
かどうかを尋ねます。
otpctl recovery-key print は新しく作り、QR コードとともに用紙に書き出します。
名前が .html なら印刷用のページ、ほかはテキストです。ファイルは - でも可です。

そのあと、以前の回復キーでこの保管庫は開かなくなります (古いバックアップは
開きます)。人に見られたときは otpctl rekey --drop-backups。パスフレーズを尋ね
ます。

      --force   すでにあるファイルを置き換える
"
        }
        Verb::Rekey => {
            "\
使い方: otpctl rekey [--drop-backups]

保管庫の鍵を新しくします。以前の鍵を誰かに見られたかもしれないときに使います。
パスフレーズは変わりません。新しい回復キーを一度だけ表示します。入力しない
スロットはなくなります。すべて一度に書き込まれるか、何も変わらないかです。

      --drop-backups   以前の鍵でしか開けないバックアップを削除する。端末では
                       尋ね、端末がなければ残す
"
        }
        Verb::Doctor => {
            "\
使い方: otpctl doctor [--json]

プログラム、ソケット、エージェント、保管庫、メモリー、時計を 1 行ずつ調べ、対処
を示します。問題があれば終了コードは 1 です。
"
        }
        Verb::Run => {
            "\
使い方: otpctl run [--env-file ファイル] [--fresh] [--min-left 秒] -- コマンド

環境変数にコードを入れてコマンドを実行します。ファイルの中の参照と、値の全体が
参照である変数が置き換わります。参照は otp://検索語 または otp://発行者/名前
で、空白は %20 と書きます。ファイルは NAME=VALUE の行です。

      TOKEN=otp://github/me otpctl run -- sh -c 'echo \"$TOKEN\" | login'

コードはすぐに切れるので、すぐに使うコマンドに向きます。終了コードはそのコマンド
のものです。
"
        }
        Verb::Inject => {
            "\
使い方: otpctl inject [ファイル] [--fresh] [--min-left 秒]

ファイルまたは標準入力の文章を、参照をコードに置き換えて標準出力に写します。
参照は otp://検索語、otp://発行者/名前、または {{ otp://発行者/名前 }} です。
最後の形では名前に空白があっても構いません。1 つでもコードがなければ何も
書きません。

      echo 'pass=secret otp=otp://vpn' | otpctl inject
"
        }
        Verb::PassOtp => {
            "\
使い方: otpctl pass-otp [code] [-c] 名前
       otpctl pass-otp insert [-f] [-s -i 発行者 -a アカウント] [名前]
       otpctl pass-otp append [-f] [-s -i 発行者 -a アカウント] 名前
       otpctl pass-otp uri [-q] 名前
       otpctl pass-otp validate

pass の拡張 (pass otp) と同じ引数で、otpd の保管庫から答えます。pass の保管庫は
読みも書きもしません。名前は insert のときの名前、なければ フォルダー/名前 を
発行者とアカウント、それもなければ検索語とみなします。キーは標準入力から読むか
尋ねます。コマンドラインには書けません。uri はパスフレーズをもう一度尋ねます。
"
        }
        Verb::Completions => {
            "\
使い方: otpctl completions シェル

bash、zsh、fish の補完を出します。
"
        }
        Verb::Man => {
            "\
使い方: otpctl man [ページ]

マニュアルを出します: otpctl man | man -l -
"
        }
    }
}
