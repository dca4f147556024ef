//! Asynchronous code in tests whose functions are not: those of proptest.

/// Runs a future to its end on this thread. AWS is in memory there, so that nothing but timers is ever waited for, such as the
/// pace of batched reads: time is paused and passes at once.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(future)
}
