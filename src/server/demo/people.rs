//! Plausible Vietnamese people from a seed: names, birth years, well-formed identification numbers.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::base::number::Sex;

/// A source of people that gives the same ones for the same seed.
pub struct People {
    pub rng: StdRng,
    /// Counts the numbers given out, so that none comes twice.
    given: u32,
}

#[derive(Debug, Clone)]
pub struct Person {
    pub name: String,
    pub sex: Sex,
    pub birth_year: i16,
    /// Twelve digits of the former province Nam Định.
    pub number: String,
}

pub const FAMILY_NAMES: &[&str] = &[
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô", "Đoàn", "Phan",
    "Lương", "Mai", "Đinh",
];
const MALE: &[(&str, &[&str])] = &[
    ("Văn", &["Hùng", "Dũng", "Thành", "Cường", "Tuấn", "Long", "Bình", "Hải", "Sơn", "Quang"]),
    ("Đức", &["Anh", "Mạnh", "Thắng", "Toàn", "Minh", "Huy", "Trung", "Nam"]),
    ("Quốc", &["Khánh", "Việt", "Bảo", "Hưng", "Đạt"]),
    ("Xuân", &["Trường", "Phúc", "Lộc", "Thiện", "Hòa"]),
];
const FEMALE: &[(&str, &[&str])] = &[
    ("Thị", &["Hương", "Lan", "Hoa", "Nga", "Hà", "Thủy", "Mai", "Hằng", "Thảo", "Yến"]),
    ("Thu", &["Trang", "Hiền", "Phương", "Giang", "Hường"]),
    ("Ngọc", &["Ánh", "Bích", "Diệp", "Linh", "Quỳnh"]),
];

impl People {
    pub fn seeded(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), given: seed as u32 % 1_000 * 1_000 }
    }

    pub fn one_of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.rng.random_range(0..of.len())]
    }

    /// Whether something happens that happens in `percent` of a hundred cases.
    pub fn happens(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    pub fn person(&mut self, born: std::ops::Range<i16>) -> Person {
        let sex = if self.happens(50) { Sex::Male } else { Sex::Female };
        let middles = if sex == Sex::Male { MALE } else { FEMALE };
        let (middle, givens) = *self.one_of(middles);
        let name = format!("{} {middle} {}", self.one_of(FAMILY_NAMES), self.one_of(givens));
        let birth_year = self.rng.random_range(born);
        self.given += 1;
        let century = (birth_year / 100 - 19) * 2 + i16::from(sex == Sex::Female);
        let number = format!("036{century}{:02}{:06}", birth_year % 100, self.given);
        Person { name, sex, birth_year, number }
    }
}
