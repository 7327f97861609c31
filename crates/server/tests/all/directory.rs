//! Companies, and the directory of interpreters: imported beside a running server, shown to clients, and held to by rings and acceptances.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use trialogue_storage::{DatabaseUrl, Store, StoreOptions, hash_secret};

use crate::call::{Party, number};
use crate::database::{Database, User, on_both};
use crate::process::{Finished, Process, program};
use crate::server::Server;

on_both!(
    an_imported_interpreter_is_shown_and_rung_while_every_credential_is_in_force,
    a_request_says_what_it_wants_of_the_interpreter,
    a_picture_is_kept_until_it_is_taken_away,
    a_file_with_errors_changes_nothing,
    a_long_file_is_imported_as_a_whole,
    a_language_is_added_and_asked_for,
    a_client_belongs_to_a_company,
    a_secret_of_a_company_is_valid_until_it_is_revoked,
);

const HEAD: &str = "email,name,number,gender,employment,certification,rate,special_type,modalities,native,languages,specialties,credentials\n";

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, text: &str) -> PathBuf {
        let path = self.0.path().join("interpreters.csv");
        fs::write(&path, text).unwrap();
        path
    }
}

fn import(database: &Database, files: &Files, text: &str) -> Finished {
    let path = files.write(text);
    let arguments = ["interpreter", "import", path.to_str().unwrap()];
    Process::start(program(&database.with(&arguments)), "").finish()
}

fn ana_with(credentials: &str) -> String {
    format!(
        "{HEAD}Ana@Test.Example,Ana López,4711,female,freelance,3,42.5,2,video;call,es,en,medical,{credentials}\n"
    )
}

fn requested(client: &Party) -> Value {
    client.post("Client/Request/New", &json!({"NeedHelpLanguageId": 44})).with(200).json()
}

fn an_imported_interpreter_is_shown_and_rung_while_every_credential_is_in_force(database: &Database) {
    database.migrate();
    let client = User::client(1);
    database.add_user(&client);
    let server = Server::start(database);
    let files = Files::new();
    let good = "CMI:es:2025-01-01:2199-12-31;French court:fr:2001-01-01:2002-01-01;HIPAA::2026-03-01:";
    let printed = import(database, &files, &ana_with(good)).printed();
    assert_eq!(printed, "added 1, replaced 0\n");

    // Nobody has a password yet.
    server.api.try_login("Provider", "ana@test.example", "any password").refused(401, "wrong_credentials");
    let password = ["user", "password", "provider", "ana@test.example"];
    Process::start(program(&database.with(&password)), "correct horse\n").finish().printed();
    let ana = server.api.login("Provider", "ana@test.example", "correct horse");
    ana.ask("Provider/Task/SetOnline").with(200);

    let client = server.api.login("Client", &client.email, &client.password);
    let shown = requested(&client)["providerList"][0].clone();
    assert_eq!(shown["Name"], "Ana López");
    assert_eq!(
        (&shown["NativeLanguage"], &shown["OtherLanguage"]),
        (&json!(["Spanish"]), &json!(["English"]))
    );
    assert_eq!((&shown["ProviderRate"], &shown["ProviderSpecialTypeId"]), (&json!(42.5), &json!(2)));
    let supported = ["SupportCall", "SupportVideo", "SupportText"].map(|member| shown[member] == true);
    assert_eq!(supported, [true, true, false]);

    // The credential ends between the ring and the yes.
    let [offer] = &ana.ask("Provider/Task/Offers").with(200).json().as_array().unwrap().clone()[..] else {
        panic!("not one offer")
    };
    let reference = json!({"RequestId": offer["RequestId"]});
    let expired = "CMI:es:2025-01-01:2025-12-31";
    assert_eq!(import(database, &files, &ana_with(expired)).printed(), "added 0, replaced 1\n");
    ana.post("Provider/Task/Accept", &reference).refused(409, "credential_not_in_force");
    client.post("Client/Request/CallFinishedNew", &json!({})).with(200);
    assert_eq!(requested(&client)["providerList"], json!([]));

    // Renewed, the interpreter accepts.
    import(database, &files, &ana_with("CMI:es:2025-01-01:2199-12-31")).printed();
    ana.ask("Provider/Task/SetOnline").with(200);
    let offers = ana.ask("Provider/Task/Offers").with(200).json();
    let request = number(&offers[0], "RequestId");
    ana.post("Provider/Task/Accept", &json!({"RequestId": request})).with(200);

    // For video calls she is rung when nobody else is left.
    client.post("Client/Request/CallFinishedNew", &json!({})).with(200);
    let by_telephone = ana_with("").replace("video;call", "call");
    import(database, &files, &by_telephone).printed();
    let shown = requested(&client)["providerList"][0].clone();
    assert_eq!((&shown["SupportCall"], &shown["SupportVideo"]), (&json!(true), &json!(false)));
}

