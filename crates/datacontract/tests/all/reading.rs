//! What reading does beyond the recorded documents.

use datacontract::{ErrorKind, ReadError};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::{ARRAYS, CONTRACT, INSTANCE, NAMESPACE, document};

const SERIALIZATION: &str = "http://schemas.microsoft.com/2003/10/Serialization/";

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Item {
    number: i32,
    maybe: Option<i32>,
    flag: bool,
    text: Option<String>,
    value: Value,
    inner: Option<Box<Item>>,
    items: Items,
    words: Words,
    tables: Tables,
    colour: Option<Colour>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "decimal")]
struct Value(String);

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "ArrayOfItem")]
struct Items(Option<Vec<Option<Item>>>);

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "ArrayOfstring")]
struct Words(Option<Vec<String>>);

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "ArrayOfArrayOfint")]
struct Tables(Vec<Numbers>);

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "ArrayOfint")]
struct Numbers(Vec<i32>);

#[derive(Debug, PartialEq, Deserialize)]
enum Colour {
    Red,
    Green,
}

fn item(content: &str) -> Result<Item, ReadError> {
    CONTRACT.read(document("Item", content).as_bytes())
}

fn text_of(content: &str) -> String {
    item(&format!("<text>{content}</text>")).unwrap().text.unwrap()
}

#[track_caller]
fn refuse(content: &str, kind: &ErrorKind, path: &str) {
    let error = item(content).unwrap_err();
    assert_eq!((error.kind(), error.path()), (kind, path), "{content}");
}

fn wrong(expected: &str) -> ErrorKind {
    ErrorKind::WrongValue { expected: expected.to_owned() }
}

#[test]
fn texts_keep_their_white_space() {
    for (xml, text) in [
        (" a  b\t\n ", " a  b\t\n "),
        ("", ""),
        ("a\r\nb\rc\n\rd", "a\nb\nc\n\nd"),
        ("a&#13;&#10;b&#xD;", "a\r\nb\r"),
        ("&lt;&amp;&gt;&quot;&apos;&#65;&#x1F600;", "<&>\"'A\u{1F600}"),
        ("a]b]]c]] >", "a]b]]c]] >"),
        ("<![CDATA[<a>&amp;]]]]>", "<a>&amp;]]"),
        ("<![CDATA[]]>a<![CDATA[\r\n ]]>", "a\n "),
        ("a<!-- b -->c<!---->", "ac"),
        ("\u{85}\u{2028}\u{FEFF}é", "\u{85}\u{2028}\u{FEFF}é"),
    ] {
        assert_eq!(text_of(xml), text, "{xml:?}");
    }
}

#[test]
fn texts_are_borrowed_where_they_can_be() {
    #[derive(Debug, Deserialize)]
    struct Borrowed<'a> {
        text: &'a str,
    }
    for content in [" a]b ", "", "é"] {
        let xml = document("Borrowed", &format!("<text>{content}</text>"));
        assert_eq!(CONTRACT.read::<Borrowed<'_>>(xml.as_bytes()).unwrap().text, content);
    }
    let xml = document("Borrowed", "<text>secret&amp;</text>");
    let error = CONTRACT.read::<Borrowed<'_>>(xml.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), &wrong("a borrowed string"));
}

#[test]
fn numbers_and_booleans_are_trimmed() {
    let read =
        item("<number> +007\n</number><flag>\t1 </flag><maybe>-0</maybe><value> 1.50 </value>").unwrap();
    assert_eq!((read.number, read.flag, read.maybe), (7, true, Some(0)));
    assert_eq!(read.value.0, "1.50");
    assert!(item("<flag>true</flag>").unwrap().flag);
    assert_eq!(item("<number>&#x31;<!-- -->2</number>").unwrap().number, 12);

    let integer = wrong("an integer from -2147483648 to 2147483647");
    for number in ["", " ", "1.0", "1e3", "2147483648", "--1", "1 1", "\u{A0}1", "x"] {
        refuse(&format!("<number>{number}</number>"), &integer, "number");
        refuse(&format!("<maybe>{number}</maybe>"), &integer, "maybe");
    }
    refuse("<number/>", &integer, "number");
    for flag in ["", "True", "TRUE", "yes", "2"] {
        refuse(&format!("<flag>{flag}</flag>"), &wrong("true or false"), "flag");
    }
}

