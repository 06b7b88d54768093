import Enforcement
import Grants
import TestSupport
import Testing

private func shape(_ port: String = "22/tcp") throws -> FirewallPolicy {
    FirewallPolicy(
        denies: true,
        protected: [try Port(parsing: port)],
        trusted: [],
        logGroup: 22,
        deniedPerSecond: 10
    )
}

extension NetworkNamespace {
    fileprivate var listing: String {
        get throws { try command("nft", "list", "ruleset") }
    }
}

@Suite struct `A gate without an agent` {
    @Test func `shuts, stays when its maker has gone, and can be taken down`() throws {
        let space = try NetworkNamespace()
        try space.run {
            var table = try KernelTable(adopting: nil, highest: .owned)
            #expect(try table.shut(shape()))
            #expect(try !table.shut(shape("23/tcp")))
        }
        #expect(try space.listing.contains("tcp . 22"))
        try space.run {
            var table = try KernelTable(adopting: nil, highest: .owned)
            #expect(try table.remove())
            #expect(try !table.remove())
        }
        #expect(try space.listing.isEmpty)
    }

    @Test func `changes nothing that is there`() throws {
        let space = try NetworkNamespace()
        let open = Opening(
            source: try Prefix(parsing: "192.0.2.7"),
            port: try Port(parsing: "22/tcp")
        )
        try space.run {
            var gate = Firewall(try KernelTable(adopting: nil, highest: .owned))
            _ = try gate.reconcile(shape(), open: [open: .seconds(60)], existing: { _, _ in [] })
        }
        try space.run {
            var late = try KernelTable(adopting: nil, highest: .owned)
            #expect(try !late.shut(shape()))
        }
        #expect(try space.listing.contains("192.0.2.7 . tcp . 22"))
        // An agent that takes it over gets all of it in one step.
        try space.run {
            var agent = Firewall(try KernelTable(adopting: nil, highest: .owned))
            _ = try agent.reconcile(shape(), open: [open: .seconds(60)], existing: { _, _ in [] })
        }
        #expect(try space.listing.contains("192.0.2.7 . tcp . 22"))
    }

    @Test func `is not taken from an agent that runs`() throws {
        let space = try NetworkNamespace()
        try space.run {
            var agent = Firewall(try KernelTable(adopting: nil, highest: .owned))
            _ = try agent.reconcile(shape(), open: [:], existing: { _, _ in [] })
            var other = try KernelTable(adopting: nil, highest: .owned)
            #expect(try !other.shut(shape("23/tcp")))
            let error = #expect(throws: GateError.self) { try other.remove() }
            #expect(error?.description.contains("another running program") == true)
        }
        #expect(try space.listing.contains("tcp . 22"))
    }
}