fn a_request_says_what_it_wants_of_the_interpreter(database: &Database) {
    database.migrate();
    let client = User::client(1);
    database.add_user(&client);
    let files = Files::new();
    let rows = [
        "ana@test.example,Ana,N1,female,staff,3,0,1,video;call,es,,medical,",
        "ben@test.example,Ben,N2,male,staff,1,0,1,video,es,,legal,",
        "cora@test.example,Cora,N3,female,freelance,0,0,1,call,es,,,",
    ];
    import(database, &files, &[HEAD, &rows.join("\n"), "\n"].concat()).printed();
    let server = Server::start(database);
    for email in ["ana@test.example", "ben@test.example", "cora@test.example"] {
        let password = ["user", "password", "provider", email];
        Process::start(program(&database.with(&password)), "correct horse\n").finish().printed();
        server.api.login("Provider", email, "correct horse").ask("Provider/Task/SetOnline").with(200);
    }
    let client = server.api.login("Client", &client.email, &client.password);
    // The built-in plan rings those who are named, then staff, then freelancers, then everyone, and relaxes wishes at the end: whoever is
    // rung at once fits, or nobody does.
    for (options, rung) in [
        (json!({}), vec!["Ana", "Ben"]),
        (json!({"GenderOptionCodeId": 5}), vec!["Ben"]),
        (json!({"GenderOptionCodeId": 2}), vec!["Ana"]),
        (json!({"RequestSituationCodeId": 2}), vec!["Ana"]),
        (json!({"RequestSituationCodeId": 2, "SpecialtyOptionCodeId": 3}), vec!["Ben"]),
        (json!({"SpecialtyOptionCodeId": 3, "SpecialtyRequired": true, "GenderOptionCodeId": 3}), vec![]),
        (json!({"CertificationLevel": 2}), vec!["Ana"]),
        (json!({"CertificationLevel": 4}), vec!["Ana", "Ben", "Cora"]),
        (json!({"CertificationLevel": 4, "CertificationRequired": true}), vec![]),
        (json!({"VideoOptionCodeId": 2}), vec!["Ana"]),
        (json!({"VideoOptionCodeId": 3}), vec!["Ana", "Ben"]),
        (json!({"InterpreterNumber": "N3", "VideoOptionCodeId": 2}), vec!["Cora"]),
        (json!({"InterpreterNumber": " N2 ", "InterpreterRequired": true}), vec!["Ben"]),
        (json!({"InterpreterNumber": "N2", "InterpreterRequired": true, "VideoOptionCodeId": 2}), vec![]),
        (json!({"InterpreterNumber": ""}), vec!["Ana", "Ben"]),
    ] {
        let mut body = options.clone();
        body["NeedHelpLanguageId"] = json!(44);
        let made = client.post("Client/Request/New", &body).with(200).json();
        let list = made["providerList"].as_array().unwrap().clone();
        let names: Vec<&str> = list.iter().map(|provider| provider["Name"].as_str().unwrap()).collect();
        assert_eq!(names, rung, "{options}");
        client.post("Client/Request/CallFinishedNew", &json!({})).with(200);
    }
    // The only one who is wanted accepted, and the client asks for another one: others are rung.
    let ben = server.api.login("Provider", "ben@test.example", "correct horse");
    let only_ben = json!({"NeedHelpLanguageId": 44, "InterpreterNumber": "N2", "InterpreterRequired": true});
    let made = client.post("Client/Request/New", &only_ben).with(200).json();
    ben.post("Provider/Task/Accept", &json!({"RequestId": made["RequestId"]})).with(200);
    client.ask("Client/Request/FindAnotherInterpreter").with(200);
    let searching = client.ask("Client/Request/Status").with(200).json();
    assert_eq!(
        (&searching["RequestStatusCodeId"], &searching["providerList"][0]["Name"]),
        (&json!(1), &json!("Ana"))
    );
    client.post("Client/Request/CallFinishedNew", &json!({})).with(200);

    // The only one who is wanted says no: the search is over at once.
    let made = client.post("Client/Request/New", &only_ben).with(200).json();
    ben.post("Provider/Task/Decline", &json!({"RequestId": made["RequestId"]})).with(200);
    let ended = client.ask("Client/Request/Status").with(200).json();
    assert_eq!(ended["RequestStatusCodeId"], 9, "{ended}");
    for options in [json!({"InterpreterNumber": "n2"}), json!({"InterpreterNumber": "ben@test.example"})] {
        let mut body = options;
        body["NeedHelpLanguageId"] = json!(44);
        client.post("Client/Request/New", &body).refused(400, "bad_value");
    }
    for wrong in ["GenderOptionCodeId", "SpecialtyOptionCodeId", "VideoOptionCodeId"] {
        let body = json!({"NeedHelpLanguageId": 44, wrong: 9});
        client.post("Client/Request/New", &body).refused(400, "invalid_body");
    }
}

