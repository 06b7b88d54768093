import Netfilter
import Netlink
import Testing

/// The messages of a batch, without its begin and end.
private func messages(_ fill: (inout Batch) -> Void) -> [NetlinkMessage] {
    Array(NetlinkMessage.all(in: recorded(fill)).dropFirst().dropLast())
}

@Suite struct `What the kernel reports` {
    static let steps: [Expression] = [
        .meta(.transportProtocol, into: 1), .meta(.interfaceType, into: 1),
        .payload(.network, offset: 12, count: 4, into: 1), .tracking(.status, into: 1),
        .tracking(.labels, into: 1), .setLabels(from: 1), .load(1, [1, 2, 3, 4]),
        .destinationKind(into: 1), .sourceKind(into: 1), .mask(1, [255, 0, 0, 0]), .equal(1, [1]),
        .unequal(1, [2, 3]),
        .lookup(1, set: "s"), .limit(perSecond: 10, burst: 5), .log(group: 3, prefix: "p"),
        .counter(Traffic(packets: 7, bytes: 8)), .verdict(.accept), .verdict(.drop),
        .verdict(.jump("c")), .verdict(.goTo("c")),
    ]

    @Test(arguments: steps)
    func `is read as what was written`(step: Expression) throws {
        let message = try #require(messages { $0.addRule(to: "c", [step]) }.first)
        let (chain, rule) = try #require(ChainState.rule(reading: message))
        #expect(chain == "c")
        #expect(rule == [step])
    }

    @Test func `is not ours where an expression says more than we do`() throws {
        let lookup = try #require(messages { $0.addRule(to: "c", [.lookup(1, set: "s")]) }.first)
        // NFT_LOOKUP_F_INV: the same expression, with one attribute more, means the opposite.
        let attribute: [UInt8] = [8, 0, 5, 0, 0, 0, 0, 1]
        var bytes = lookup.bytes + attribute
        let expressions = 16 + 4 + 8 + 8
        for start in [0, expressions, expressions + 4, expressions + 4 + 16] { bytes[start] += 8 }
        let inverted = try #require(NetlinkMessage.all(in: bytes).first)
        #expect(ChainState.rule(reading: lookup)?.rule == [.lookup(1, set: "s")])
        #expect(ChainState.rule(reading: inverted)?.rule == .some(nil))
    }

    @Test func `tells our base chains from others`() throws {
        let hook = Hook(.input, priority: -10)
        let read = messages {
            $0.addChain("a", hook: hook)
            $0.addChain("b")
        }.compactMap(ChainState.init(reading:))
        #expect(read.map(\.name) == ["a", "b"])
        #expect(read.map(\.place) == [.at(hook), .inside])
    }

    @Test(arguments: [SetDefinition.Kind.constant, .interval, .timed, .counted])
    func `tells a set's kind`(kind: SetDefinition.Kind) throws {
        let set = SetDefinition(name: "s", keyType: 0x30D, keyLength: 8, kind: kind)
        let read = messages { $0.addSet(set) }.compactMap(SetState.init(reading:))
        #expect(read.first?.definition == set)
    }

    @Test func `has an element's key and counter`() throws {
        let traffic = Traffic(packets: 3, bytes: 180)
        let element = SetElement(key: [1, 2, 3, 4], timeout: 60_000, traffic: traffic)
        let read = messages { $0.addElements([element], to: "s") }
            .flatMap(ElementState.all(reading:))
        #expect(read.map(\.key) == [[1, 2, 3, 4]])
        #expect(read.map(\.traffic) == [traffic])
    }

    @Test func `tells where a range ends`() throws {
        let ends = [false, true]
        let elements = ends.map { SetElement(key: [1, 2, 3, $0 ? 5 : 4], endsInterval: $0) }
        let read = messages { $0.addElements(elements, to: "s") }
            .flatMap(ElementState.all(reading:))
        #expect(read.map(\.endsInterval) == ends)
    }

    @Test func `of two thousand elements comes in several messages`() {
        let elements = (0..<2000).map { SetElement(key: UInt32($0).networkBytes, timeout: 1000) }
        let all = messages { $0.addElements(elements, to: "s") }
        #expect(all.count == 4)
        #expect(all.flatMap(ElementState.all(reading:)).map(\.key) == elements.map(\.key))
    }
}
