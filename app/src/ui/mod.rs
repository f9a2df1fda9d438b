//! The parts that pages are made of. They take plain values and callbacks and know nothing of keys, usage or models.

mod bars;
mod code;
mod code_field;
mod copy;
mod dialog;
mod field;
mod form;
mod icon;
mod menu;
mod meter;
mod notice;
mod select;
mod spark;
mod strength;
mod tile;
mod toast;
mod when;

pub use bars::{BarChart, Bars, Layer, Stand};
pub use code::Code;
pub use code_field::CodeField;
pub use copy::CopyButton;
pub use dialog::Dialog;
pub use field::{PasswordField, SliderField, SubmitButton, TextField};
pub use form::{Choice, FieldSet, LineField, LinesField, SelectField};
pub use icon::{Glyph, Icon};
pub use menu::{Menu, MenuLink};
pub use meter::Meter;
pub use notice::{Badge, Empty, Notice, Tone};
pub use select::Select;
pub use spark::Spark;
pub use strength::NewPasswordField;
pub use tile::Tile;
pub use toast::{ToastRegion, Toasts};
pub use when::When;
