//! The pages as a browser gets them.

use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderMap;
use actix_web::test::{self, TestRequest, init_service};
use actix_web::{App, body};
use trialogue_http::paths;

/// An answer of a server that serves nothing but the pages.
async fn answer(request: TestRequest) -> ServiceResponse {
    let pages = |config: &mut _| trialogue_pages::configure("/API", "https://trialogue.example", config);
    let service = init_service(App::new().configure(pages).default_service(paths::not_found())).await;
    test::call_service(&service, request.to_request()).await
}

async fn get(path: &str) -> ServiceResponse {
    answer(TestRequest::get().uri(path)).await
}

async fn text(answer: ServiceResponse) -> String {
    let bytes = body::to_bytes(answer.into_body()).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[actix_web::test]
async fn a_page_is_kept_and_asked_for_again() {
    let page = get("/join").await;
    let headers = page.headers().clone();
    let told = |name| header(&headers, name);
    assert_eq!((page.status().as_u16(), told("Content-Type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(told("Cache-Control"), Some("no-cache"));
    assert_eq!(told("Referrer-Policy"), Some("no-referrer"));
    let policy = told("Content-Security-Policy").unwrap();
    assert!(policy.contains("connect-src 'self' wss://trialogue.example;"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(text(page).await.contains(r#"<meta name="trialogue-base" content="API">"#));
    let tag = told("ETag").unwrap();
    for (given, status) in
        [(tag.to_owned(), 304), (format!("\"x\", W/{tag}"), 304), ("\"x\"".to_owned(), 200)]
    {
        let again = TestRequest::get().uri("/join").insert_header(("If-None-Match", given.as_str()));
        assert_eq!(answer(again).await.status(), status, "{given}");
    }
    let script = get("/assets/i18n/es.js").await;
    assert_eq!(header(script.headers(), "Content-Type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(get("/assets/secret.js").await.status(), 404);
}

#[actix_web::test]
async fn a_slash_at_the_end_of_a_page_leads_to_the_page() {
    for (path, location) in [
        ("/client/", "../client"),
        ("/interpreter/", "../interpreter"),
        ("/join/", "../join"),
        ("/assets/style.css/", "../style.css"),
        ("/assets/i18n/en.js/", "../en.js"),
    ] {
        let answer = get(path).await;
        assert_eq!(
            (answer.status().as_u16(), header(answer.headers(), "Location")),
            (308, Some(location)),
            "{path}"
        );
    }
    assert_eq!(get("/").await.status(), 200);
    assert_eq!(get("/client//").await.status(), 404);
}

#[actix_web::test]
async fn other_methods_are_refused() {
    for path in ["/", "/client", "/client/", "/assets/api.js"] {
        for method in ["OPTIONS", "PUT", "DELETE", "PATCH", "POST"] {
            let answer = answer(TestRequest::with_uri(path).method(method.parse().unwrap())).await;
            let headers = answer.headers();
            assert_eq!(
                (answer.status().as_u16(), header(headers, "Allow")),
                (405, Some("GET, HEAD")),
                "{method} {path}"
            );
            assert_eq!(header(headers, "X-Error-Code"), Some("method_not_allowed"), "{method} {path}");
        }
    }
}
