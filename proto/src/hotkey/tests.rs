use super::*;

fn read(json: &str) -> Result<Hotkeys, serde_json::Error> {
    serde_json::from_str(json)
}

#[test]
fn keys_are_read_in_any_case_and_written_in_one() {
    for (text, shown, trigger, keysym) in [
        ("Ctrl+Alt+O", "Ctrl+Alt+O", "CTRL+ALT+o", 0x6f),
        ("alt+control+o", "Ctrl+Alt+O", "CTRL+ALT+o", 0x6f),
        ("Super+Shift+F9", "Shift+Super+F9", "SHIFT+LOGO+F9", 0xffc6),
        ("F12", "F12", "F12", 0xffc9),
        ("Print", "Print", "Print", 0xff61),
        ("Meta+page_up", "Super+PageUp", "LOGO+Page_Up", 0xff55),
        ("Ctrl+5", "Ctrl+5", "CTRL+5", 0x35),
        ("Alt+enter", "Alt+Enter", "ALT+Return", 0xff0d),
        ("Ctrl+Delete", "Ctrl+Delete", "CTRL+Delete", 0xffff),
    ] {
        let keys: Keys = text.parse().unwrap();
        assert_eq!(
            (
                keys.to_string().as_str(),
                keys.trigger().as_str(),
                keys.keysym()
            ),
            (shown, trigger, keysym)
        );
    }
    for text in [
        "",
        "O",
        "Shift+O",
        "5",
        "Space",
        "Delete",
        "Enter",
        "Ctrl+",
        "+O",
        "Ctrl++O",
        "Ctrl+Ctrl+O",
        "Ctrl+OO",
        "Ctrl+F0",
        "Ctrl+F25",
        "Hyper+O",
        "Ctrl+é",
        "Ctrl O",
    ] {
        assert!(text.parse::<Keys>().is_err(), "{text}");
    }
}

#[test]
fn a_line_says_what_is_done_and_nothing_that_does_not_belong_to_it() {
    let table = read(
        r#"{"Ctrl+Alt+O":{"do":"pick"},"Ctrl+Alt+G":{"entry":"github","do":"notify"},
        "F9":{"entry":"b","do":"script","script":"{USER}{TAB}{CODE}{BS 2}{WAIT 50}{ENTER}x"}}"#,
    );
    let table = table.unwrap();
    assert_eq!(table.all().len(), 3);
    assert_eq!(table.all()[1].action, Action::Notify("github".into()));
    for wrong in [
        r#"{"do":"pick","entry":"x"}"#,
        r#"{"do":"notify"}"#,
        r#"{"entry":"x"}"#,
        r#"{"do":"shout","entry":"x"}"#,
        r#"{"do":"notify","entry":""}"#,
        r#"{"do":"notify","entry":"a\nb"}"#,
        r#"{"do":"notify","entry":"x","window":"y"}"#,
        r#"{"do":"type","entry":"x","script":"{CODE}"}"#,
        r#"{"do":"script","entry":"x"}"#,
        r#"{"do":"script","entry":"x","script":"{KODE}"}"#,
        r#"{"do":"script","entry":"x","script":"{CODE"}"#,
        r#"{"do":"script","entry":"x","script":"CODE}"}"#,
        r#"{"do":"script","entry":"x","script":"{CODE 2}"}"#,
        r#"{"do":"script","entry":"x","script":"{WAIT -1}"}"#,
        r#"{"do":"pick","colour":"x"}"#,
    ] {
        let table = format!("{{\"Ctrl+O\":{wrong}}}");
        assert!(read(&table).is_err(), "{wrong}");
    }
    let twice = r#"{"Ctrl+Alt+O":{"do":"pick"},"Alt+Ctrl+o":{"do":"pick"}}"#;
    assert!(read(twice).is_err());
}
