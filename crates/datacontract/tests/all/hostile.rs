//! Documents that are not well-formed, refused on principle, or made to cost.

use datacontract::{ErrorKind, Limit, Limits};

use crate::models::ResultVideoConferenceParticipant as Participant;
use crate::{CONTRACT, INSTANCE, NAMESPACE};

const ROOT: &str = "ResultVideoConferenceParticipant";

fn kind(document: impl AsRef<[u8]>) -> ErrorKind {
    match CONTRACT.read::<Participant>(document.as_ref()) {
        Ok(_) => panic!("accepted: {}", String::from_utf8_lossy(document.as_ref())),
        Err(error) => error.kind().clone(),
    }
}

fn within(content: &str) -> String {
    format!(r#"<{ROOT} xmlns="{NAMESPACE}" xmlns:i="{INSTANCE}">{content}</{ROOT}>"#)
}

/// `part` as often as `count`, each with its own number.
fn numbered(count: usize, part: &str) -> String {
    (0..count).map(|number| part.replace('#', &number.to_string())).collect()
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for content in [
        "<PersonName>",
        "</PersonName>",
        "<PersonName></PersonNam>",
        "<PersonName></PersonNames>",
        "<a><b></a></b>",
        "<a:b></b>",
        "<PersonName",
        "<PersonName/",
        "<PersonName / >",
        "< PersonName/>",
        "<1/>",
        "<a$/>",
        "<a b/>",
        "<a b=/>",
        "<a b=c/>",
        "<a b=\"c/>",
        "<a b='c\"/>",
        "<a b=\"<\"/>",
        "<a b=\"1\"c=\"2\"/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a xmlns:x=\"urn:a\" xmlns:x=\"urn:b\"/>",
        "<a xmlns=\"urn:a\" xmlns=\"urn:a\"/>",
        "<a xmlns:x=\"urn:a\" xmlns:y=\"urn:a\" x:b=\"1\" y:b=\"1\"/>",
        "<x:a/>",
        "<a x:b=\"1\"/>",
        "<x:y:a xmlns:x=\"urn:x\"/>",
        "<:a/>",
        "<a:/>",
        "<a :b=\"\"/>",
        "<a xmlns:=\"urn:x\"/>",
        "<a xmlns:x=\"\"/>",
        "<xmlns:a/>",
        "<a xmlns:xmlns=\"urn:x\"/>",
        "<a xmlns:xml=\"urn:x\"/>",
        "<a xmlns:x=\"http://www.w3.org/XML/1998/namespace\"/>",
        "<a xmlns=\"http://www.w3.org/2000/xmlns/\"/>",
        "<PersonName>]]></PersonName>",
        "<other>]]></other>",
        "<PersonName>&</PersonName>",
        "<PersonName>& </PersonName>",
        "<PersonName>&amp</PersonName>",
        "<PersonName>&;</PersonName>",
        "<PersonName>&#;</PersonName>",
        "<PersonName>&#x;</PersonName>",
        "<PersonName>&#X41;</PersonName>",
        "<PersonName>&#+65;</PersonName>",
        "<PersonName>&#-1;</PersonName>",
        "<PersonName>&#6 5;</PersonName>",
        "<a b=\"&\"/>",
        "<PersonName><![CDATA[</PersonName>",
        "<PersonName><![cdata[a]]></PersonName>",
        "<!-- a -- b -->",
        "<!-- a --->",
        "<!-- a",
        "<!->",
        "<!ELEMENT a>",
    ] {
        let kind = kind(within(content));
        assert!(matches!(kind, ErrorKind::Syntax(_)), "{content}: {kind}");
    }
    for document in [
        String::new(),
        " \n".to_owned(),
        "a".to_owned(),
        "<!-- a -->".to_owned(),
        format!("a{}", within("")),
        format!("{}a", within("")),
        format!("{}&#32;", within("")),
        format!("{}<![CDATA[]]>", within("")),
        format!("{0}{0}", within("")),
        format!("{}</{ROOT}>", within("")),
        format!("</{ROOT}>"),
        within("").replace(&format!("</{ROOT}>"), ""),
        format!("\u{FEFF}\u{FEFF}{}", within("")),
    ] {
        let kind = kind(&document);
        assert!(matches!(kind, ErrorKind::Syntax(_)), "{document}: {kind}");
    }
}

#[test]
fn the_declaration_is_read_at_the_very_start_only() {
    for declaration in [
        r#"<?xml version="1.0"?>"#,
        r"<?xml version='1.0' encoding='UTF-8'?>",
        "<?xml\tversion = \"1.0\"\n encoding=\"Utf-8\" standalone=\"yes\" ?>\r\n",
        "\u{FEFF}<?xml version=\"1.0\" standalone='no'?>",
        " \n<!-- a -->",
    ] {
        let document = format!("{declaration}{}", within(""));
        assert!(CONTRACT.read::<Participant>(document.as_bytes()).is_ok(), "{declaration}");
    }
    for declaration in [
        "<?xml ?>",
        "<?xml version=\"1.1\"?>",
        "<?xml encoding=\"utf-8\"?>",
        "<?xml version=\"1.0\"encoding=\"utf-8\"?>",
        "<?xml version=\"1.0\" standalone=\"maybe\"?>",
        "<?xml version=\"1.0\" other=\"1\"?>",
        "<?xml version=\"1.0\">",
        "<?xml version=1.0?>",
    ] {
        let kind = kind(format!("{declaration}{}", within("")));
        assert!(matches!(kind, ErrorKind::Syntax(_)), "{declaration}: {kind}");
    }
    for encoding in ["utf-16", "iso-8859-1", "", "utf8"] {
        let document = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{}", within(""));
        assert_eq!(kind(document), ErrorKind::EncodingRefused, "{encoding}");
    }
}

#[test]
fn what_could_reach_beyond_the_document_is_refused() {
    for (document, expected) in [
        (format!("<!DOCTYPE a>{}", within("")), ErrorKind::DtdRefused),
        (format!("<?xml version=\"1.0\"?>\n<!DOCTYPE a SYSTEM \"a\">{}", within("")), ErrorKind::DtdRefused),
        (within("<!DOCTYPE a>"), ErrorKind::DtdRefused),
        (within("<PersonName>&e;</PersonName>"), ErrorKind::EntityRefused),
        (within("<PersonName>&nbsp;</PersonName>"), ErrorKind::EntityRefused),
        (within("<other a=\"&e;\"/>"), ErrorKind::EntityRefused),
        (within("<other>&LT;</other>"), ErrorKind::EntityRefused),
        (within("&e;"), ErrorKind::EntityRefused),
        (format!("<?xml-stylesheet href=\"a\"?>{}", within("")), ErrorKind::ProcessingInstructionRefused),
        (format!(" <?xml version=\"1.0\"?>{}", within("")), ErrorKind::ProcessingInstructionRefused),
        (within("<?a?>"), ErrorKind::ProcessingInstructionRefused),
        (within("<PersonName><?a?></PersonName>"), ErrorKind::ProcessingInstructionRefused),
        (within("<other><?a?></other>"), ErrorKind::ProcessingInstructionRefused),
        (format!("{}<?a?>", within("")), ErrorKind::ProcessingInstructionRefused),
    ] {
        assert_eq!(kind(&document), expected, "{document}");
    }
}

#[test]
fn only_characters_of_xml_are_read() {
    for bytes in [&b"\xFF"[..], b"\xC0\x80", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"\xC3"] {
        let mut document = within("<PersonName>").into_bytes();
        document.truncate(document.len() - ROOT.len() - 3);
        document.extend_from_slice(bytes);
        assert_eq!(kind(&document), ErrorKind::NotUtf8);
    }
    let utf16: Vec<u8> = within("").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(kind([&b"\xFF\xFE"[..], &utf16].concat()), ErrorKind::NotUtf8));
    assert!(matches!(kind(utf16), ErrorKind::IllegalCharacter));
    for code in [0, 1, 8, 0xB, 0xC, 0xE, 0x1F, 0xFFFE, 0xFFFF] {
        let c = char::from_u32(code).unwrap();
        for content in [
            format!("<PersonName>{c}</PersonName>"),
            format!("<other a=\"{c}\"/>"),
            format!("<!--{c}-->"),
            format!("<PersonName><![CDATA[{c}]]></PersonName>"),
            format!("<PersonName>&#{code};</PersonName>"),
            format!("<other a=\"&#x{code:X};\"/>"),
        ] {
            assert_eq!(kind(within(&content)), ErrorKind::IllegalCharacter, "{content:?}");
        }
    }
    for reference in ["&#xD800;", "&#xDFFF;", "&#x110000;", "&#99999999999999999999;"] {
        let document = within(&format!("<PersonName>{reference}</PersonName>"));
        assert_eq!(kind(document), ErrorKind::IllegalCharacter, "{reference}");
    }
    let error = CONTRACT.read::<Participant>("<a>\né\u{1}</a>".as_bytes()).unwrap_err();
    assert_eq!((error.line(), error.column()), (2, 2));
    let error = CONTRACT.read::<Participant>(b"<a>\n\xC3\xA9\xFF</a>").unwrap_err();
    assert_eq!((error.line(), error.column()), (2, 2));
}

