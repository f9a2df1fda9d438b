//! A client that sends bytes as they are, right or wrong.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::within;

pub struct Raw {
    stream: TcpStream,
    /// What has been read, and not yet taken.
    read: Vec<u8>,
}

impl Raw {
    pub async fn to(address: SocketAddr) -> Self {
        Raw {
            stream: TcpStream::connect(address).await.unwrap(),
            read: vec![],
        }
    }

    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        within(self.stream.write_all(bytes)).await
    }

    /// The head of a chat request with these headers beside those that it always has.
    pub async fn send_head(&mut self, key: &str, headers: &str) {
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\n{headers}\r\n"
        );
        self.send(head.as_bytes()).await.unwrap();
    }

    /// The next answer, which says how long it is: its head, in lower case but for the values, and its body.
    pub async fn answer(&mut self) -> (String, String) {
        let head = self
            .take_behind(|read| Some(find(read, b"\r\n\r\n")? + 4))
            .await;
        let length = head
            .lines()
            .find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        let body = self
            .take_behind(|read| (read.len() >= length).then_some(length))
            .await;
        (head, body)
    }

    /// Whether something is answered before the other side closes, or resets; it is kept.
    pub async fn starts_answering(&mut self) -> bool {
        let came = within(self.stream.read_buf(&mut self.read)).await;
        came.is_ok_and(|count| count > 0)
    }

    /// All that comes until the other side closes, or resets.
    pub async fn rest(&mut self) -> String {
        String::from_utf8(self.bytes().await).unwrap()
    }

    /// The same, where it may be no text.
    pub async fn bytes(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.read);
        let _ = within(self.stream.read_to_end(&mut rest)).await;
        rest
    }

    /// Goes away, and waits until the other side has seen it.
    pub async fn leave(mut self) {
        let _ = self.stream.shutdown().await;
        self.rest().await;
    }

    /// Whether the other side has closed; what it says before is kept.
    pub async fn is_closed(&mut self) -> bool {
        let mut piece = [0; 1024];
        match self.stream.try_read(&mut piece) {
            Ok(0) => true,
            Ok(count) => {
                self.read.extend_from_slice(&piece[..count]);
                false
            }
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    async fn take_behind(&mut self, end: impl Fn(&[u8]) -> Option<usize>) -> String {
        loop {
            if let Some(end) = end(&self.read) {
                let taken = self.read.drain(..end).collect();
                return String::from_utf8(taken).unwrap();
            }
            let count = within(self.stream.read_buf(&mut self.read)).await.unwrap();
            assert!(
                count > 0,
                "closed after {:?}",
                String::from_utf8_lossy(&self.read)
            );
        }
    }
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}
