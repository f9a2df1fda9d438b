//! BERT: what the embedding model and the cross-encoder are.

mod pieces;

pub use self::pieces::{Pieces, Row};
