//! AWS's published model, and the check of every request and answer against it. Knows no protocol and no service.

mod answer;
mod check;
mod model;

pub use answer::refuse;
pub use check::{Kind, Violation, check_input, check_output};
pub use model::{Model, Operation, Shape, ShapeType};
