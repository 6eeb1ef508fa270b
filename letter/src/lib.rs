//! What letters say: the words, in each language and in two forms, and the operator's own words in their place.
//!
//! A letter of the ledger is put into [`Words`] once; its plain text, its HTML and what the words in braces of an
//! operator's own [`Templates`] stand for are all made of those. [`Wording::of`] puts it all together. It is apart from
//! the reconciler so that the operator's command can show letters without linking what sends them.

mod example;
mod html;
mod template;
mod templates;
mod text;
mod wording;
mod words;

pub use example::example;
pub use template::{Form, Template, TemplateError};
pub use templates::{Fault, FaultKind, Templates};
pub use text::{clean, escaped};
pub use wording::Wording;
pub use words::Words;
