//! What a browser is told.

use trialogue_media::{Candidate, Description, DescriptionKind, FromBrowser, LinkName, ToBrowser};

use crate::visitors::{identity, join, with_room};

/// A browser's offer without a browser: Janus answers it, and no media ever comes.
const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=ice-ufrag:abcd\r\n\
    a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:\
    FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\na=setup:actpass\r\na=rtcp-mux\r\n\
    a=rtpmap:96 VP8/90000\r\n";

fn offer(link: LinkName) -> FromBrowser {
    FromBrowser::Description(link, Description { kind: DescriptionKind::Offer, sdp: OFFER.to_owned() })
}

#[tokio::test]
async fn a_browser_is_told_to_send_and_its_offer_is_answered() {
    let (_server, engine) = with_room().await;
    let mut guest = join(&engine, identity(1)).await.unwrap();
    let opened = guest.next().await;
    let Some(ToBrowser::Open { link, party: None, sends: true, offers: true }) = opened else {
        panic!("{opened:?}");
    };
    guest.seat.receive(offer(link.clone())).await.unwrap();
    let answered = guest.next().await;
    let Some(ToBrowser::Description(answered, description)) = answered else { panic!("{answered:?}") };
    assert_eq!((&answered, description.kind), (&link, DescriptionKind::Answer));
    assert!(description.sdp.contains("a=recvonly"), "{}", description.sdp);

    let candidate = Candidate {
        candidate: "candidate:1 1 udp 2015363327 127.0.0.1 50000 typ host".to_owned(),
        sdp_mid: Some("0".to_owned()),
        sdp_m_line_index: Some(0),
    };
    for candidate in [Some(candidate), None] {
        guest.seat.receive(FromBrowser::Candidate(link.clone(), candidate)).await.unwrap();
    }
    // A second offer on the same link, as when a device is changed.
    guest.seat.receive(offer(link)).await.unwrap();
    assert!(matches!(guest.next().await, Some(ToBrowser::Description(..))));
}

#[tokio::test]
async fn a_link_that_nobody_opened_is_not_heard() {
    let (_server, engine) = with_room().await;
    let guest = join(&engine, identity(1)).await.unwrap();
    guest.seat.receive(offer(LinkName("p2.9".to_owned()))).await.unwrap();
    guest.seat.receive(FromBrowser::Candidate(LinkName("p2.9".to_owned()), None)).await.unwrap();
}

#[tokio::test]
async fn an_offer_that_makes_no_sense_is_refused_and_the_seat_stays() {
    let (_server, engine) = with_room().await;
    let mut guest = join(&engine, identity(1)).await.unwrap();
    let Some(ToBrowser::Open { link, .. }) = guest.next().await else { panic!("a link to send by") };
    let nonsense = Description { kind: DescriptionKind::Offer, sdp: "v=0\r\nnonsense".to_owned() };
    guest.seat.receive(FromBrowser::Description(link.clone(), nonsense)).await.unwrap_err();
    guest.seat.receive(offer(link)).await.unwrap();
    assert!(matches!(guest.next().await, Some(ToBrowser::Description(..))));
}
