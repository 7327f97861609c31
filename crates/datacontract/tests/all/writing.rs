//! What writing does beyond the recorded documents.

use datacontract::{Contract, Limits, WriteErrorKind};
use serde::Serialize;
use serde_json::json;

use crate::{ARRAYS, CONTRACT, INSTANCE, NAMESPACE, document};

fn root_namespaces() -> String {
    format!(r#"xmlns:i="{INSTANCE}" xmlns="{NAMESPACE}""#)
}

#[test]
fn members_are_in_ordinal_order_whatever_their_declaration() {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Mixed {
        bb: i32,
        b: i32,
        #[serde(rename = "a")]
        small: i32,
        same_prefix_two: i32,
        same_prefix_one: i32,
        #[serde(rename = "_x")]
        low: i32,
    }
    let mixed = Mixed { bb: 1, b: 2, small: 3, same_prefix_two: 4, same_prefix_one: -5, low: 6 };
    assert_eq!(
        CONTRACT.write(&mixed).unwrap(),
        document(
            "Mixed",
            "<B>2</B><Bb>1</Bb><SamePrefixOne>-5</SamePrefixOne><SamePrefixTwo>4</SamePrefixTwo><_x>6</_x><a>3</a>"
        )
    );
}

#[test]
fn members_of_the_base_class_come_first() {
    #[derive(Serialize)]
    struct Derived {
        c: i32,
        a: i32,
        d: i32,
        b: i32,
    }
    let contract = CONTRACT.with_base_members(&[("Other", &["a"]), ("Derived", &["d", "c"])]);
    assert_eq!(
        contract.write(&Derived { a: 1, b: 2, c: 3, d: 4 }).unwrap(),
        document("Derived", "<c>3</c><d>4</d><a>1</a><b>2</b>")
    );
}

#[derive(Serialize)]
#[serde(rename = "ArrayOfstring")]
struct Strings(Option<Vec<Option<&'static str>>>);

#[derive(Serialize)]
#[serde(rename = "ArrayOfArrayOfint")]
struct Tables(Vec<Numbers>);

#[derive(Serialize)]
#[serde(rename = "ArrayOfint")]
struct Numbers(Vec<i32>);

#[derive(Serialize)]
#[serde(rename = "ArrayOfPoint")]
struct Points(Option<Vec<Option<Point>>>);

#[derive(Serialize)]
struct Point {
    x: i32,
}

#[test]
fn lists_declare_the_namespace_of_arrays_where_they_need_it() {
    #[derive(Serialize)]
    struct Lists {
        empty: Points,
        nil: Points,
        nested: Tables,
        numbers: Numbers,
        points: Points,
        strings: Strings,
    }
    let lists = Lists {
        empty: Points(Some(vec![])),
        nil: Points(None),
        nested: Tables(vec![Numbers(vec![1]), Numbers(vec![])]),
        numbers: Numbers(vec![2]),
        points: Points(Some(vec![Some(Point { x: 3 }), None])),
        strings: Strings(None),
    };
    let expected = format!(
        concat!(
            "<empty />",
            r#"<nested xmlns:d2p1="{A}"><d2p1:ArrayOfint><d2p1:int>1</d2p1:int></d2p1:ArrayOfint>"#,
            "<d2p1:ArrayOfint /></nested>",
            r#"<nil i:nil="true" />"#,
            r#"<numbers xmlns:d2p1="{A}"><d2p1:int>2</d2p1:int></numbers>"#,
            r#"<points><Point><x>3</x></Point><Point i:nil="true" /></points>"#,
            r#"<strings xmlns:d2p1="{A}" i:nil="true" />"#,
        ),
        A = ARRAYS
    );
    assert_eq!(CONTRACT.write(&lists).unwrap(), document("Lists", &expected));
}

#[test]
fn a_list_can_be_the_root() {
    let namespaces = root_namespaces();
    assert_eq!(
        CONTRACT.write(&Points(Some(vec![Some(Point { x: 1 })]))).unwrap(),
        document("ArrayOfPoint", "<Point><x>1</x></Point>")
    );
    assert_eq!(CONTRACT.write(&Points(Some(vec![]))).unwrap(), format!("<ArrayOfPoint {namespaces} />"));
    assert_eq!(
        CONTRACT.write(&Points(None)).unwrap(),
        format!(r#"<ArrayOfPoint i:nil="true" {namespaces} />"#)
    );
    assert_eq!(
        CONTRACT.write(&Strings(Some(vec![Some("a"), None]))).unwrap(),
        format!(
            r#"<ArrayOfstring xmlns:i="{INSTANCE}" xmlns="{ARRAYS}"><string>a</string><string i:nil="true" /></ArrayOfstring>"#
        )
    );
    assert_eq!(
        CONTRACT.write(&Tables(vec![Numbers(vec![1])])).unwrap(),
        format!(
            r#"<ArrayOfArrayOfint xmlns:i="{INSTANCE}" xmlns="{ARRAYS}"><ArrayOfint><int>1</int></ArrayOfint></ArrayOfArrayOfint>"#
        )
    );
}

#[test]
fn a_primitive_can_be_the_root() {
    const SERIALIZATION: &str = "http://schemas.microsoft.com/2003/10/Serialization/";
    #[derive(Serialize)]
    #[serde(rename = "decimal")]
    struct Decimal(&'static str);

    assert_eq!(CONTRACT.write("a<b").unwrap(), format!(r#"<string xmlns="{SERIALIZATION}">a&lt;b</string>"#));
    assert_eq!(CONTRACT.write(&true).unwrap(), format!(r#"<boolean xmlns="{SERIALIZATION}">true</boolean>"#));
    assert_eq!(CONTRACT.write(&1_i32).unwrap(), format!(r#"<int xmlns="{SERIALIZATION}">1</int>"#));
    assert_eq!(
        CONTRACT.write(&Decimal("1.50")).unwrap(),
        format!(r#"<decimal xmlns="{SERIALIZATION}">1.50</decimal>"#)
    );
    assert_eq!(
        CONTRACT.write_nil("string").unwrap(),
        format!(r#"<string i:nil="true" xmlns:i="{INSTANCE}" xmlns="{SERIALIZATION}" />"#)
    );
}

#[test]
fn what_is_displayed_is_escaped_across_its_pieces() {
    #[derive(Serialize)]
    struct Displayed {
        value: Pieces,
    }
    struct Pieces;
    impl Serialize for Pieces {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&format_args!("{}{}{}{}", "a\r", "\n<", "\r", "\u{85}"))
        }
    }
    assert_eq!(
        CONTRACT.write(&Displayed { value: Pieces }).unwrap(),
        document("Displayed", "<value>a\n&lt;\n\u{85}</value>")
    );
}

#[test]
fn enumerations_are_written_by_name() {
    #[derive(Serialize)]
    enum Colour {
        Red,
    }
    #[derive(Serialize)]
    struct Paint {
        colour: Colour,
        none: Option<Colour>,
    }
    assert_eq!(
        CONTRACT.write(&Paint { colour: Colour::Red, none: None }).unwrap(),
        document("Paint", r#"<colour>Red</colour><none i:nil="true" />"#)
    );
    assert_eq!(CONTRACT.write(&Colour::Red).unwrap(), document("Colour", "Red"));
}

#[test]
fn an_object_without_members_is_empty() {
    #[derive(Serialize)]
    struct Nothing {}
    assert_eq!(CONTRACT.write(&Nothing {}).unwrap(), format!("<Nothing {} />", root_namespaces()));
}

#[test]
fn a_namespace_is_escaped() {
    let contract = Contract::new("urn:a&b\"<c>");
    assert!(
        contract.write(&Point { x: 1 }).unwrap().contains(r#" xmlns="urn:a&amp;b&quot;&lt;c&gt;">"#),
        "{}",
        contract.write(&Point { x: 1 }).unwrap()
    );
}

#[test]
fn nothing_is_left_of_a_document_that_failed() {
    let mut out = "before".to_owned();
    let error =
        CONTRACT.write_to(&Strings(Some(vec![Some("good"), Some("bad\u{1}")])), &mut out).unwrap_err();
    assert_eq!(error.kind(), &WriteErrorKind::IllegalCharacter);
    assert_eq!(error.to_string(), "XML 1.0 cannot hold a character of the text (path [1])");
    assert_eq!(out, "before");
}

#[test]
fn depth_is_limited_as_for_reading() {
    #[derive(Serialize)]
    struct Nested {
        inner: Option<Box<Nested>>,
    }
    let nested = |depth: usize| {
        (1..depth).fold(Nested { inner: None }, |inner, _| Nested { inner: Some(Box::new(inner)) })
    };
    let contract = CONTRACT.with_limits(Limits { depth: 4, ..Limits::default() });
    assert!(contract.write(&nested(3)).is_ok());
    let error = contract.write(&nested(4)).unwrap_err();
    assert_eq!((error.kind(), error.path()), (&WriteErrorKind::TooDeep, "inner.inner.inner.inner"));
}

#[test]
fn shapes_the_format_does_not_have_are_refused() {
    #[derive(Serialize)]
    struct Holder<T> {
        value: T,
    }
    #[derive(Serialize)]
    enum Data {
        Newtype(i32),
        Struct { _a: i32 },
        Tuple(i32, i32),
    }
    #[derive(Serialize)]
    struct Unit;
    fn refused(value: impl Serialize) {
        let error = CONTRACT.write(&Holder { value }).unwrap_err();
        assert!(matches!(error.kind(), WriteErrorKind::Unsupported(_)), "{error}");
        assert_eq!(error.path(), "value");
    }
    refused(json!({"a": 1}));
    refused(vec![1]);
    refused((1, 2));
    refused('a');
    refused(());
    refused(Unit);
    refused(1_i128);
    refused(1_u128);
    refused(Data::Newtype(1));
    refused(Data::Struct { _a: 1 });
    refused(Data::Tuple(1, 2));
    assert_eq!(CONTRACT.write(&None::<i32>).unwrap_err().kind(), &WriteErrorKind::NamelessRoot);
}

#[test]
fn names_that_are_no_xml_names_are_refused() {
    #[derive(Serialize)]
    struct Named {
        #[serde(rename = "a b")]
        value: i32,
    }
    assert_eq!(CONTRACT.write(&Named { value: 1 }).unwrap_err().kind(), &WriteErrorKind::InvalidName("a b"));
    for name in ["", "a:b", "1", "a>"] {
        assert_eq!(CONTRACT.write_nil(name).unwrap_err().kind(), &WriteErrorKind::InvalidName(name));
    }
}

#[test]
fn types_with_one_name_keep_their_own_members() {
    mod first {
        #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
        pub(super) struct Order {
            pub(super) b: i32,
            pub(super) a: i32,
        }
    }
    mod second {
        #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
        pub(super) struct Order {
            pub(super) c: i32,
            pub(super) d: i32,
        }
    }
    mod optional {
        #[derive(serde::Serialize)]
        pub(super) struct Order {
            pub(super) b: i32,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub(super) a: Option<i32>,
            pub(super) c: i32,
        }
    }
    let body = |xml: &str| xml.split_once('>').map(|(_, body)| body.to_owned());
    for _ in 0..2 {
        let xml = CONTRACT.write(&first::Order { b: 1, a: 2 }).unwrap();
        assert_eq!(body(&xml).as_deref(), Some("<a>2</a><b>1</b></Order>"));
        assert_eq!(CONTRACT.read::<first::Order>(xml.as_bytes()).unwrap(), first::Order { b: 1, a: 2 });
        let xml = CONTRACT.write(&second::Order { c: 1, d: 2 }).unwrap();
        assert_eq!(body(&xml).as_deref(), Some("<c>1</c><d>2</d></Order>"));
        assert_eq!(CONTRACT.read::<second::Order>(xml.as_bytes()).unwrap(), second::Order { c: 1, d: 2 });
        for (a, written) in
            [(Some(3), "<a>3</a><b>1</b><c>2</c></Order>"), (None, "<b>1</b><c>2</c></Order>")]
        {
            let xml = CONTRACT.write(&optional::Order { b: 1, a, c: 2 }).unwrap();
            assert_eq!(body(&xml).as_deref(), Some(written));
        }
    }
}
