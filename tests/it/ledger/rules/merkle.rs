//! Roots and paths, as Certificate Transparency has them.

use hoctap::ledger::proof::merkle::{Hash, leaf, path, root, root_of_path};

/// The leaves by which Certificate Transparency logs are tested.
fn leaves() -> Vec<Hash> {
    let data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"];
    let last = "606162636465666768696a6b6c6d6e6f";
    data.into_iter().chain([last]).map(|hex| leaf(&hex::decode(hex).unwrap())).collect()
}

#[test]
fn roots_are_those_of_certificate_transparency() {
    let roots = [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ];
    for (size, expected) in roots {
        assert_eq!(hex::encode(root(&leaves()[..size])), expected, "{size} leaves");
    }
}

#[test]
fn a_path_leads_to_the_root_from_its_own_leaf_only() {
    for size in 1..=8 {
        let leaves = &leaves()[..size];
        let root = root(leaves);
        for index in 0..size {
            let path = path(leaves, index);
            for (other, leaf) in leaves.iter().enumerate() {
                let found = root_of_path(leaf, index, size, &path);
                assert_eq!(found == Some(root), other == index, "{other} for {index} of {size}");
            }
            let mut longer = path.clone();
            longer.push(root);
            assert_eq!(root_of_path(&leaves[index], index, size, &longer), None);
        }
    }
    assert_eq!(root_of_path(&leaf(b"x"), 1, 1, &[]), None);
}
