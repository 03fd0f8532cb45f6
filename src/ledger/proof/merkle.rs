//! Merkle trees as in RFC 6962, section 2.1: leaves and nodes are hashed under different prefixes.

use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

pub fn leaf(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// The hash of the whole tree over leaves that are hashed already.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(middle(many.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The hashes beside the way from a leaf up to the root, the lowest first.
pub fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let middle = middle(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut path, beside) = if index < middle {
        (path(left, index), root(right))
    } else {
        (path(right, index - middle), root(left))
    };
    path.push(beside);
    path
}

/// The root that a leaf and its path lead to (RFC 9162, section 2.1.3.2); none if the path does not
/// fit a tree of this size.
pub fn root_of_path(leaf: &Hash, index: usize, size: usize, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in path {
        if last == 0 {
            return None;
        }
        if at % 2 == 1 || at == last {
            hash = node(beside, &hash);
            while at.is_multiple_of(2) && at != 0 {
                at /= 2;
                last /= 2;
            }
        } else {
            hash = node(&hash, beside);
        }
        at /= 2;
        last /= 2;
    }
    (last == 0).then_some(hash)
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The largest power of two below `size`.
fn middle(size: usize) -> usize {
    size.next_power_of_two() / 2
}

#[cfg(test)]
mod tests {
    use super::*;

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
                    assert_eq!(
                        found == Some(root),
                        other == index,
                        "{other} for {index} of {size}"
                    );
                }
                let mut longer = path.clone();
                longer.push(root);
                assert_eq!(root_of_path(&leaves[index], index, size, &longer), None);
            }
        }
        assert_eq!(root_of_path(&leaf(b"x"), 1, 1, &[]), None);
    }
}
