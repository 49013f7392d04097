//! The console's pages, in Japanese as the office manual shows them.

use std::fmt::Write as _;

use crate::service::{ACCOUNT, ISSUER, Mail, Refused};
use crate::support::random_key;

const STYLE: &str = "body{margin:0;font:16px/1.7 'VL PGothic',sans-serif;color:#222;background:#f4f6f8}\
header{background:#b3261e;color:#fff;padding:10px 24px;font-weight:bold}\
main{max-width:620px;margin:16px auto;padding:8px 24px 20px;background:#fff;border:1px solid #ccd}\
h1{font-size:22px}label{display:block;margin:10px 0}input{font:inherit;margin-left:8px;padding:3px 6px}\
button{font:inherit;padding:4px 14px;margin:4px 8px 4px 0}form{margin:6px 0}\
.note{background:#fff6d6;padding:6px 10px}.bad{color:#b3261e;font-weight:bold}";

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style><header>クラウド管理コンソール</header><main><h1>{title}</h1>{body}</main></html>"
    )
}

/// What is said about a code that was refused, or nothing.
fn complaint(refused: Option<Refused>) -> &'static str {
    match refused {
        None => "",
        Some(Refused::Wrong) => "<p class=\"bad\">コードが正しくありません。</p>",
        Some(Refused::Used) => {
            "<p class=\"bad\">このコードは使用済みです。次のコードを入力してください。</p>"
        }
        Some(Refused::Expired) => "<p class=\"bad\">コードの有効期限が切れています。</p>",
    }
}

/// A form with one field for a code.
fn code_form(action: &str, label: &str, button: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{action}\"><label>{label}\
         <input name=\"code\" autocomplete=\"off\" inputmode=\"numeric\"></label><button>{button}</button></form>"
    )
}

fn button(method: &str, action: &str, caption: &str) -> String {
    format!("<form method=\"{method}\" action=\"{action}\"><button>{caption}</button></form>")
}

pub(crate) fn login(is_wrong: bool) -> String {
    let body = "<form method=\"post\" action=\"/login\"><label>ユーザーID<input name=\"user\"></label>\
        <label>パスワード<input name=\"password\" type=\"password\"></label><button>ログイン</button></form>";
    let bad = if is_wrong {
        "<p class=\"bad\">IDまたはパスワードが正しくありません。</p>"
    } else {
        ""
    };
    page("ログイン", &format!("{bad}{body}"))
}

pub(crate) fn code(refused: Option<Refused>) -> String {
    let form = code_form("/code", "認証コード (6桁)", "ログイン");
    let lost = button(
        "post",
        "/code/emergency",
        "緊急アクセスコードをメールで送信",
    );
    let body = format!(
        "{}<p>認証アプリに表示されるコードを入力してください。</p>{form}<p>認証アプリを利用できない場合:</p>{lost}",
        complaint(refused)
    );
    page("認証コードの入力", &body)
}

pub(crate) fn emergency(refused: Option<Refused>) -> String {
    let form = code_form("/emergency", "緊急アクセスコード", "ログイン");
    page(
        "緊急アクセスコードの入力",
        &format!("{}{form}", complaint(refused)),
    )
}

pub(crate) fn home(is_enabled: bool) -> String {
    let nag = if is_enabled {
        "<p>2要素認証は有効です。</p>"
    } else {
        "<p class=\"note\">2要素認証が設定されていません。お早めに設定してください。</p>"
    };
    let (setup, out) = (
        button("get", "/2fa", "2要素認証の設定"),
        button("post", "/logout", "ログアウト"),
    );
    page("ホーム", &format!("{nag}{setup}{out}"))
}

pub(crate) fn before() -> String {
    let send = button("post", "/2fa/mail", "確認メールを送信");
    page(
        "2要素認証の設定",
        &format!("<p>登録メールアドレスに確認コードを送信します。</p>{send}"),
    )
}

pub(crate) fn confirm(refused: Option<Refused>) -> String {
    let form = code_form("/2fa/confirm", "確認コード", "次へ");
    let again = button("post", "/2fa/mail", "確認メールを再送信");
    page(
        "確認コードの入力",
        &format!("{}{form}{again}", complaint(refused)),
    )
}

pub(crate) fn device(is_shown: bool, refused: Option<Refused>) -> String {
    let qr = if is_shown {
        // Another address each time: a browser would show the last picture again.
        let number = random_key();
        format!("<p><img src=\"/2fa/qr.png?{number}\" alt=\"QRコード\"></p>")
    } else {
        button("get", "/2fa/device/qr", "QRコードを表示する")
    };
    let form = code_form("/2fa/enable", "認証コード (6桁)", "2要素認証を有効にする");
    let body = format!(
        "{}<p class=\"note\">QRコードは第三者に見られないようにしてください。</p>\
         <p>認証アプリでQRコードを読み取り、表示されたコードを入力してください。</p>{qr}{form}",
        complaint(refused)
    );
    page("認証アプリの登録", &body)
}

pub(crate) fn status() -> String {
    let (disable, change) = (
        button("post", "/2fa/disable", "無効にする"),
        button("post", "/2fa/change", "デバイスの変更"),
    );
    page(
        "2要素認証の状態",
        &format!(
            "<p>2要素認証: 有効</p><p>方式: 認証アプリ ({ISSUER} / {ACCOUNT})</p>\
             <p>登録メールアドレス: a***@example.co.jp</p>{disable}{change}"
        ),
    )
}

/// The mailbox, newest first; the time is UTC with the manual's note.
pub(crate) fn mailbox(mails: &[Mail]) -> String {
    let mut body = String::new();
    for mail in mails.iter().rev() {
        let minutes = mail.until / 60 % (24 * 60);
        write!(
            body,
            "<h2>{}</h2><p>コード: {} (一度だけ使えます)</p><p>有効期限: {:02}:{:02} UTC (日本時間は+9時間)</p>",
            mail.subject,
            mail.code,
            minutes / 60,
            minutes % 60
        )
        .unwrap();
    }
    page("受信トレイ", &body)
}
