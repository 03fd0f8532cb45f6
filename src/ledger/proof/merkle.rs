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
