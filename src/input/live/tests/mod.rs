//! Live sources against real files that are rotated, and real sockets and pipes.

mod files;
mod rotations;
mod scene;
mod sockets;
