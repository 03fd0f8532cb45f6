//! Versions over the wire.

use hoctap::base::version::Version;

#[test]
fn a_version_survives_the_wire() {
    for (area, seq) in [(1, 1), (14_172, 57), (8_000_000, 1 << 39)] {
        let version = Version::new(area, seq);
        assert_eq!(Version::from_etag(&version.etag()), Some(version));
        assert_eq!((version.area(), version.seq()), (area, seq));
    }
    assert_eq!(Version::from_etag("\"5-9;csv\""), Some(Version::new(5, 9)));
    for bad in ["5-9", "\"5\"", "\"-1-9\"", "W/\"5-9\"", "\"99999999-1\"", "*"] {
        assert_eq!(Version::from_etag(bad), None, "{bad}");
    }
}