#[test]
fn null_needs_a_type_that_can_be_null() {
    let read = item(
        r#"<text i:nil=" 1
        ">ignored <x/></text><maybe i:nil="true"/><inner i:nil="false"><number>1</number></inner>"#,
    );
    let read = read.unwrap();
    assert_eq!((read.text, read.maybe, read.inner.unwrap().number), (None, None, 1));

    refuse(r#"<number i:nil="true"/>"#, &ErrorKind::NilRefused, "number");
    refuse(r#"<value i:nil="true"/>"#, &ErrorKind::NilRefused, "value");
    refuse(r#"<tables i:nil="true"/>"#, &ErrorKind::NilRefused, "tables");
    refuse(r#"<text i:nil="yes"/>"#, &wrong("true or false for i:nil"), "text");
    // Where nobody looks, nothing is wrong; and `nil` of another namespace is not `i:nil`.
    assert!(item(r#"<other i:nil="yes"/>"#).is_ok());
    assert_eq!(item(r#"<number nil="true">3</number>"#).unwrap().number, 3);
    let null = format!(r#"<Item xmlns="{NAMESPACE}" xmlns:x="{INSTANCE}" x:nil="true"/>"#);
    assert_eq!(CONTRACT.read::<Option<Item>>(null.as_bytes()).unwrap(), None);
    assert_eq!(CONTRACT.read::<Item>(null.as_bytes()).unwrap_err().kind(), &ErrorKind::NilRefused);
}

#[test]
fn lists_hold_what_is_named_as_their_items() {
    let read = item(&format!(
        r#"<items>
            <Item><number>1</number></Item><item/><Item xmlns="urn:other"><number>2</number></Item>
            <Item i:nil="true"/><Item/>
        </items>
        <words xmlns:q="{ARRAYS}"><q:string> a </q:string><string>b</string><q:int>1</q:int><q:string/></words>
        <tables xmlns="{ARRAYS}" xmlns:c="{NAMESPACE}"/>
        <c:tables xmlns:c="{NAMESPACE}" xmlns="{ARRAYS}"><ArrayOfint><int>1</int><int>2</int></ArrayOfint><ArrayOfint/></c:tables>"#
    ))
    .unwrap();
    let items = read.items.0.unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!(items[0].as_ref().unwrap().number, 1);
    assert_eq!((&items[1], &items[2]), (&None, &Some(Item::default())));
    assert_eq!(read.words.0.unwrap(), [" a ", ""]);
    assert_eq!(read.tables, Tables(vec![Numbers(vec![1, 2]), Numbers(vec![])]));

    assert_eq!(item("<items/>").unwrap().items, Items(Some(vec![])));
    assert_eq!(item("<items> \n<!-- --> </items>").unwrap().items, Items(Some(vec![])));
    assert_eq!(item("").unwrap().items, Items(None));
}

#[test]
fn a_path_leads_to_the_member() {
    let integer = wrong("an integer from -2147483648 to 2147483647");
    refuse(
        "<items><Item/><x/><Item><inner><number>x</number></inner></Item></items>",
        &integer,
        "items[1].inner.number",
    );
    let tables = format!(
        r#"<tables xmlns:a="{ARRAYS}"><a:ArrayOfint/><a:ArrayOfint><a:int>1</a:int><a:int/></a:ArrayOfint></tables>"#
    );
    refuse(&tables, &integer, "tables[1][1]");
    let error = item("\r\n\n<text>é</text>\r  <inner>é<number/></inner>").unwrap_err();
    assert_eq!((error.line(), error.column(), error.kind()), (4, 10, &ErrorKind::UnexpectedText));
    assert_eq!(error.to_string(), "text is not allowed between elements (line 4, column 10, path inner)");
}

#[test]
fn names_are_resolved_by_their_namespace() {
    let read = |xml: &str| CONTRACT.read::<Item>(xml.as_bytes()).map(|item| item.number);
    for xml in [
        format!(r#"<a:Item xmlns:a="{NAMESPACE}"><b:number xmlns:b="{NAMESPACE}">5</b:number></a:Item>"#),
        format!(r#"<Item xmlns='{NAMESPACE}'><number xmlns="">4</number><number >5</number ></Item >"#),
        format!(r#"<é:Item xmlns:é="{NAMESPACE}"><é:number>5</é:number></é:Item>"#),
        format!(r#"<a:Item xmlns:a="urn:x" xmlns="{NAMESPACE}"><number>5</number></a:Item>"#)
            .replace("a:Item", "Item"),
        // The prefix is bound anew within, and as before behind.
        format!(
            r#"<a:Item xmlns:a="{NAMESPACE}"><a:x xmlns:a="urn:x"><a:number>4</a:number></a:x><a:number>5</a:number></a:Item>"#
        ),
        format!(r#"<Item xmlns="{}"><number>5</number></Item>"#, NAMESPACE.replace('/', "&#47;")),
    ] {
        assert_eq!(read(&xml).unwrap(), 5, "{xml}");
    }
    let case = format!(r#"<Item xmlns="{NAMESPACE}"><Number>5</Number></Item>"#);
    assert_eq!(read(&case).unwrap(), 0);
}

#[test]
fn other_attributes_mean_nothing() {
    let xml = r#"<number a="1" xml:space="preserve" xml:lang='x' b=' ">&#9;
        ' xmlns:u="urn:u" u:nil="true">5</number>"#;
    assert_eq!(item(xml).unwrap().number, 5);
}

#[test]
fn a_type_may_be_named_if_it_is_the_expected_one() {
    let schema = r#"xmlns:s="http://www.w3.org/2001/XMLSchema""#;
    let read = item(&format!(
        r#"<number i:type="s:int" {schema}>5</number><text i:type=" s:string " {schema}>a</text>
        <inner i:type="Item"/><items i:type="ArrayOfItem"/><colour i:type="Colour">Green</colour>
        <words i:type="a:ArrayOfstring" xmlns:a="{ARRAYS}"/><value i:type="z:guid" xmlns:z="{SERIALIZATION}">1</value>"#
    ))
    .unwrap();
    assert_eq!((read.number, read.colour), (5, Some(Colour::Green)));
    assert!(read.inner.is_some() && read.items.0.is_some() && read.words.0.is_some());

    for (content, expected, path) in [
        (r#"<inner i:type="Other"/>"#, "Item", "inner"),
        (r#"<inner i:type="u:Item"/>"#, "Item", "inner"),
        (r#"<inner xmlns:u="urn:u" i:type="u:Item"/>"#, "Item", "inner"),
        (r#"<inner i:type="&#73;tem"/>"#, "Item", "inner"),
        (r#"<items i:type="Item"/>"#, "ArrayOfItem", "items"),
        (r#"<items><Item i:type="Derived"/></items>"#, "Item", "items[0]"),
        (r#"<words i:type="ArrayOfstring"/>"#, "ArrayOfstring", "words"),
        (r#"<number i:type="int">1</number>"#, "a primitive", "number"),
        (r#"<text i:type="Item">a</text>"#, "a primitive", "text"),
        (r#"<colour i:type="Item">Red</colour>"#, "Colour", "colour"),
    ] {
        refuse(content, &ErrorKind::WrongType { expected }, path);
    }
    // Of a null, .NET does not ask the type either.
    assert_eq!(item(r#"<inner i:type="Other" i:nil="true"/>"#).unwrap().inner, None);
}

#[test]
fn references_are_refused_wherever_they_are() {
    for attribute in ["z:Id", "z:Ref"] {
        for (content, path) in [
            (format!(r#"<inner xmlns:z="{SERIALIZATION}" {attribute}="i1"/>"#), ""),
            (format!(r#"<inner {attribute}="i1" xmlns:z="{SERIALIZATION}"/>"#), ""),
            (format!(r#"<items><Item xmlns:z="{SERIALIZATION}" {attribute}="i1"/></items>"#), "items"),
            (format!(r#"<x><y xmlns:z="{SERIALIZATION}" {attribute}="i1"/></x>"#), "x"),
        ] {
            refuse(&content, &ErrorKind::ReferenceRefused, path);
        }
    }
    assert!(item(&format!(r#"<inner xmlns:z="{SERIALIZATION}" z:FactoryType="x" Id="1"/>"#)).is_ok());
}

#[test]
fn a_member_is_given_once() {
    let twice = |name: &str| ErrorKind::DuplicateMember(name.to_owned());
    refuse("<number>1</number><flag>1</flag><number>1</number>", &twice("number"), "number");
    refuse(r#"<text i:nil="true"/><text/>"#, &twice("text"), "text");
    refuse("<items><Item><inner/><inner/></Item></items>", &twice("inner"), "items[0].inner");
    assert!(item("<other/><other/>").is_ok());
}

#[test]
fn content_must_be_of_its_kind() {
    refuse("a", &ErrorKind::UnexpectedText, "");
    refuse("<number>1</number>a", &ErrorKind::UnexpectedText, "");
    refuse("&#97;", &ErrorKind::UnexpectedText, "");
    refuse("<![CDATA[ ]]>", &ErrorKind::UnexpectedText, "");
    refuse("<items>a</items>", &ErrorKind::UnexpectedText, "items");
    refuse("<text>a<b/></text>", &ErrorKind::UnexpectedElement, "text");
    refuse("<number><x/></number>", &ErrorKind::UnexpectedElement, "number");
    refuse("<colour>Blue</colour>", &wrong("one of Red, Green"), "colour");
    assert!(item("&#32;&#9;<other>a<b>c</b>&amp;<![CDATA[<]]><!-- d --></other>").is_ok());
}

#[test]
fn types_that_ask_for_more_are_answered_clearly() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[expect(dead_code, reason = "only whether it is there matters")]
        a: i32,
    }
    fn unsupported<T: for<'de> Deserialize<'de> + std::fmt::Debug>() {
        #[derive(Debug, Deserialize)]
        struct Holder<T> {
            #[expect(dead_code, reason = "it is never reached")]
            a: T,
        }
        let error = CONTRACT.read::<Holder<T>>(document("Holder", "<a>1</a>").as_bytes()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
        assert_eq!(error.path(), "a");
    }
    let strict = |content: &str| CONTRACT.read::<Strict>(document("Strict", content).as_bytes()).unwrap_err();
    assert_eq!(strict("").to_string(), "a is missing (line 1, column 1, path /)");
    let error = strict("<a>1</a>\n <b/>");
    assert_eq!(error.to_string(), "b is unknown here (line 2, column 2, path b)");

    unsupported::<serde_json::Value>();
    unsupported::<std::collections::BTreeMap<String, String>>();
    unsupported::<Vec<i32>>();
    unsupported::<(i32, i32)>();
    unsupported::<char>();
    unsupported::<()>();
    unsupported::<i128>();
    unsupported::<u128>();
    for nameless in [CONTRACT.read::<IgnoredAny>(b"<a/>").err(), CONTRACT.read::<()>(b"<a/>").err()] {
        assert!(matches!(nameless.unwrap().kind(), ErrorKind::Unsupported(_)));
    }
}

#[test]
fn a_type_that_reads_nothing_does_not_lose_the_thread() {
    #[derive(Debug, Default, PartialEq)]
    struct Blind;
    impl<'de> Deserialize<'de> for Blind {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Self)
        }
    }
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename = "ArrayOfBlind")]
    struct Blinds(Vec<Blind>);
    #[derive(Debug, PartialEq, Deserialize)]
    struct Holder {
        blind: Blind,
        blinds: Blinds,
        number: i32,
    }
    let content = "<blind><a>1</a></blind><blinds><Blind>a<b/></Blind><Blind/></blinds><number>5</number>";
    assert_eq!(
        CONTRACT.read::<Holder>(document("Holder", content).as_bytes()).unwrap(),
        Holder { blind: Blind, blinds: Blinds(vec![Blind, Blind]), number: 5 }
    );
}

#[test]
fn lists_and_primitives_can_be_the_root() {
    let strings = format!(r#"<ArrayOfstring xmlns="{ARRAYS}"><string>a</string></ArrayOfstring>"#);
    assert_eq!(CONTRACT.read::<Words>(strings.as_bytes()).unwrap().0.unwrap(), ["a"]);
    let items = document("ArrayOfItem", "<Item/>");
    assert_eq!(CONTRACT.read::<Items>(items.as_bytes()).unwrap().0.unwrap().len(), 1);
    let string = format!(r#"<string xmlns="{SERIALIZATION}"> a </string>"#);
    assert_eq!(CONTRACT.read::<String>(string.as_bytes()).unwrap(), " a ");
    assert_eq!(CONTRACT.read::<Option<&str>>(string.as_bytes()).unwrap(), Some(" a "));
    let decimal = format!(r#"<decimal xmlns="{SERIALIZATION}"> 1.0 </decimal>"#);
    assert_eq!(CONTRACT.read::<Value>(decimal.as_bytes()).unwrap().0, "1.0");
    for wrong in [document("ArrayOfItems", ""), document("string", ""), items.replace(NAMESPACE, ARRAYS)] {
        let error = CONTRACT.read::<Option<Items>>(wrong.as_bytes()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WrongRoot { .. }), "{error}");
    }
    // The name of a null is verified too.
    let error =
        CONTRACT.read::<Option<Item>>(document("Other", "").replace('>', r#" i:nil="1">"#).as_bytes());
    assert!(error.is_err());
}

#[test]
fn values_are_never_repeated() {
    #[derive(Debug, Default)]
    struct Chatty;
    impl<'de> Deserialize<'de> for Chatty {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            Err(serde::de::Error::custom(format!("{text} is wrong")))
        }
    }
    #[derive(Debug, Deserialize)]
    struct Holder<T> {
        #[expect(dead_code, reason = "it is never reached")]
        a: T,
    }
    fn message<T: for<'de> Deserialize<'de> + std::fmt::Debug>() -> String {
        let xml = document("Holder", "<a> +49 30 1234 </a>");
        CONTRACT.read::<Holder<T>>(xml.as_bytes()).unwrap_err().to_string()
    }
    for message in [
        message::<i32>(),
        message::<bool>(),
        message::<f64>(),
        message::<Colour>(),
        message::<std::net::IpAddr>(),
        message::<Chatty>(),
    ] {
        assert!(!message.contains("1234") && message.ends_with("path a)"), "{message}");
    }
}
