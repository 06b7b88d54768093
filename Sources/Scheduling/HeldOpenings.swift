package import Grants

/// What open grants hold open, and until when.
extension Timetable {
    /// Until when an opening is held: the latest deadline of the grants that hold it.
    package func deadline(of opening: Opening) -> Moment? {
        holders[opening]?.values.max()
    }

    /// The grants that hold an opening.
    package func holders(of opening: Opening) -> [GrantID] {
        holders[opening].map { $0.keys.sorted() } ?? []
    }

    /// The open grants that let an address in at a port.
    package func holders(of address: Address, at port: Port) -> [GrantID] {
        openings(around: address, at: port).flatMap { holders(of: $0) }
    }

    /// Whether an open grant lets an address in at a port.
    package func isHeld(_ address: Address, at port: Port) -> Bool {
        openings(around: address, at: port).contains { holders[$0] != nil }
    }

    /// Every opening that could be for an address: one a prefix length.
    private func openings(around address: Address, at port: Port) -> some Sequence<Opening> {
        (0...address.family.bitCount).lazy.map { length in
            Opening(source: Prefix(covering: address, length: length), port: port)
        }
    }

    /// All that should be open: what the kernel's state is compared with at start and after tampering.
    package var desired: [Opening: Moment] {
        holders.compactMapValues { $0.values.max() }
    }
}
