//! How many datagrams the kernel has dropped for a UDP socket, since they came faster than they were read.

use std::{fs, io};

/// Tables of UDP sockets of this process's network (Linux, `proc_net(5)`).
const TABLES: [&str; 2] = ["/proc/self/net/udp", "/proc/self/net/udp6"];

/// Columns of a row, counted from 0, that hold a socket's number and its drops.
const INODE: usize = 9;
const DROPS: usize = 12;

/// Datagrams dropped since the socket with this number was opened, modulo 2³²; `None` where the kernel does
/// not tell.
pub(super) fn drops(inode: u64) -> io::Result<Option<u32>> {
    for table in TABLES {
        match fs::read_to_string(table) {
            Ok(table) => {
                if let Some(drops) = drops_in(&table, inode) {
                    return Ok(Some(drops));
                }
            }
            // Without IPv6 there is no second table.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn drops_in(table: &str, inode: u64) -> Option<u32> {
    table.lines().skip(1).find_map(|row| {
        let mut columns = row.split_ascii_whitespace().skip(INODE);
        let own: u64 = columns.next()?.parse().ok()?;
        let drops = columns.nth(DROPS - INODE - 1)?;
        // Written as a signed number of 32 bits by older kernels.
        let drops: i64 = (own == inode).then(|| drops.parse().ok())??;
        u32::try_from(drops & i64::from(u32::MAX)).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_found_by_the_number_of_the_socket() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
            \x20 101: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 42\n\
            \x20 102: 0100007F:158B 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 -1\n";
        assert_eq!(drops_in(table, 4711), Some(42));
        assert_eq!(drops_in(table, 4712), Some(u32::MAX));
        assert_eq!(drops_in(table, 4713), None);
        assert_eq!(drops_in("", 1), None);
        assert_eq!(drops_in("a\nb c\n", 1), None);
    }
}