#[test]
fn limits_hold_to_the_last_unit() {
    let limits = Limits { bytes: 1000, depth: 5, elements: 7 };
    let contract = CONTRACT.with_limits(limits);
    let check = |document: &str, limit: Option<Limit>| {
        let kind = contract.read::<Participant>(document.as_bytes()).err().map(|error| error.kind().clone());
        assert_eq!(kind, limit.map(ErrorKind::LimitExceeded), "{document}");
    };
    let padded = |bytes: usize| format!("{}{}", within(""), " ".repeat(bytes - within("").len()));
    check(&padded(1000), None);
    check(&padded(1001), Some(Limit::Bytes));
    check(&within("<a><b><c><d/></c></b></a>"), None);
    check(&within("<a><b><c><d><e/></d></c></b></a>"), Some(Limit::Depth));
    check(&within(&"<a/>".repeat(6)), None);
    check(&within(&"<a/>".repeat(7)), Some(Limit::Elements));
    check(&within(&format!("<secondRequest>{}</secondRequest>", "<a></a>".repeat(6))), Some(Limit::Elements));

    let attributes = |count| {
        let attributes = numbered(count, " a#=''");
        CONTRACT.read::<Participant>(within(&format!("<a{attributes}/>")).as_bytes()).map(drop)
    };
    assert!(attributes(64).is_ok());
    let error = attributes(65).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::LimitExceeded(Limit::Attributes));

    // The root has two.
    let namespaces = |inner| {
        let outer = numbered(63, " xmlns:a#='urn:a'");
        let inner = numbered(inner, " xmlns:b#='urn:b'");
        let content = format!("<a{outer}><b{inner}/></a><a{outer}/>");
        CONTRACT.read::<Participant>(within(&content).as_bytes()).map(drop)
    };
    assert!(namespaces(63).is_ok());
    let error = namespaces(64).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::LimitExceeded(Limit::Namespaces));
}

