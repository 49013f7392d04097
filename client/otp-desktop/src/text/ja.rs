//! Japanese.

use crate::failure::{Failure, Usage, Way};

pub(super) const HELP: &str = "\
otp-desktop: otpctl のために画面とクリップボードを読み取ります（otpctl が起動します）

otp-desktop grab [--timeout 秒] [--via x11|portal|grim|system]
    すべてのモニターの画像: Netpbm、またはデスクトップが作成した PNG
otp-desktop clip [--then-clear]
    クリップボードの画像またはテキストをそのまま出力します。
    --then-clear: その後 stdin の行「clear」を待ち、内容が変わっていなければ
    クリップボードを空にします
otp-desktop --version | --help

--language en|ja    メッセージの言語

出力先はパイプだけです。ファイルや端末には出力しません。終了ステータス: 0 成功、1 失敗、
2 使い方の誤り、6 あなたまたはデスクトップによる拒否、8 クリップボードに使えるものがない
";

pub(super) fn cause(failure: &Failure) -> String {
    match failure {
        Failure::Usage(usage) => wrong(*usage),
        Failure::NotAPipe => {
            "画面の内容はパイプだけに出力します（ファイルや端末には出力しません）".into()
        }
        Failure::OutputClosed => String::new(),
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
    }
}

pub(super) fn hint(failure: &Failure) -> Option<&'static str> {
    let hint = if matches!(failure, Failure::NoSession) {
        "otpctl add --image ファイル"
    } else if matches!(failure, Failure::Guest) {
        "otpctl add --clipboard"
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
        Usage::NoVerb => "コマンドがありません（grab、clip）".into(),
        Usage::UnknownVerb => "不明なコマンドです（grab、clip）".into(),
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
        Way::System => "システムのスクリーンショット",
    }
}
