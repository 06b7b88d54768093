import Enforcement
import Foundation
import Grants
import Netfilter
import TestSupport
import Testing

@Suite struct `What the gate says of itself and of others` {
    @Test(arguments: [true, false])
    func `how much nobody admitted, in either mode`(denies: Bool) throws {
        let scene = try GateScene()
        #expect(try scene.gate.call { try $0.deniedTraffic() } == Traffic())
        try scene.gate.install(shape(denies: denies), open: [opening("192.0.2.7/32"): .seconds(60)])
        #expect(try scene.reaches(from: "192.0.2.7"))
        #expect(try scene.gate.call { try $0.deniedTraffic() } == Traffic())
        #expect(try scene.reaches(from: "192.0.2.8") == !denies)
        let denied = try scene.gate.call { try $0.deniedTraffic() }
        #expect(denied.packets >= 1 && denied.bytes >= 40 * denied.packets)
        // Another policy goes on counting.
        try scene.gate.install(shape(denies: !denies))
        #expect(try scene.gate.call { try $0.deniedTraffic() } == denied)
    }

    @Test func `which base chains there are besides its own`() throws {
        let scene = try GateScene()
        try scene.gate.install(shape())
        #expect(try scene.gate.call { try $0.table.foreignChains() }.isEmpty)
        let rules = """
            table ip filter {
                chain INPUT { type filter hook input priority 0; policy drop; }
                chain inner { }
            }
            table ip6 nat { chain pre { type nat hook prerouting priority -100; }; }
            table inet jitgate2 { chain out { type route hook output priority -150; }; }
            """
        try scene.server.command("nft", "-f", "-", input: rules)
        let chains = try scene.gate.call { try $0.table.foreignChains() }
        let told = chains.map {
            "\($0.family) \($0.table) \($0.name) \($0.type) \($0.hook) \($0.priority) \($0.dropsByDefault)"
        }
        #expect(
            Set(told) == [
                "ip filter INPUT filter input 0 true", "ip6 nat pre nat prerouting -100 false",
                "inet jitgate2 out route output -150 false",
            ]
        )
    }
}

