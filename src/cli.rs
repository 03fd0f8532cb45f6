//! The words of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use hoctap::base::config::VARIABLES;

/// The register of Vietnam's learning titles.
#[derive(Parser)]
#[command(version, about, after_help = variables())]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run the server, with a private PostgreSQL unless DATABASE_URL names one
    Serve {
        /// Fill an empty register with the demo province and print its accounts
        #[arg(long)]
        demo: bool,
    },
    /// Bring the database to this version and stop
    Migrate {
        /// Let this role run servers, without a right to change tables or the audit trail
        #[arg(long, value_name = "ROLE")]
        grant_to: Option<String>,
    },
    /// Make a file of new keys, mode 0600, or print the public ones
    Keys(KeysArgs),
    /// Manage accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Change areas
    #[command(subcommand)]
    Areas(AreasCommand),
    /// Check the audit trail
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Check a proof of an entry without the register
    #[command(subcommand)]
    Proof(ProofCommand),
    /// Check an exported file without the register
    #[command(subcommand)]
    Manifest(ManifestCommand),
    /// Show what is past the time that it is kept, or remove it
    Retention(RetentionMode),
    /// Compare every count with the records it is made of
    Verify,
    /// Fill an empty register with made-up records of all communes, to size a machine or measure speed
    Generate {
        /// How many titles, with all that belongs to them
        #[arg(long)]
        titles: u64,
        /// The same seed gives the same records
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Print the contract (OpenAPI, YAML)
    Openapi,
    /// Write the demo lists of data/demo into a folder
    #[command(hide = true)]
    DemoLists { dir: PathBuf },
    /// Turn a list on standard input into rows of JSON, within limits
    #[command(hide = true)]
    ReadSheet,
}

#[derive(Subcommand)]
pub enum UserCommand {
    /// Add an account and print its temporary password
    Add(NewUser),
}

#[derive(Subcommand)]
pub enum AreasCommand {
    /// Check a reform of areas and keep it to be applied; print what stands in the old areas
    Import {
        /// CSV with a row for each pair of an old and a new area
        file: PathBuf,
        /// Let it hold at once
        #[arg(long)]
        apply: bool,
    },
}

#[derive(Args)]
pub struct NewUser {
    #[arg(long)]
    pub username: String,
    #[arg(long)]
    pub full_name: String,
    /// recorder, approver, supervisor, auditor, viewer or administrator
    #[arg(long, default_value = "administrator")]
    pub role: String,
    /// Code of its area; VN is the whole country
    #[arg(long, default_value = "VN")]
    pub area: String,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct RetentionMode {
    /// Only say how many records each rule concerns
    #[arg(long)]
    pub preview: bool,
    /// Remove them; people are erased, while counts and chains stand
    #[arg(long)]
    pub apply: bool,
}

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Recompute the chains and name the first entry that does not fit
    Verify {
        /// Code of an area; VN is the whole country
        #[arg(long, default_value = "VN")]
        area: String,
    },
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct KeysArgs {
    #[command(subcommand)]
    pub command: Option<KeysCommand>,
    /// The file to make
    pub file: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Print the public keys by which checkpoints, proofs and manifests are checked
    Public,
}

#[derive(Subcommand)]
pub enum ProofCommand {
    /// Check that the entry stood in its chain when its day was closed
    Verify {
        /// The answer of /audit/{id}/proof
        file: PathBuf,
        /// What `hoctap keys public` or /.well-known/proof-keys.json said
        #[arg(long)]
        key: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum ManifestCommand {
    /// Check that the register answered with exactly this file
    Verify {
        /// The answer of /exports/{id}/manifest
        manifest: PathBuf,
        /// The exported file, not compressed
        #[arg(long)]
        file: PathBuf,
        /// What `hoctap keys public` or /.well-known/proof-keys.json said
        #[arg(long)]
        key: PathBuf,
    },
}

fn variables() -> String {
    let mut text = String::from("Environment:\n");
    for variable in VARIABLES {
        text += &format!("  {:<24}{}", variable.name, variable.meaning);
        text += &format!(" [{}]\n", variable.default);
    }
    text
}