/// Nothing here may take long, overflow the stack, or hold more memory than the document has bytes.
#[test]
fn documents_made_to_cost_are_cheap() {
    let mebibyte = 1 << 20;
    let filled = |part: &str| part.repeat((mebibyte - 1000) / part.len());
    for content in [
        filled("<a>"),
        filled("<a/>"),
        filled("<!---->"),
        filled("&amp;"),
        filled("]]"),
        filled("]"),
        filled("\r"),
        format!("<PersonName>{}</PersonName>", filled("]]")),
        format!("<PersonName>{}</PersonName>", filled("<![CDATA[]]>")),
        format!("<PersonName>{}</PersonName>", filled("<!---->")),
        format!("<PersonName>{}", filled("&")),
        format!("<a {}/>", filled(" ")),
        format!("<a b='{}'/>", filled("\n")),
        format!("<{}/>", filled("a")),
        format!("<{}:a/>", filled("é")),
        filled(&format!("<a{}/>", numbered(64, " xmlns:a#='b'"))),
        filled(&format!("<a{}/>", numbered(64, " a#=''"))),
        // The same name in different namespaces.
        format!(
            "<a{}><b{}>{}",
            numbered(63, &format!(" xmlns:a#='{}#'", "u".repeat(5000))),
            numbered(63, " xmlns:b#='b#'"),
            format!("<c{}/>", numbered(63, " a#:d=''")).repeat(1000),
        ),
    ] {
        let document = within(&content);
        if let Err(error) = CONTRACT.read::<Participant>(document.as_bytes()) {
            assert!(error.to_string().len() < 400, "{error}");
        }
    }
    // Even with a depth that no stack would hold.
    let contract =
        CONTRACT.with_limits(Limits { depth: usize::MAX, elements: usize::MAX, ..Limits::default() });
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    assert!(contract.read::<Participant>(within(&deep).as_bytes()).is_ok());
}
