package import Grants

/// The openings that grants hold, with their ends, and the changes that the kernel has not got yet.
package struct HeldOpenings: Sendable {
    private var holders: [Opening: [GrantID: Moment]] = [:]
    /// How many openings there are of each prefix length: no others need be looked for.
    private var lengths: [Address.Family: [Int: Int]] = [:]
    /// The deadlines as the kernel knows them, of openings that may have another one now.
    private var before: [Opening: Moment?] = [:]

    // MARK: changes

    mutating func hold(_ openings: [Opening], by id: GrantID, until deadline: Moment) {
        for opening in openings {
            note(opening)
            if holders[opening] == nil { count(opening, 1) }
            holders[opening, default: [:]][id] = deadline
        }
    }

    private mutating func count(_ opening: Opening, _ change: Int) {
        let (family, length) = (opening.source.family, opening.source.length)
        let count = lengths[family]?[length] ?? 0
        lengths[family, default: [:]][length] = count + change > 0 ? count + change : nil
    }

    mutating func release(_ openings: [Opening], by id: GrantID) {
        for opening in openings {
            // Taken out and put back, as nearly always nobody else holds it.
            guard var others = holders.removeValue(forKey: opening) else { continue }
            if before[opening] == nil { before[opening] = .some(others.values.max()) }
            others[id] = nil
            if others.isEmpty { count(opening, -1) } else { holders[opening] = others }
        }
    }

    private mutating func note(_ opening: Opening) {
        if before[opening] == nil { before[opening] = .some(deadline(of: opening)) }
    }

    /// Takes the openings whose deadline has changed since the last call: `nil` if they are shut.
    mutating func takeChanges() -> [Opening: Moment?] {
        var changes: [Opening: Moment?] = [:]
        changes.reserveCapacity(before.count)
        for (opening, old) in before {
            let deadline = deadline(of: opening)
            if deadline != old { changes[opening] = .some(deadline) }
        }
        before.removeAll(keepingCapacity: false)
        return changes
    }

    // MARK: openings held

    /// The end of an opening: the latest deadline of the grants that hold it.
    package func deadline(of opening: Opening) -> Moment? { holders[opening]?.values.max() }

    /// The grants that hold an opening.
    package func holders(of opening: Opening) -> [GrantID] {
        holders[opening].map { $0.keys.sorted() } ?? []
    }

    /// The grants that let an address in at a port.
    package func holders(of address: Address, at port: Port) -> [GrantID] {
        openings(around: address, at: port).flatMap { holders(of: $0) }
    }

    /// Returns true if a grant lets an address in at a port.
    package func contains(_ address: Address, at port: Port) -> Bool {
        openings(around: address, at: port).contains { holders[$0] != nil }
    }

    /// The openings that let all of a network in at a port, with their ends.
    package func openings(covering source: Prefix, at port: Port) -> [Opening: Moment] {
        let candidates = openings(around: source.address, at: port)
            .filter { $0.source.length <= source.length }
        return candidates.reduce(into: [:]) { $0[$1] = deadline(of: $1) }
    }

    /// Every opening that could be for an address, the widest first: one for each prefix length of which
    /// there is any.
    private func openings(around address: Address, at port: Port) -> [Opening] {
        (lengths[address.family] ?? [:]).keys.sorted().map { length in
            Opening(source: Prefix(covering: address, length: length), port: port)
        }
    }

    /// All openings, with which the kernel's state is compared at a start and after tampering.
    package var all: [Opening: Moment] { holders.compactMapValues { $0.values.max() } }
}