fn a_picture_is_kept_until_it_is_taken_away(database: &Database) {
    database.migrate();
    let files = Files::new();
    import(database, &files, &ana_with("")).printed();
    let path = files.0.path().join("ana.webp");
    let image = |more: &[&str]| {
        let arguments = [&["interpreter", "image"], more].concat();
        Process::start(program(&database.with(&arguments)), "").finish()
    };
    let set = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        image(&["ANA@test.example", path.to_str().unwrap()])
    };
    let server = Server::start(database);
    let client = User::client(1);
    database.add_user(&client);
    let client = server.api.login("Client", &client.email, &client.password);
    let token = [("WEYIToken", client.token.as_str())];
    let get = |id: u32| {
        let path = format!("/API/Provider/ProfileImage/{id}");
        server.api.send("GET", &path, &token, "").unwrap()
    };
    set(b"RIFF....WEBP").printed();
    assert_eq!(get(1).with(200).body, "RIFF....WEBP");
    for (bytes, why) in [
        (&b"<svg/>"[..], "no PNG, JPEG or WebP"),
        (b"", "no PNG, JPEG or WebP"),
        (&[b"RIFF....WEBP", [0; 16 * 1024].as_slice()].concat(), "longer than 16384 bytes"),
    ] {
        let told = set(bytes).explained();
        assert!(told.contains(why), "{told}");
    }
    assert_eq!(get(1).with(200).body, "RIFF....WEBP", "nothing has changed");
    set(b"\x89PNG\r\n\x1a\n").printed();
    get(1).refused(404, "not_found");
    image(&["ana@test.example", "--remove"]).printed();
    get(2).refused(404, "not_found");
    let told = image(&["nobody@test.example", "--remove"]).explained();
    assert!(told.contains("there is no interpreter \"nobody@test.example\""), "{told}");
    // The picture of a removed user is deleted.
    set(b"RIFF....WEBP").printed();
    get(3).with(200);
    let removal = ["user", "remove", "provider", "ana@test.example"];
    Process::start(program(&database.with(&removal)), "").finish().printed();
    get(3).refused(404, "not_found");
}

