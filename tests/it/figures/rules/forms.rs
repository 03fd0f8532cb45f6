//! Every form reads its own template.

use hoctap::figures::forms::Form;
use hoctap::wire::sheets::{Sheet, SheetRow};

#[test]
fn every_form_knows_the_heads_of_its_template() {
    for form in [Form::Totals, Form::Reported, Form::Targets] {
        let heads: Vec<&str> = form.fields().iter().map(|field| field.head()).collect();
        let cells = heads.iter().map(|head| (*head).to_owned()).collect();
        let rows = vec![SheetRow { number: 3, cells }];
        let sheet = Sheet { rows, ..Default::default() };
        let header = form.header(&sheet).expect("a header");
        let found: Vec<usize> = form.fields().iter().map(|field| header.columns[field]).collect();
        assert_eq!(found, (0..heads.len()).collect::<Vec<_>>(), "{form:?}");
    }
}
