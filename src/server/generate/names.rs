//! Names of people, many enough that a commune has few of one name and year.

use rand::RngExt;
use rand::rngs::StdRng;

use crate::base::number::Sex;

const FAMILIES: &[&str] = &[
    "Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Trần", "Lê", "Lê", "Phạm", "Hoàng", "Phan", "Vũ",
    "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Đoàn", "Lương", "Mai", "Đinh", "Trịnh",
    "Đào", "Tô", "Hà", "Cao", "Tạ", "Quách", "Nông", "Lò", "Vi", "Giàng", "Y", "Thạch", "Châu",
];
const MIDDLES: [&[&str]; 2] = [
    &["Văn", "Văn", "Đức", "Quốc", "Xuân", "Minh", "Hữu", "Công", "Đình", "Quang", "Thanh", "Ngọc"],
    &["Thị", "Thị", "Thu", "Ngọc", "Minh", "Thanh", "Kim", "Bích", "Hồng", "Phương", "Thùy", "Mai"],
];
const GIVEN: [&[&str]; 2] = [
    &[
        "Hùng",
        "Dũng",
        "Thành",
        "Cường",
        "Tuấn",
        "Long",
        "Bình",
        "Hải",
        "Sơn",
        "Quang",
        "Mạnh",
        "Thắng",
        "Toàn",
        "Minh",
        "Huy",
        "Trung",
        "Nam",
        "Khánh",
        "Việt",
        "Bảo",
        "Hưng",
        "Đạt",
        "Trường",
        "Phúc",
        "Lộc",
        "Thiện",
        "Hòa",
        "Kiên",
        "Lâm",
        "Tùng",
        "Vinh",
        "Đông",
        "Khoa",
        "Tiến",
        "Phong",
        "Nghĩa",
        "Duy",
        "Tân",
        "Chiến",
        "Thịnh",
    ],
    &[
        "Hương", "Lan", "Hoa", "Nga", "Hà", "Thủy", "Mai", "Hằng", "Thảo", "Yến", "Trang", "Hiền",
        "Phương", "Giang", "Hường", "Ánh", "Bích", "Diệp", "Linh", "Quỳnh", "Nhung", "Oanh",
        "Loan", "Dung", "Huệ", "Liên", "Tuyết", "Vân", "Xuân", "Thơm", "Nhàn", "Hạnh", "Ngân",
        "Trinh", "Uyên", "Cúc", "Đào", "Thúy", "Lụa", "Chi",
    ],
];

pub struct Person {
    pub name: String,
    pub sex: Sex,
    pub birth_year: i16,
}

pub fn family(rng: &mut StdRng) -> &'static str {
    one_of(rng, FAMILIES)
}

pub fn person(rng: &mut StdRng, born: std::ops::Range<i16>) -> Person {
    let woman = rng.random_range(0..2);
    let (first, middle) = (one_of(rng, FAMILIES), one_of(rng, MIDDLES[woman]));
    let mut name = format!("{first} {middle} {}", one_of(rng, GIVEN[woman]));
    if rng.random_range(0..3) == 0 {
        name =
            format!("{first} {middle} {} {}", one_of(rng, GIVEN[woman]), one_of(rng, GIVEN[woman]));
    }
    let sex = if woman == 1 { Sex::Female } else { Sex::Male };
    Person { name, sex, birth_year: rng.random_range(born) }
}

pub fn one_of(rng: &mut StdRng, of: &[&'static str]) -> &'static str {
    of[rng.random_range(0..of.len())]
}
