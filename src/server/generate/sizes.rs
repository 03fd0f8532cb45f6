//! How many titles each commune has: few have many, as it is.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::World;
use crate::areas::AreaId;

/// Of the logarithm of a commune's share: of 10 million titles the communes have 50 to 30,000.
const SPREAD: f64 = 0.85;

/// Every commune of today with its titles, which are `titles` together.
pub fn of_communes(world: &World<'_>, titles: u64) -> Vec<(AreaId, usize)> {
    let mut communes = world.areas.communes(world.areas.country(), world.today);
    communes.sort_unstable();
    let mut rng = StdRng::seed_from_u64(world.seed);
    let shares: Vec<f64> = communes.iter().map(|_| (SPREAD * normal(&mut rng)).exp()).collect();
    let whole: f64 = shares.iter().sum();
    let (mut sum, mut given) = (0.0, 0);
    let sizes = shares.into_iter().map(|share| {
        sum += share;
        // The parts of a title that are left go to the next.
        let until = (sum / whole * titles as f64).round() as u64;
        let size = until.min(titles) - given;
        given += size;
        size as usize
    });
    communes.iter().copied().zip(sizes).collect()
}

/// Nearly normal, with mean 0 and deviation 1.
fn normal(rng: &mut StdRng) -> f64 {
    (0..12).map(|_| rng.random_range(0.0..1.0)).sum::<f64>() - 6.0
}
