//! A child of the same program reads workbooks within limits: a file of a few bytes can ask for all
//! the memory there is, and its reader's death must not be the server's.

use std::io::{BufWriter, Read, Seek, Write};
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use nix::sys::resource::{Resource, setrlimit};

use super::Sheet;
use super::open::{Unreadable, tell};
use super::spool::Spool;
use crate::base::error::{Error, Result, Say, say};

/// Bytes of address space and seconds of computing that reading one file may take.
const MEMORY: u64 = 2 << 30;
const SECONDS: u64 = 60;
/// Bytes that the rows of one file may come to: no list of 200,000 rows has more.
const MOST_OUTPUT: u64 = 256 << 20;
/// The status of a child that met the first of the faults; the others follow.
const FAULT: u8 = 3;
/// How many files are read at once; the others wait.
static READERS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);

/// The child: pieces as lines of JSON on standard output, or the fault as its status.
pub fn read_standard_input() -> Result<ExitCode> {
    for (resource, most) in [
        (Resource::RLIMIT_AS, MEMORY),
        (Resource::RLIMIT_CPU, SECONDS),
        (Resource::RLIMIT_FSIZE, MOST_OUTPUT),
    ] {
        setrlimit(resource, most, most).map_err(Error::internal)?;
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(Error::internal)?;
    let mut out = BufWriter::with_capacity(64 << 10, std::io::stdout().lock());
    let told = tell(&bytes, &mut |piece| {
        let line = serde_json::to_writer(&mut out, &piece).map_err(std::io::Error::from);
        line.and_then(|()| out.write_all(b"\n")).map_err(|_| Unreadable::BadWorkbook)
    });
    out.flush().map_err(Error::internal)?;
    let status = |fault| Unreadable::ALL.iter().position(|known| *known == fault).unwrap_or(0);
    Ok(told
        .map_or_else(|fault| ExitCode::from(FAULT + status(fault) as u8), |()| ExitCode::SUCCESS))
}

/// The sheets of a file, or a 422 that says why it cannot be read.
pub async fn read(program: &Path, bytes: &[u8]) -> Result<Vec<Sheet>> {
    spool(program, bytes).await?.sheets()
}

/// The parent: what a file says, on disk.
pub async fn spool(program: &Path, bytes: &[u8]) -> Result<Spool> {
    let mut file = tempfile::tempfile().map_err(Error::internal)?;
    file.write_all(bytes).and_then(|()| file.rewind()).map_err(Error::internal)?;
    let spool = tempfile::tempfile().map_err(Error::internal)?;
    let _turn = READERS.acquire().await.map_err(Error::internal)?;
    let mut child = tokio::process::Command::new(program)
        .arg("read-sheet")
        .stdin(file)
        .stdout(spool.try_clone().map_err(Error::internal)?)
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::internal)?;
    let status = tokio::time::timeout(Duration::from_secs(SECONDS * 2), child.wait())
        .await
        .map_err(|_| unreadable(Unreadable::BadWorkbook))?
        .map_err(Error::internal)?;
    if status.success() {
        return Ok(Spool::new(spool));
    }
    let fault = status.code().and_then(|code| usize::try_from(code - i32::from(FAULT)).ok());
    let fault = fault.and_then(|fault| Unreadable::ALL.get(fault).copied());
    Err(unreadable(fault.unwrap_or(Unreadable::BadWorkbook)))
}

fn unreadable(fault: Unreadable) -> Error {
    Error::unprocessable(fault.code(), explain(fault))
}

fn explain(fault: Unreadable) -> Say {
    match fault {
        Unreadable::Empty => say("Tệp không có dòng nào.", "The file has no rows."),
        Unreadable::NotUtf8 => say(
            "Tệp CSV không phải Unicode; trong Excel hãy lưu dạng .xlsx hoặc “CSV UTF-8”.",
            "The CSV file is not Unicode; save it as .xlsx or “CSV UTF-8”.",
        ),
        Unreadable::BadWorkbook => say(
            "Không đọc được tệp này như danh sách Excel hoặc CSV; hãy mở bằng Excel, lưu lại dạng \
             .xlsx rồi gửi lại.",
            "The file cannot be read as an Excel or CSV list; open it in Excel, save it as .xlsx and \
             send it again.",
        ),
        Unreadable::Protected => say(
            "Tệp có mật khẩu; hãy bỏ mật khẩu rồi gửi lại.",
            "The file is protected by a password; remove it and send the file again.",
        ),
        Unreadable::TooManyRows => say(
            "Tệp có hơn 200.000 dòng; hãy chia thành nhiều tệp.",
            "The file has more than 200,000 rows; divide it.",
        ),
    }
}
