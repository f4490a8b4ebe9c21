//! Picks a face from the arguments; nothing else.

fn main() -> std::process::ExitCode {
    regulars::cli::main()
}
