//! The telephone in the terminal: what is heard is shown, what is typed is pressed.

mod date_time;
mod keyboard;
mod page;
mod prompts;
mod screen;
mod speech;
mod style;
mod terminal;

pub(crate) use page::{Page, lift};
pub(crate) use prompts::Prompts;
pub(crate) use screen::Screen;
pub(crate) use style::Style;
pub(crate) use terminal::{Echo, Terminal, print, show};
