//! Reads the arguments and runs a command; what fails is said in a sentence.

use std::{io::Write, process::ExitCode};

use clap::Parser;
use ecs_operator::{
    cli,
    config::{Cli, Command},
};

/// One heap for all threads, whatever the libc: musl's own allocator, which the image would have, took twice the memory under
/// load, and so do those that keep a heap for each thread (docs/facts.md).
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Crds => print!("{}", cli::crds::yaml()),
        Command::IamPolicy(flags) => {
            let printed = cli::iam_policy::run(&flags);
            printed.notes.iter().for_each(|note| eprintln!("{note}"));
            return print(&printed.document);
        }
        Command::Version => println!("ecs-operator {}", env!("CARGO_PKG_VERSION")),
        Command::Run(flags) => {
            if let Err(sentence) = block_on(cli::run::run(*flags)) {
                return fail(&sentence);
            }
        }
        Command::Import(flags) => match block_on(cli::import::run(flags)) {
            Ok(written) => {
                written.notes.iter().for_each(|note| eprintln!("{note}"));
                return print(&written.manifests);
            }
            Err(sentence) => return fail(&sentence),
        },
        Command::Plan(flags) => match block_on(cli::plan::run(flags)) {
            Ok(said) => {
                said.notes.iter().for_each(|note| eprintln!("{note}"));
                let printed = print(&said.out);
                return if printed == ExitCode::SUCCESS {
                    said.code.into()
                } else {
                    printed
                };
            }
            Err(sentence) => return fail(&sentence),
        },
    }
    ExitCode::SUCCESS
}

/// Runs a command to its end, all of it on this thread: the work is waiting, and with more threads each answer woke another one.
fn block_on<T>(command: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("nothing to run on: {error}"))?
        .block_on(command)
}

/// Writes to standard output. Whoever reads it may have enough before the end.
fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            fail(&format!("standard output can't be written: {error}"))
        }
        _ => ExitCode::SUCCESS,
    }
}

fn fail(sentence: &str) -> ExitCode {
    eprintln!("ecs-operator: {sentence}");
    ExitCode::FAILURE
}
