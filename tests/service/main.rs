//! EcsService on its whole surface: random declarations with every member of AWS's model, edited and taken out value by value.
//! The real code against the simulator.

#[path = "../common/edits.rs"]
mod edits;
#[path = "../common/every_member/mod.rs"]
mod every_member;
#[path = "../common/in_memory.rs"]
mod in_memory;
#[path = "../common/looking.rs"]
mod looking;
#[path = "../common/said.rs"]
mod said;

mod declarations;
mod members;
mod random;
mod rig;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}
