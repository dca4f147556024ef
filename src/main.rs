//! Reads the arguments and runs a command; what fails is said in a sentence.

use std::process::ExitCode;

use clap::Parser;
use ecs_operator::{
    cli,
    config::{Cli, Command},
};

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Crds => print!("{}", cli::crds::yaml()),
        Command::Version => println!("ecs-operator {}", env!("CARGO_PKG_VERSION")),
        Command::Run(flags) => {
            let runtime = match tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
            {
                Ok(runtime) => runtime,
                Err(error) => return fail(&format!("no threads to run on: {error}")),
            };
            if let Err(sentence) = runtime.block_on(cli::run::run(*flags)) {
                return fail(&sentence);
            }
        }
    }
    ExitCode::SUCCESS
}

fn fail(sentence: &str) -> ExitCode {
    eprintln!("ecs-operator: {sentence}");
    ExitCode::FAILURE
}
