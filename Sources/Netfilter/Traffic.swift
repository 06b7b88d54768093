/// The packets and bytes that a counter of the kernel has counted.
package struct Traffic: Hashable, Sendable {
    package var packets: UInt64
    package var bytes: UInt64

    package init(packets: UInt64 = 0, bytes: UInt64 = 0) {
        self.packets = packets
        self.bytes = bytes
    }

    package static func + (left: Self, right: Self) -> Self {
        Self(packets: left.packets &+ right.packets, bytes: left.bytes &+ right.bytes)
    }
}
