//! First passwords on paper: one slip for each account, to be cut apart and handed over.

use crate::text_enum;

text_enum! {
    pub enum SlipForm {
        /// A page to print.
        Html = "html",
        Text = "text",
    }
}

/// What stands on one slip.
#[derive(Debug, Clone)]
pub struct Slip {
    pub full_name: String,
    pub role: String,
    pub area: String,
    pub username: String,
    pub password: String,
}

pub fn text(slips: &[Slip]) -> String {
    let mut out = String::new();
    for slip in slips {
        out += &format!(
            "{}\n{} – {}\nTên đăng nhập: {}\nMật khẩu lần đầu: {}\n\
             Hãy đổi mật khẩu ngay lần đăng nhập đầu tiên.\n\
             - - - - - - - - - - - - - - - - - - - - - - - -\n",
            slip.full_name, slip.role, slip.area, slip.username, slip.password
        );
    }
    out
}

pub fn html(slips: &[Slip]) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=\"vi\"><meta charset=\"utf-8\"><title>Phiếu tài khoản</title>\
         <style>body{font:14pt 'Times New Roman',serif}@page{size:A4;margin:15mm}\
         section{border:1px dashed #000;padding:5mm;margin:0 0 5mm;break-inside:avoid}\
         code{font:14pt monospace}p{margin:1mm 0}</style>",
    );
    for slip in slips {
        out += &format!(
            "<section><p><b>{}</b></p><p>{} – {}</p><p>Tên đăng nhập: <code>{}</code></p>\
             <p>Mật khẩu lần đầu: <code>{}</code></p>\
             <p>Hãy đổi mật khẩu ngay lần đăng nhập đầu tiên.</p></section>",
            plain(&slip.full_name),
            plain(&slip.role),
            plain(&slip.area),
            plain(&slip.username),
            plain(&slip.password)
        );
    }
    out + "</html>\n"
}

fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
