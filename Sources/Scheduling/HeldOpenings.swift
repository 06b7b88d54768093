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

    /// The openings that let all of a network in at a port, and until when each is held.
    package func openings(covering source: Prefix, at port: Port) -> [Opening: Moment] {
        let candidates = openings(around: source.address, at: port).prefix(source.length + 1)
        return candidates.reduce(into: [:]) { $0[$1] = deadline(of: $1) }
    }

    /// Every opening that could be for an address: one a prefix length, the widest first.
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