fn a_file_with_errors_changes_nothing(database: &Database) {
    database.migrate();
    let files = Files::new();
    import(database, &files, &ana_with("")).printed();
    let told = |text: &str| {
        let failed = import(database, &files, text);
        assert_eq!(failed.status.code(), Some(1), "{failed:?}");
        let lines = failed.stderr.lines().filter_map(|line| line.split_once("interpreters.csv:"));
        lines.map(|(_, error)| error.to_owned()).collect::<Vec<_>>()
    };
    let rows = [
        "new@test.example,New,1,,,,,,,es,,,",
        "nobody,N,2,,,,,,,es,,,",
        "a@test.example, ,3,,,,,,,es,,,",
        "b@test.example,B,4,,,,,,,,,,",
        "c@test.example,C,5,robot,,,,,,es,,,",
        "d@test.example,D,6,,,,dear,,,es,,,",
        "e@test.example,E,7,,,,,,smoke,es,,,",
        "f@test.example,F,8,,,,,,,es,xx,,",
        "g@test.example,G,9,,,,,,,es,,,CMI:es:2025-02-30:",
        "h@test.example,H,10,,,,,,,es,,,CMI:es:2025-02-01:2025-01-31",
        "j@test.example,J,\"1\n2\",,,,,,,es,,,",
        "i@test.example,I,1,,,,,,,es,,,",
        "NEW@test.example,Again,11,,,,,,,es,,,",
    ];
    let errors = told(&format!("{HEAD}{}\n", rows.join("\n")));
    let beginnings = [
        "3: email: this is not an e-mail address: \"nobody\"",
        "4: name: ",
        "5: native, languages: an interpreter needs a language",
        "6: gender: \"robot\" is none of female, male",
        "7: rate: \"dear\" is not a number",
        "8: modalities: \"smoke\" is none of call, video, text",
        "9: languages: there is no language \"xx\"",
        "10: credentials: \"2025-02-30\" is no day",
        "11: credentials: \"CMI\" ends before it begins",
        "12: number: line ends and other control characters",
        "14: number: \"1\" is in line 2, too",
        "15: email: \"new@test.example\" is in line 2, too",
    ];
    assert_eq!(errors.len(), beginnings.len(), "{errors:#?}");
    for (error, beginning) in errors.iter().zip(beginnings) {
        assert!(error.starts_with(beginning), "{error} is not {beginning}");
    }
    let taken =
        told(&format!("{HEAD}z@test.example,Z,1,,,,,,,es,,,\nnew@test.example,New,4711,,,,,,,es,,,\n"));
    assert_eq!(taken, ["3: number: \"4711\" is another interpreter's"]);
    assert_eq!(told("email,name,shoe\na@test.example,A,44\n").len(), 1);
    assert_eq!(told("name,native\nA,es\n"), ["1: the column \"email\" is missing"]);
    assert_eq!(told(&format!("{HEAD}a@test.example,A\n")), ["2: 2 fields where the first line names 13"]);

    let users = Process::start(program(&database.with(&["user", "list"])), "").finish().printed();
    let [only] = users.lines().collect::<Vec<_>>()[..] else { panic!("{users}") };
    assert!(only.ends_with("ana@test.example\tAna López"), "{only}");
}

fn a_long_file_is_imported_as_a_whole(database: &Database) {
    database.migrate();
    let files = Files::new();
    let row =
        |n| format!("i{n}@test.example,Interpreter {n},N{n},,,,,,,es,en;fr,medical,CMI:es:2025-01-01:\n");
    let rows = (1..=20_000).map(row).collect::<Vec<_>>().concat();
    let done = import(database, &files, &format!("{HEAD}{rows}"));
    assert!(
        done.stderr.contains("20000 lines are read") && done.stderr.contains("saving 20000 interpreters"),
        "{done:?}"
    );
    assert_eq!(done.printed(), "added 20000, replaced 0\n");
    let again = import(database, &files, &format!("{HEAD}{rows}new@test.example,New,,,,,,,,es,,,\n"));
    assert_eq!(again.printed(), "added 1, replaced 20000\n");
}

fn run(database: &Database, arguments: &[&str], input: &str) -> Finished {
    Process::start(program(&database.with(arguments)), input).finish()
}

