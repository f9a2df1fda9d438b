//! One request that two servers in a row read as two: what says of its length more than one thing is refused, and nothing
//! behind it is answered.

use assisters::principal::Tier;
use tempfile::TempDir;

use crate::raw::Raw;
use crate::site::Site;

const BEHIND: &str = "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Behind: yes\r\n\r\n";

#[tokio::test]
async fn what_is_behind_a_request_of_doubtful_length_is_not_answered() {
    let site = Site::unready(TempDir::new().unwrap(), vec![]).await;
    let key = site.key(Tier::Free).await;
    for (name, framing) in [
        ("two lengths", "Content-Length: 5\r\nContent-Length: 6"),
        ("two in one", "Content-Length: 5, 6"),
        ("a length below nothing", "Content-Length: -1"),
        ("a length with a sign", "Content-Length: +5"),
        ("a length in words", "Content-Length: five"),
        (
            "a length beyond all",
            "Content-Length: 99999999999999999999",
        ),
        ("an unknown coding", "Transfer-Encoding: xchunked"),
        (
            "chunks that are not last",
            "Transfer-Encoding: chunked, identity",
        ),
        (
            "two codings in two lines",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        ),
        ("a space before the colon", "Transfer-Encoding : chunked"),
        ("a folded line", "Transfer-Encoding:\r\n chunked"),
        ("a name in other clothes", "Transfer\0-Encoding: chunked"),
    ] {
        for path in ["/v1/chat/completions", "/api/sign-in"] {
            let mut raw = Raw::to(site.address()).await;
            let sent = format!(
                "POST {path} HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nAuthorization: Bearer {key}\r\n{framing}\r\n\r\n0\r\n\r\n{BEHIND}"
            );
            // It may be refused before all of it is sent.
            let _ = raw.send(sent.as_bytes()).await;
            let answer = raw.rest().await;
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{name}: {answer}");
            assert!(answer.starts_with("HTTP/1.1 4"), "{name}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_length_beside_chunks_ends_the_connection_after_one_answer() {
    let site = Site::unready(TempDir::new().unwrap(), vec![]).await;
    for framing in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 300\r\nTransfer-Encoding: chunked",
    ] {
        let mut raw = Raw::to(site.address()).await;
        let sent = format!(
            "POST /api/sign-in HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\n{framing}\r\n\r\n0\r\n\r\n{BEHIND}"
        );
        let _ = raw.send(sent.as_bytes()).await;
        let answer = raw.rest().await;
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            1,
            "{framing}: {answer}"
        );
        assert!(answer.starts_with("HTTP/1.1 4"), "{framing}: {answer}");
    }
}

#[tokio::test]
async fn chunks_that_are_none_are_the_requests_end() {
    let site = Site::unready(TempDir::new().unwrap(), vec![]).await;
    for chunks in [
        "x\r\n",
        "-1\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nhello",
        "5\nhello\n0\n\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
    ] {
        let mut raw = Raw::to(site.address()).await;
        let sent = format!(
            "POST /api/sign-in HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Transfer-Encoding: chunked\r\n\r\n{chunks}{BEHIND}"
        );
        let _ = raw.send(sent.as_bytes()).await;
        let answer = raw.rest().await;
        assert!(
            answer.matches("HTTP/1.1 ").count() <= 1,
            "{chunks:?}: {answer}"
        );
        assert!(!answer.contains("HTTP/1.1 2"), "{chunks:?}: {answer}");
    }
}
