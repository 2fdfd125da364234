//! Lays a region database out as a file of the `MaxMind` DB format, version 2.0.

use super::{
    Region,
    encode::Encoder,
    tree::{Node, Slot},
};
use crate::error::{Error, Result};

/// What a database says about itself.
pub(super) struct Metadata {
    pub(super) build_epoch: u64,
    pub(super) description: String,
}

/// What its kind is called.
const DATABASE_TYPE: &str = "hushlog-Regions";

/// Zero bytes between tree and data. Positions in the data count from them.
const SEPARATOR: usize = 16;

/// What precedes the metadata.
const MARKER: &[u8] = b"\xAB\xCD\xEFMaxMind.com";

/// The bits that half of a node may have.
const RECORD_SIZES: [u32; 3] = [24, 28, 32];

/// The file of a tree, root first, whose records are numbers of regions.
///
/// # Errors
/// [`Error::Setting`] if the tree has more nodes than the format allows.
pub(super) fn write(nodes: &[Node], regions: &[Region], metadata: &Metadata) -> Result<Vec<u8>> {
    let mut data = Encoder::default();
    let positions: Vec<usize> = regions
        .iter()
        .map(|region| encode_region(&mut data, region))
        .collect();
    let data = data.into_bytes();
    let largest = nodes.len() + SEPARATOR + data.len();
    let Some(size) = RECORD_SIZES.into_iter().find(|size| largest >> size == 0) else {
        return Err(Error::Setting(
            "too many networks for one region database".to_owned(),
        ));
    };
    let mut file = Vec::with_capacity(nodes.len() * size as usize / 4 + data.len() + 1024);
    for node in nodes {
        let [left, right] = node.map(|slot| match slot {
            Slot::Empty => nodes.len(),
            Slot::Node(position) => position as usize,
            Slot::Record(number) => nodes.len() + SEPARATOR + positions[number as usize],
        });
        encode_node(&mut file, left, right, size);
    }
    file.extend_from_slice(&[0; SEPARATOR]);
    file.extend_from_slice(&data);
    file.extend_from_slice(MARKER);
    file.extend_from_slice(&encode_metadata(metadata, nodes.len(), size));
    Ok(file)
}

/// Appends the two halves of a node; of 28 bits, the four highest of both share the byte between.
fn encode_node(file: &mut Vec<u8>, left: usize, right: usize, size: u32) {
    let (left_bytes, right_bytes) = (left.to_be_bytes(), right.to_be_bytes());
    match size {
        24 => {
            file.extend_from_slice(&left_bytes[5..]);
            file.extend_from_slice(&right_bytes[5..]);
        }
        28 => {
            file.extend_from_slice(&left_bytes[5..]);
            file.push(left_bytes[4] << 4 | right_bytes[4]);
            file.extend_from_slice(&right_bytes[5..]);
        }
        _ => {
            file.extend_from_slice(&left_bytes[4..]);
            file.extend_from_slice(&right_bytes[4..]);
        }
    }
}

/// Appends the record of a region; its position.
fn encode_region(data: &mut Encoder, region: &Region) -> usize {
    let position = data.position();
    let subdivision = region.subdivision();
    data.map(1 + usize::from(subdivision.is_some()))
        .text("country")
        .map(1)
        .text("iso_code")
        .text(region.country().unwrap_or_default());
    if let Some(subdivision) = subdivision {
        data.text("subdivisions")
            .array(1)
            .map(1)
            .text("iso_code")
            .text(subdivision);
    }
    position
}

fn encode_metadata(metadata: &Metadata, nodes: usize, size: u32) -> Vec<u8> {
    let mut encoder = Encoder::default();
    encoder
        .map(9)
        .text("binary_format_major_version")
        .unsigned16(2)
        .text("binary_format_minor_version")
        .unsigned16(0)
        .text("build_epoch")
        .unsigned64(metadata.build_epoch)
        .text("database_type")
        .text(DATABASE_TYPE)
        .text("description")
        .map(1)
        .text("en")
        .text(&metadata.description)
        .text("ip_version")
        .unsigned16(6)
        .text("languages")
        .array(0)
        .text("node_count")
        .unsigned32(nodes as u32)
        .text("record_size")
        .unsigned16(size as u16);
    encoder.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The layouts of the format's specification.
    #[test]
    fn nodes_are_two_halves_of_their_size() {
        let cases: [(u32, usize, usize, &[u8]); 3] = [
            (
                24,
                0x12_3456,
                0x78_9abc,
                &[0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc],
            ),
            (
                28,
                0x912_3456,
                0xf78_9abc,
                &[0x12, 0x34, 0x56, 0x9f, 0x78, 0x9a, 0xbc],
            ),
            (
                32,
                0x0912_3456,
                0xff78_9abc,
                &[0x09, 0x12, 0x34, 0x56, 0xff, 0x78, 0x9a, 0xbc],
            ),
        ];
        for (size, left, right, expected) in cases {
            let mut file = Vec::new();
            encode_node(&mut file, left, right, size);
            assert_eq!(file, expected, "{size}");
        }
    }
}