fn a_language_is_added_and_asked_for(database: &Database) {
    database.migrate();
    database.add_user(&User::client(1));
    let server = Server::start(database);
    let printed = run(database, &["language", "add", "es-mx", "Spanish (Mexico)"], "").printed();
    assert_eq!(printed, "added language 1001\n");
    assert_eq!(run(database, &["language", "add", "QU", "Quechua"], "").printed(), "added language 1002\n");
    let why = run(database, &["language", "add", "ES-MX", "Again"], "").explained();
    assert!(why.contains("\"es-MX\" is in the table already"), "{why}");
    let why = run(database, &["language", "add", "spanish", "Spanish"], "").explained();
    assert!(why.contains("is no language"), "{why}");
    let listed = run(database, &["language", "list"], "").printed();
    assert!(listed.ends_with("1001\tes-MX\tSpanish (Mexico)\n1002\tqu\tQuechua\n"), "{listed}");
    let client = User::client(1);
    let client = server.api.login("Client", &client.email, &client.password);
    let asked = client.post("Client/Request/New", &json!({"NeedHelpLanguageId": 1001})).with(200).json();
    assert_eq!(asked["ToLanguage"], "Spanish (Mexico)");
}

fn a_client_belongs_to_a_company(database: &Database) {
    database.migrate();
    let server = Server::start(database);
    let added = run(database, &["company", "add", "St-Mary", "St Mary's Hospital"], "").printed();
    let id: i32 = added.trim().strip_prefix("added company ").unwrap().parse().unwrap();
    run(database, &["company", "add", "court", "County Court"], "").printed();
    let list = run(database, &["company", "list"], "").printed();
    assert_eq!(list.lines().next(), Some(&*format!("{id}\tst-mary\tSt Mary's Hospital")), "{list}");
    let why = run(database, &["company", "add", "ST-MARY", "Another"], "").explained();
    assert!(why.contains("another company has the code \"st-mary\""), "{why}");
    for (code, name) in [("", "A"), ("a b", "A"), ("ä", "A"), (&*"x".repeat(51), "A"), ("a", " ")] {
        run(database, &["company", "add", code, name], "").explained();
    }

    let nurse = ["user", "add", "client", "nurse@test.example", "Nora", "--company", "ST-Mary"];
    run(database, &nurse, "correct horse\n").printed();
    let nobody = ["user", "add", "client", "clerk@test.example", "Carl", "--company", "prison"];
    let why = run(database, &nobody, "correct horse\n").explained();
    assert!(why.contains("there is no company \"prison\""), "{why}");
    let interpreter =
        ["user", "add", "provider", "p@test.example", "P", "--native", "44", "--company", "court"];
    let why = run(database, &interpreter, "correct horse\n").explained();
    assert!(why.contains("only clients belong to a company"), "{why}");

    let login = server.api.try_login("Client", "nurse@test.example", "correct horse").with(200).json();
    assert_eq!((&login["CompanyId"], &login["CompanyCode"]), (&json!(id), &json!("st-mary")));
    run(database, &["user", "add", "client", "clerk@test.example", "Carl"], "correct horse\n").printed();
    let login = server.api.try_login("Client", "clerk@test.example", "correct horse").with(200).json();
    assert_eq!((&login["CompanyId"], &login["CompanyCode"]), (&Value::Null, &Value::Null));
}

fn a_secret_of_a_company_is_valid_until_it_is_revoked(database: &Database) {
    database.migrate();
    run(database, &["company", "add", "court", "County Court"], "").printed();
    let new_secret = || {
        let printed = run(database, &["company", "secret", "Court"], "").printed();
        let secret = printed.lines().last().unwrap().to_owned();
        assert!(secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_hexdigit()), "{printed}");
        secret
    };
    let secrets = [new_secret(), new_secret(), new_secret()];
    let valid = || {
        let store =
            Store::open(&DatabaseUrl::parse(database.url()).unwrap(), StoreOptions::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut valid = Vec::new();
            for secret in &secrets {
                let company = store.company_of_secret(hash_secret(secret)).await.unwrap();
                valid.push(company.is_some_and(|company| company.code == "court"));
            }
            store.close();
            valid
        })
    };
    assert_eq!(valid(), [true, true, true]);
    assert_eq!(run(database, &["company", "revoke", "court"], "").printed(), "revoked 2\n");
    assert_eq!(valid(), [false, false, true]);
    assert_eq!(run(database, &["company", "revoke", "court"], "").printed(), "revoked 0\n");
    let why = run(database, &["company", "secret", "prison"], "").explained();
    assert!(why.contains("there is no company \"prison\""), "{why}");
}
