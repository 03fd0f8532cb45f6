//! The people of the demo.

use hoctap::base::number::PersonalNumber;
use hoctap::server::demo::people::People;

#[test]
fn the_same_seed_gives_the_same_people_with_numbers_that_fit() {
    let (mut one, mut other) = (People::seeded(13_669), People::seeded(13_669));
    for _ in 0..200 {
        let person = one.person(1940..2008);
        assert_eq!(person.number, other.person(1940..2008).number);
        let number = PersonalNumber::parse(&person.number).unwrap();
        assert_eq!(number.fits(Some(person.sex), Some(person.birth_year)), Ok(()));
    }
}
