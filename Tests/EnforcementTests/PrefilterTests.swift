import Grants
import Netfilter
import TestSupport
import Testing

@testable import Enforcement

private func prefix(_ text: String) throws -> Prefix { try Prefix(parsing: text) }

private func opening(_ source: String, _ port: String = "22/tcp") throws -> Opening {
    Opening(source: try prefix(source), port: try Port(parsing: port))
}

/// Returns true if the early rules would let an address go on to the gate.
private func passes(_ address: Address, _ prefilter: Prefilter) -> Bool {
    guard !prefilter.isBlind(address.family) else { return true }
    let set = PrefilterSet(family: address.family)
    let blocks = set.blocks(of: Prefix(covering: address, length: address.family.bitCount)) ?? []
    return blocks.contains { prefilter.elements(address.family).contains($0.element) }
}

@Suite struct `The prefilter` {
    @Test(arguments: [
        ("192.0.2.7/32", 1), ("192.0.2.0/24", 1), ("192.0.0.0/23", 2), ("192.0.0.0/16", 256),
        ("2001:db8::7/128", 1), ("2001:db8::/48", 1), ("2001:db8::/40", 256),
    ])
    func `knows a network by the blocks that it lies in`(text: String, count: Int) throws {
        let network = try prefix(text)
        let blocks = try #require(PrefilterSet(family: network.family).blocks(of: network))
        #expect(blocks.count == count)
        #expect(Set(blocks).count == count)
    }

    @Test(arguments: ["192.0.0.0/15", "0.0.0.0/0", "2001:d80::/39", "::/0"])
    func `tells nothing of a family with an opening that is too wide`(text: String) throws {
        let open = try opening(text)
        var prefilter = Prefilter(openings: [open], trusted: [])
        #expect(prefilter.isBlind(open.source.family))
        var change = Prefilter.Change()
        change.add(open, times: -1)
        #expect(!prefilter.isBlind(open.source.family, after: change))
        prefilter.apply(change)
        #expect(!prefilter.isBlind(open.source.family))
        #expect(prefilter.elements(open.source.family).isEmpty)
    }

    @Test func `asks for no block of UDP, and for none of trusted networks that are too wide`()
        throws
    {
        let prefilter = Prefilter(
            openings: [try opening("192.0.2.7", "3389/udp")],
            trusted: [try prefix("10.0.0.0/8")]
        )
        #expect(prefilter.elements(.ipv4).isEmpty && !prefilter.isBlind(.ipv4))
    }

    @Test(arguments: 0..<20)
    func `passes whatever may come in, after any changes`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var open: Set<Opening> = []
        var prefilter = Prefilter(openings: [], trusted: [])
        let port = try Port(parsing: "22/tcp")
        for _ in 0..<200 {
            var change = Prefilter.Change()
            if let gone = open.randomElement(using: &random), Bool.random(using: &random) {
                open.remove(gone)
                change.add(gone, times: -1)
            }
            let value = UInt128(UInt32.random(in: 0xC000_0000...0xC003_FFFF, using: &random))
            let address = Address(family: .ipv4, value: value)
            let length = Int.random(in: 14...32, using: &random)
            let new = Opening(source: Prefix(covering: address, length: length), port: port)
            if open.insert(new).inserted { change.add(new, times: 1) }
            prefilter.apply(change)
        }
        for opening in open {
            #expect(passes(opening.source.address, prefilter))
        }
        let afresh = Prefilter(openings: open, trusted: [])
        #expect(afresh.elements(.ipv4) == prefilter.elements(.ipv4))
        #expect(afresh.isBlind(.ipv4) == prefilter.isBlind(.ipv4))
    }
}

@Suite struct `The set of trusted networks` {
    private func elements(_ networks: [String], _ family: Address.Family = .ipv4) throws -> [String]
    {
        let set = TrustedSet(family: family, isFallback: false)
        return try set.elements(networks.map(prefix)).sorted {
            $0.key.lexicographicallyPrecedes($1.key)
        }.map { element in
            let address = try #require(Address(networkBytes: element.key))
            return (element.endsInterval ? "-" : "") + address.description
        }
    }

    @Test func `merges what overlaps or touches`() throws {
        let networks = [
            "10.0.1.0/24", "10.0.0.0/24", "10.0.0.128/25", "10.0.3.0/24", "2001:db8::/32",
        ]
        #expect(try elements(networks) == ["10.0.0.0", "-10.0.2.0", "10.0.3.0", "-10.0.4.0"])
        #expect(try elements(networks, .ipv6) == ["2001:db8::", "-2001:db9::"])
    }

    @Test func `has no end behind the last address`() throws {
        #expect(try elements(["128.0.0.0/1", "0.0.0.0/1"]) == ["0.0.0.0"])
        #expect(try elements(["::/0"], .ipv6) == ["::"])
        #expect(try elements(["ff00::/8", "fe00::/8"], .ipv6) == ["fe00::"])
    }

    @Test(arguments: [
        ("10.0.0.0/32", true), ("10.0.1.255/32", true), ("10.0.2.0/32", false),
        ("9.255.255.255/32", false), ("10.0.0.0/23", true), ("10.0.0.0/22", false),
        ("255.255.255.255/32", true),
    ])
    func `says of a network whether it covers all of it`(text: String, isCovered: Bool) throws {
        let set = TrustedSet(family: .ipv4, isFallback: false)
        let networks = try ["10.0.0.0/24", "10.0.1.0/24", "224.0.0.0/3"].map(prefix)
        let there = set.elements(networks).map {
            ElementState(
                key: $0.key,
                endsInterval: $0.endsInterval,
                remaining: nil,
                traffic: Traffic()
            )
        }
        #expect(TrustedSet.covers(try prefix(text), in: there) == isCovered)
    }
}