@Suite struct `The gate in the kernel` {
    @Test(arguments: KernelAge.allCases)
    func `admits the granted source alone, in both families`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        try scene.gate.install(
            shape(),
            open: [opening("192.0.2.7/32"): .seconds(60), opening("2001:db8::7/128"): .seconds(60)]
        )
        #expect(try scene.reaches(from: "192.0.2.7"))
        #expect(try !scene.reaches(from: "192.0.2.8"))
        #expect(try scene.reaches(from: "2001:db8::7"))
        #expect(try !scene.reaches(from: "2001:db8::8"))
    }

    @Test(arguments: KernelAge.allCases)
    func `opens and closes while it stands`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        try scene.gate.install(shape())
        #expect(try !scene.reaches(from: "192.0.2.7"))
        try scene.gate.commit([opening("192.0.2.0/29"): .seconds(60)])
        #expect(try scene.reaches(from: "192.0.2.7"))
        #expect(try !scene.reaches(from: "192.0.2.8"))
        try scene.gate.commit([opening("192.0.2.0/29"): nil, opening("192.0.2.8/32"): .seconds(60)])
        #expect(try !scene.reaches(from: "192.0.2.7"))
        #expect(try scene.reaches(from: "192.0.2.8"))
        #expect(try !scene.listing.contains("192.0.2.0 . tcp"))
    }

    private func change(_ openings: [Opening], to left: Duration?) -> [Opening: Duration?] {
        Dictionary(uniqueKeysWithValues: openings.map { ($0, left) })
    }

    /// The next opening is most likely of the same prefix length.
    @Test func `keeps one empty set of a family at most, and none that it would have to empty`()
        throws
    {
        let scene = try GateScene(on: .current)
        try scene.gate.install(shape())
        let some = try ["192.0.2.0/29", "192.0.2.0/30", "2001:db8::/64"].map { try opening($0) }
        try scene.gate.commit(change(some, to: .seconds(60)))
        try scene.gate.commit(change(some, to: nil))
        for (set, isThere) in [("ipv4_29", false), ("ipv4_30", true), ("ipv6_64", true)] {
            #expect(try scene.listing.contains(set) == isThere)
        }
        let many = try (0..<20).map { try opening("192.0.2.\($0 * 4)/30") }
        try scene.gate.commit(change(many, to: .seconds(60)))
        try scene.gate.commit(change(many, to: nil))
        #expect(try !scene.listing.contains("ipv4_30"))
    }

    @Test(arguments: KernelAge.allCases)
    func `denies nothing in observe mode and never a trusted network`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        try scene.gate.install(shape(denies: false))
        #expect(try scene.reaches(from: "192.0.2.8"))
        try scene.gate.install(shape(trusted: ["192.0.2.8/32"]))
        #expect(try scene.reaches(from: "192.0.2.8"))
        #expect(try !scene.reaches(from: "192.0.2.7"))
    }

    @Test(arguments: KernelAge.owning)
    func `cannot be changed by another tool`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        try scene.gate.install(shape(), open: [opening("192.0.2.7/32"): .seconds(60)])
        let before = try scene.listing
        for command in [
            ["add", "rule", "inet", "jitgate", "gate", "accept"],
            ["delete", "table", "inet", "jitgate"],
            ["flush", "chain", "inet", "jitgate", "gate"],
        ] {
            let failure = #expect(throws: CommandFailure.self) {
                try scene.server.command("nft", command.joined(separator: " "))
            }
            #expect(failure?.description.contains("not permitted") == true)
        }
        try scene.server.command("nft", "flush", "ruleset")
        #expect(try scene.listing.contains("chain gate"))
        #expect(before.contains("192.0.2.7 . tcp . 22"))
        #expect(try !scene.reaches(from: "192.0.2.8"))
    }

    @Test(arguments: KernelAge.allCases)
    func `lets an opening end by itself`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        try scene.gate.install(shape(), open: [opening("192.0.2.7/32"): .seconds(3)])
        #expect(try scene.reaches(from: "192.0.2.7"))
        let deadline = ContinuousClock.now + .seconds(30)
        while try scene.reaches(from: "192.0.2.7") {
            try #require(ContinuousClock.now < deadline)
        }
    }

    @Test(arguments: KernelAge.allCases)
    func `takes the closing of what has already ended`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        let gone = try opening("192.0.2.7/32")
        try scene.gate.install(shape(), open: [gone: .milliseconds(1)])
        while try scene.listing.contains("expires") {}
        try scene.gate.commit([gone: nil])
        #expect(try !scene.listing.contains("192.0.2.7"))
    }

    @Test(arguments: KernelAge.allCases)
    func `opens for longer what has already ended`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        let open = try opening("192.0.2.7/32")
        try scene.gate.install(shape(), open: [open: .milliseconds(1)])
        while try scene.reaches(from: "192.0.2.7") {}
        try scene.gate.commit([open: .seconds(60)])
        #expect(try scene.reaches(from: "192.0.2.7"))
        try scene.gate.commit([open: .milliseconds(1)])
        while try scene.reaches(from: "192.0.2.7") {}
    }

    @Test(arguments: [KernelAge.current, .before6_3])
    func `opens and closes ten thousand at once`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        try scene.gate.install(shape())
        let port = try Port(parsing: "22/tcp")
        let many = (0..<10_000).map { number in
            let address = Address(family: .ipv4, value: 0x0A00_0000 + UInt128(number))
            return Opening(source: Prefix(covering: address, length: 32), port: port)
        }
        try scene.gate.commit(Dictionary(uniqueKeysWithValues: many.map { ($0, .seconds(60)) }))
        #expect(try scene.listing.contains("10.0.39.15 . tcp . 22"))
        try scene.gate.commit(Dictionary(uniqueKeysWithValues: many.map { ($0, nil) }))
        #expect(try !scene.listing.contains("ipv4_32"))
    }

    @Test(arguments: ["192.0.2.1", "2001:db8::1"], KernelAge.allCases)
    func `holds a port that is rewritten, to it and from it`(
        address: String,
        kernel: KernelAge
    ) throws {
        let scene = try GateScene(on: kernel)
        try scene.gate.install(shape())
        let family = address.contains(":") ? "ip6" : "ip"
        let source = address.replacingOccurrences(of: "::1", with: "::8")
            .replacingOccurrences(of: "2.1", with: "2.8")
        try scene.server.command(
            "nft",
            "add table \(family) nat; add chain \(family) nat pre { type nat hook prerouting priority -100; };"
                + " add rule \(family) nat pre tcp dport 22 redirect to :2222"
        )
        #expect(try !scene.reaches(from: source))
    }
}
