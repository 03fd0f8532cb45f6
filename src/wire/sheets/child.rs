//! A child of the same program reads workbooks within limits: a file of a few bytes can ask for all
//! the memory there is, and its reader's death must not be the server's.

use std::io::{BufWriter, Read, Seek, Write};
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use nix::sys::resource::{Resource, setrlimit};
use tokio::io::AsyncReadExt;

use super::Sheet;
use super::open::{Unreadable, open};
use crate::base::error::{Error, Result, Say, say};

/// Bytes of address space and seconds of computing that reading one file may take.
const MEMORY: u64 = 2 << 30;
const SECONDS: u64 = 60;
/// Bytes that the rows of one file may come to: no list of 200,000 rows has more.
const MOST_OUTPUT: u64 = 256 << 20;
/// How many files are read at once; the others wait.
static READERS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);

/// The child: rows as JSON on standard output; the code of what is wrong, and status 3, otherwise.
pub fn read_standard_input() -> Result<ExitCode> {
    setrlimit(Resource::RLIMIT_AS, MEMORY, MEMORY).map_err(Error::internal)?;
    setrlimit(Resource::RLIMIT_CPU, SECONDS, SECONDS).map_err(Error::internal)?;
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(Error::internal)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    match open(&bytes) {
        Ok(sheets) => {
            serde_json::to_writer(&mut out, &sheets).map_err(Error::internal)?;
            out.flush().map_err(Error::internal)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => {
            write!(out, "{}", fault.code()).and_then(|()| out.flush()).map_err(Error::internal)?;
            Ok(ExitCode::from(3))
        }
    }
}

/// The parent: the sheets of a file, or a 422 that says why it cannot be read.
pub async fn read(program: &Path, bytes: &[u8]) -> Result<Vec<Sheet>> {
    let mut file = tempfile::tempfile().map_err(Error::internal)?;
    file.write_all(bytes).and_then(|()| file.rewind()).map_err(Error::internal)?;
    let _turn = READERS.acquire().await.map_err(Error::internal)?;
    let mut child = tokio::process::Command::new(program)
        .arg("read-sheet")
        .stdin(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::internal)?;
    let out = child.stdout.take().ok_or_else(|| Error::internal("no output"))?;
    let mut said = Vec::new();
    let reading = async {
        let mut out = out.take(MOST_OUTPUT);
        out.read_to_end(&mut said).await?;
        // One that has more to say finds nobody who listens, and ends.
        drop(out);
        child.wait().await
    };
    let status = tokio::time::timeout(Duration::from_secs(SECONDS * 2), reading)
        .await
        .map_err(|_| unreadable(Unreadable::BadWorkbook))?
        .map_err(Error::internal)?;
    match status.code() {
        Some(0) => serde_json::from_slice(&said).map_err(Error::internal),
        Some(3) => {
            let faults = [
                Unreadable::Empty,
                Unreadable::NotUtf8,
                Unreadable::Protected,
                Unreadable::TooManyRows,
            ];
            let code = String::from_utf8_lossy(&said);
            let fault = faults.into_iter().find(|fault| fault.code() == code);
            Err(unreadable(fault.unwrap_or(Unreadable::BadWorkbook)))
        }
        _ => Err(unreadable(Unreadable::BadWorkbook)),
    }
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
