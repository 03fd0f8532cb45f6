//! In which form a file goes out, and what no cell may begin with.

use hoctap::figures::exports::Format;
use hoctap::figures::exports::spool::safe;

#[test]
fn forms_are_those_that_the_client_takes() {
    let xlsx = format!("text/html, {};q=0.9", hoctap::wire::reply::XLSX);
    for (accept, format) in [
        ("", Format::Csv),
        ("*/*", Format::Csv),
        ("text/csv", Format::Csv),
        ("application/x-ndjson", Format::Jsonl),
        (&xlsx, Format::Xlsx),
    ] {
        assert_eq!(Format::of_accept(accept), format, "{accept}");
    }
}

#[test]
fn no_cell_begins_a_formula() {
    for (cell, written) in [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-Bình", "'-Bình"),
        ("-2.5", "-2.5"),
        ("Nguyễn Văn An", "Nguyễn Văn An"),
    ] {
        assert_eq!(safe(cell), written);
    }
}
