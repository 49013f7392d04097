//! Japanese.

use super::Deed;
use crate::failure::{Failure, Usage, Way};

pub(super) const HELP: &str = "\
otp-desktop: otpctl のための画面、クリップボード、項目の選択、ホットキー

otp-desktop grab [--timeout 秒] [--via x11|portal|grim|system]
    すべてのモニターの画像: Netpbm、またはデスクトップが作成した PNG
otp-desktop clip [--then-clear]
    クリップボードの画像またはテキストをそのまま出力します。
    --then-clear: stdin の行「clear」で、内容が変わっていなければ空にします
otp-desktop pick [--terminal]
    stdin の名前（1 行に 1 つ）から、ウィンドウまたは端末で選んでもらい、その番号
    （0 から）を出力します
otp-desktop copy [--terminal]
    stdin の {\"code\":…,\"valid_for\":…} のコードをクリップボードに置き、期限までに消します。
    --terminal: 端末に渡します（OSC 52）。端末からは消せません
otp-desktop type [--window パターン]
    stdin の {\"script\":\"{USER}{TAB}{CODE}{ENTER}\",\"code\":…,\"user\":…} を入力します
    （{BS n} {WAIT ms} も可）。--window: タイトルまたはクラスが合うときだけ
otp-desktop [run] [--linger 秒]
    otpd.toml の [hotkeys] のとおりに動き、画面がこの秒数（60）なくなると終了します
otp-desktop --version | --help        --language en|ja: メッセージの言語

画像の出力先はパイプだけです。ファイルや端末には出力しません。終了ステータス: 0 成功、
1 失敗、2 使い方の誤り、3 フォーカスが別のウィンドウにある、5 途中で保管庫がロックされた、6 あなたまたはデスクトップによる
拒否、8 クリップボードに使えるものがない
";

pub(super) fn cause(failure: &Failure) -> String {
    match failure {
        Failure::Usage(usage) => wrong(*usage),
        Failure::NotAPipe => {
            "画面の内容はパイプだけに出力します（ファイルや端末には出力しません）".into()
        }
        Failure::OutputClosed | Failure::NoCode => String::new(),
        Failure::System(reason) => reason.clone(),
        Failure::NoSession => {
            "グラフィカルセッションがありません（WAYLAND_DISPLAY も DISPLAY も未設定です）".into()
        }
        Failure::Display(reason) => format!("ディスプレイサーバーと通信できません: {reason}"),
        Failure::Guest => {
            "この X サーバーは Wayland セッションの中で動いており、画面全体が見えません".into()
        }
        Failure::Pixels(depth) => format!("{depth} ビットのピクセルは読み取れません"),
        Failure::Refused => "あなたまたはデスクトップが拒否しました".into(),
        Failure::Missing(way) => format!("{}はここでは使えません", name(*way)),
        Failure::Failed(way, reason) => format!("{}が失敗しました: {reason}", name(*way)),
        Failure::TimedOut(way) => format!("{}が時間内に応答しませんでした", name(*way)),
        Failure::Interrupted => "中断されました".into(),
        Failure::BadPlace => {
            "スクリーンショットポータルの返した場所はローカルファイルではありません".into()
        }
        Failure::Both(first, last) => format!("{}。{}", cause(first), cause(last)),
        Failure::LeftBehind(reason) => {
            format!("デスクトップが作成した画像を削除できません: {reason}")
        }
        Failure::Empty => "クリップボードは空です".into(),
        Failure::Unusable => "クリップボードに画像もテキストもありません".into(),
        Failure::SilentOwner => "クリップボードの内容を持つプログラムが応答しません".into(),
        Failure::TooLarge(most) => format!("クリップボードの内容が {most} MiB を超えています"),
        Failure::NoClipboard => {
            "このデスクトップでは、フォーカスのあるウィンドウだけがクリップボードを読めます".into()
        }
        Failure::NotCleared(reason) => format!("クリップボードを空にできません: {reason}"),
        Failure::Settings(reason) => format!("設定に誤りがあります: {reason}"),
        Failure::NoPicker => {
            "選ぶためのプログラムがありません（fuzzel、wofi、rofi、bemenu、dmenu）".into()
        }
        Failure::Picker(name, reason) => format!("{name} で選べません: {reason}"),
        Failure::NotChosen(None) => "何も選ばれませんでした".into(),
        Failure::NotChosen(Some(said)) => format!("何も選ばれませんでした（{said}）"),
        Failure::NotOffered => "選ばれたものは一覧にありません".into(),
        Failure::NotCopied(reason) => format!("クリップボードに置けません: {reason}"),
        Failure::BadOrder => "標準入力の指示が正しくありません".into(),
        Failure::NoAgent(reason) => {
            format!("otpd に接続できないため、保管庫のロックを知ることができません: {reason}")
        }
        Failure::Locked => "途中で保管庫がロックされました".into(),
        Failure::NoFocus => "フォーカスのあるウィンドウがありません".into(),
        Failure::OtherWindow => "フォーカスは別のウィンドウにあります".into(),
        Failure::FocusMoved => "フォーカスが別のウィンドウに移りました".into(),
        Failure::NoWindows => {
            "このデスクトップでは、どのウィンドウにフォーカスがあるか分かりません".into()
        }
        Failure::KeysDown => "Ctrl や Alt などのキーが押されたままです".into(),
        Failure::KeyboardTaken => {
            "ほかのプログラムがキーボードを占有しています（画面のロック、開いたメニュー）".into()
        }
        Failure::NoKey => "キーボードで入力できない文字があります".into(),
        Failure::NoTerminal => "端末がありません".into(),
        Failure::Unsupported => "このシステムではまだ使えません".into(),
    }
}

pub(super) fn hint(failure: &Failure, deed: Deed) -> Option<&'static str> {
    if deed == Deed::Copy {
        let is_elsewhere = matches!(failure, Failure::NoSession | Failure::NoClipboard);
        return is_elsewhere.then_some("otpctl get 検索語 --osc52");
    }
    if deed == Deed::Type {
        let is_missing = matches!(failure, Failure::Missing(_) | Failure::Both(..));
        return is_missing.then_some("otpctl get 検索語 --copy");
    }
    if deed == Deed::Pick && matches!(failure, Failure::NoSession) {
        return Some("otpctl get 検索語");
    }
    if deed == Deed::Run {
        return None;
    }
    let hint = if matches!(failure, Failure::NoSession) {
        "otpctl add --image ファイル"
    } else if matches!(failure, Failure::Guest) {
        "otpctl add --clipboard"
    } else if matches!(failure, Failure::NoPicker) {
        "man otpd.toml の [pick]"
    } else if matches!(
        failure,
        Failure::Both(..) | Failure::TimedOut(_) | Failure::NoClipboard
    ) {
        "スクリーンショットを保存してから: otpctl add --image ファイル"
    } else {
        return None;
    };
    Some(hint)
}

fn wrong(usage: Usage) -> String {
    match usage {
        Usage::UnknownVerb => "不明なコマンドです（grab、clip、pick、copy、type、run）".into(),
        Usage::UnknownOption => "ここでは使えないオプションまたは引数があります".into(),
        Usage::BadValue(option) => format!("{option} の値が正しくありません"),
        Usage::NeedsValue(option) => format!("{option} には値が必要です"),
    }
}

fn name(way: Way) -> &'static str {
    match way {
        Way::X11 => "X11",
        Way::Portal => "スクリーンショットポータル",
        Way::Grim => "grim ",
        Way::Shortcuts => "ホットキーのポータル",
        Way::System => "システムのスクリーンショット",
        Way::Remote => "キー入力のポータル（RemoteDesktop）",
        Way::Wtype => "wtype ",
    }
}
