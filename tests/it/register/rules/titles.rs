//! The life of a title as a table.

use hoctap::base::kind::Status;
use hoctap::register::titles::{Step, next};

#[test]
fn every_step_from_every_status() {
    let mut table = String::new();
    for status in Status::ALL {
        for step in Step::ALL {
            if let Ok(after) = next(*status, *step) {
                table += &format!("{status} {step} {after}\n");
            }
        }
    }
    assert_eq!(
        table,
        "registered assess self_assessed\n\
         registered withdraw withdrawn\n\
         self_assessed verify verified\n\
         self_assessed return registered\n\
         self_assessed withdraw withdrawn\n\
         verified return registered\n\
         verified withdraw withdrawn\n\
         verified recognise recognised\n\
         verified decline not_recognised\n\
         recognised revoke revoked\n\
         recognised annul verified\n\
         not_recognised reopen verified\n\
         not_recognised annul verified\n\
         withdrawn reopen registered\n\
         revoked reopen verified\n\
         revoked annul recognised\n"
    );
}
