//! Setting up a second factor: what its dialogs in the settings and its page at the door share, and that page.

mod codes;
mod page;
mod set_up;

pub use codes::{Codes, Keeping, fresh_codes};
pub use page::SetUpPage;
pub use set_up::SetUpForm;
