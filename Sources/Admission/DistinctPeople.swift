import Signatures

/// Chooses different people among signers, some of whom may be the same person.
///
/// The search is exact, since a greedy one could count too few: a signer who shares a name with each
/// of two others does not make those two one person, and somebody who matches two patterns may be
/// needed for the second. A file has at most 16 signatures, so it is done after at most some
/// thousands of steps.
struct DistinctPeople {
    /// The indices of the chosen signers, no two of whom may be the same person.
    let people: [Int]
    /// The indices of patterns that have no signer of their own among them.
    let unmet: [Int]

    /// The choice that meets most patterns, and of those the largest; the first of several.
    ///
    /// Each pattern needs another signer, one of whose names it matches.
    init(among signers: [SignerIdentity], meeting patterns: [NamePatterns] = []) {
        let conflicts = signers.map { signer in
            Self.mask(signers.indices.filter { signer.isSamePerson(as: signers[$0]) })
        }
        let fits = patterns.map { pattern in
            Self.mask(signers.indices.filter { signers[$0].names.contains(where: pattern.matches) })
        }
        var search = Search(conflicts: conflicts, fits: fits)
        search.extend(0, by: Self.mask(Array(signers.indices)))
        people = signers.indices.filter { search.best.people & 1 << UInt64($0) != 0 }
        let met = Assignment(of: fits, to: search.best.people).met
        unmet = patterns.indices.filter { !met.contains($0) }
    }

    private static func mask(_ indices: [Int]) -> UInt64 {
        indices.reduce(0) { $0 | 1 << UInt64($1) }
    }

    /// The search through all sets of different people to which nobody can be added.
    private struct Search {
        let conflicts: [UInt64]
        let fits: [UInt64]
        private(set) var best = (people: UInt64(0), met: -1)

        init(conflicts: [UInt64], fits: [UInt64]) {
            self.conflicts = conflicts
            self.fits = fits
        }

        /// Goes through all ways to extend a choice by some of the open signers.
        mutating func extend(_ chosen: UInt64, by open: UInt64) {
            let most = chosen.nonzeroBitCount + open.nonzeroBitCount
            guard best.met < fits.count || best.people.nonzeroBitCount < most else { return }
            guard open != 0 else { return consider(chosen) }
            let first = open.trailingZeroBitCount
            let own = UInt64(1) << UInt64(first)
            extend(chosen | own, by: open & ~conflicts[first] & ~own)
            // Without a conflict the first one is in every largest choice.
            if open & conflicts[first] & ~own != 0 { extend(chosen, by: open & ~own) }
        }

        private mutating func consider(_ people: UInt64) {
            let met = Assignment(of: fits, to: people).met.count
            let size = best.people.nonzeroBitCount
            guard met > best.met || met == best.met && people.nonzeroBitCount > size else { return }
            best = (people, met)
        }
    }
}

/// An assignment of signers to patterns, one each, to as many patterns as possible.
private struct Assignment {
    /// The pattern that has each signer, by the signer's index.
    private var holders: [Int: Int] = [:]

    var met: Set<Int> { Set(holders.values) }

    /// Finds augmenting paths (Kuhn): a pattern takes a signer from one that can have another.
    init(of fits: [UInt64], to people: UInt64) {
        for pattern in fits.indices {
            var tried: UInt64 = 0
            _ = place(pattern, fits, people, &tried)
        }
    }

    private mutating func place(
        _ pattern: Int,
        _ fits: [UInt64],
        _ people: UInt64,
        _ tried: inout UInt64
    ) -> Bool {
        while case let open = fits[pattern] & people & ~tried, open != 0 {
            let signer = open.trailingZeroBitCount
            tried |= 1 << UInt64(signer)
            guard let holder = holders[signer] else {
                holders[signer] = pattern
                return true
            }
            guard place(holder, fits, people, &tried) else { continue }
            holders[signer] = pattern
            return true
        }
        return false
    }
}
