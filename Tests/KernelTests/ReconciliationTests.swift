import Enforcement
import Foundation
import Grants
import Netfilter
import TestSupport
import Testing

@Suite struct `Reconciling the gate` {
    @Test(arguments: KernelAge.allCases)
    func `changes nothing where all is as it should be`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        var shape = try shape(trusted: ["192.0.2.128/25"])
        shape.drains = true
        let open = try [
            opening("192.0.2.7/32"): Duration.seconds(60), opening("2001:db8::/56"): .seconds(90),
            opening("192.0.2.0/29", "3389/udp"): .seconds(30),
        ]
        #expect(try scene.gate.install(shape, open: open).rebuilt)
        let before = try scene.listing
        // On a busy machine a timeout may have begun late, and is put right first.
        try eventually { try scene.gate.install(shape, open: open) == Reconciliation() }
        #expect(scene.gate.ownership == kernel.ownership)
        for line in before.split(separator: "\n") where !line.contains("expires") {
            #expect(try scene.listing.contains(line))
        }
    }

    @Test(arguments: KernelAge.allCases)
    func `takes over a table that outlived its owner, with its counters`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        let open = try opening("192.0.2.7/32")
        let first = try scene.server.run { () throws -> Traffic? in
            let gone = try HeldGate(on: kernel, begin: scene.gate.begin)
            try gone.install(shape(), open: [open: .seconds(60)])
            #expect(try scene.reaches(from: "192.0.2.7"))
            return try gone.traffic(open)
        }
        let counted = try #require(first)
        #expect(counted.packets > 0)
        let taken = try scene.gate.install(shape(), open: [open: .seconds(60)])
        let isOwned = kernel.ownership == .owned
        #expect(taken.adopted == isOwned && !taken.rebuilt)
        #expect(try scene.gate.traffic(open) == counted)
        guard isOwned else { return }
        #expect(throws: CommandFailure.self) { try scene.nft("flush table inet jitgate") }
    }

    @Test(arguments: KernelAge.allCases)
    func `commits the difference alone when other things should be open`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        let (kept, gone, new) = try (
            opening("192.0.2.7/32"), opening("192.0.2.8/32"), opening("2001:db8::7/128")
        )
        try scene.gate.install(shape(), open: [kept: .seconds(60), gone: .seconds(60)])
        #expect(try scene.reaches(from: "192.0.2.7"))
        let result = try scene.gate.install(shape(), open: [kept: .seconds(60), new: .seconds(60)])
        #expect(result == Reconciliation(changed: true))
        #expect(try scene.gate.traffic(kept)?.packets ?? 0 > 0)
        #expect(try scene.reaches(from: "2001:db8::7"))
        #expect(try !scene.reaches(from: "192.0.2.8"))
    }

    @Test(arguments: KernelAge.allCases)
    func `changes the mode and keeps every count`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        let open = try opening("192.0.2.7/32")
        try scene.gate.install(shape(denies: false), open: [open: .seconds(60)])
        #expect(try scene.reaches(from: "192.0.2.7"))
        #expect(try scene.reaches(from: "192.0.2.8"))
        let denied = try scene.gate.call { try $0.deniedTraffic() }
        #expect(denied.packets > 0)
        let result = try scene.gate.install(shape(), open: [open: .seconds(60)])
        #expect(result == Reconciliation(changed: true))
        #expect(try !scene.reaches(from: "192.0.2.8"))
        #expect(try scene.gate.traffic(open)?.packets ?? 0 > 0)
        #expect(try scene.gate.call { try $0.deniedTraffic() }.packets > denied.packets)
    }

    /// Less is left, too, when the machine was suspended, as the kernel's own timeouts stood still.
    @Test(arguments: [20, 120], KernelAge.allCases)
    func `gives an element another time and keeps its counter`(
        seconds: Int,
        kernel: KernelAge
    ) throws {
        let scene = try GateScene(on: kernel)
        let open = try opening("192.0.2.7/32")
        try scene.gate.install(shape(), open: [open: .seconds(60)])
        #expect(try scene.reaches(from: "192.0.2.7"))
        let counted = try scene.gate.traffic(open)
        let change = try scene.gate.install(shape(), open: [open: .seconds(seconds)])
        #expect(change == Reconciliation(changed: true))
        #expect(try scene.gate.traffic(open) == counted)
        let match = try #require(
            try scene.gate.call { try $0.table.explain(open.source, open.port)?.matches.first }
        )
        #expect(match.remaining > .seconds(seconds - 2))
        #expect(match.remaining < .seconds(seconds + 1))
        try scene.gate.commit([open: .seconds(40)])
        #expect(try scene.gate.traffic(open) == counted)
    }

    @Test(arguments: KernelAge.owning)
    func `is refused while another process owns the table`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        try scene.gate.install(shape())
        let other = try scene.laterGate(on: kernel)
        let error = #expect(throws: GateError.self) { try other.install(shape()) }
        guard case .ownedByAnother = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: KernelAge.owning)
    func `goes on with a socket that it was handed, which owns the table`(kernel: KernelAge) throws
    {
        let scene = try GateScene(on: kernel)
        let open = try opening("192.0.2.7/32")
        try scene.gate.install(shape(), open: [open: .seconds(60)])
        let copy = dup(scene.gate.descriptor)
        let heir = try scene.laterGate(adopting: copy)
        let result = try heir.install(shape(), open: [open: .seconds(60)])
        #expect(!result.adopted && !result.rebuilt)
        try heir.commit([open: nil])
        #expect(try !scene.reaches(from: "192.0.2.7"))
    }

    @Test(arguments: [
        "add rule inet jitgate gate accept", "insert rule inet jitgate forward accept",
        "insert rule inet jitgate output accept", "flush set inet jitgate prefilter_ipv4",
        "add element inet jitgate trusted_ipv4 { 192.0.2.0/24 }",
        "add element inet jitgate sessions_ipv4 { 192.0.2.8 . 40000 . 22 }",
        "insert rule inet jitgate input accept",
        "flush chain inet jitgate gate", "flush ruleset", "delete table inet jitgate",
        "add element inet jitgate ipv4_32 { 192.0.2.8 . tcp . 22 }",
        "delete element inet jitgate protected { tcp . 22 }",
        "add chain inet jitgate x { type filter hook input priority 0; policy drop; }",
        "add set inet jitgate x { type ipv4_addr; flags interval; }",
        "add counter inet jitgate x", "add table inet jitgate { flags dormant; }",
        "flush chain inet jitgate refuse; add rule inet jitgate refuse counter accept",
    ])
    func `mends what another tool did to a table that nobody owns`(command: String) throws {
        let scene = try GateScene(highest: .watched)
        let open = try opening("192.0.2.7/32")
        try scene.gate.install(shape(), open: [open: .seconds(60)])
        #expect(scene.gate.ownership == .watched)
        let healthy = try scene.listing
        try? scene.nft(command)
        #expect((try? scene.listing) != healthy)
        let result = try scene.gate.install(shape(), open: [open: .seconds(60)])
        #expect(result.changed)
        try eventually {
            try scene.gate.install(shape(), open: [open: .seconds(60)]) == Reconciliation()
        }
        #expect(try scene.reaches(from: "192.0.2.7"))
        #expect(try !scene.reaches(from: "192.0.2.8"))
    }

    @Test(arguments: KernelAge.allCases)
    func `asks what was there when denying begins, and never again`(kernel: KernelAge) throws {
        let scene = try GateScene(on: kernel)
        var shape = try shape()
        shape.keepExisting = .seconds(60)
        let address = try Prefix(parsing: "192.0.2.7").address
        let port = try Port(parsing: "22/tcp")
        let peer = try #require(OngoingSession(peer: address, peerPort: 40_000, port: port))
        try scene.gate.install(shape, existing: [peer])
        let stranger = try #require(OngoingSession(peer: address, peerPort: 50_000, port: port))
        try scene.gate.install(shape, existing: [stranger])
        #expect(try scene.listing.contains("192.0.2.7 . 40000 . 22"))
        #expect(try !scene.listing.contains("50000"))
        // A gate that may take it up asks for no more than one that may not.
        _ = try? scene.laterGate(on: kernel).install(shape, existing: [stranger])
        #expect(try !scene.listing.contains("50000"))
    }

    @Test(arguments: [KernelAge.current, .before6_3])
    func `makes ten thousand openings in one transaction, well under a second`(kernel: KernelAge)
        throws
    {
        let scene = try GateScene(on: kernel)
        let port = try Port(parsing: "22/tcp")
        let many = (0..<10_000).map { number in
            let address = Address(family: .ipv4, value: 0x0A00_0000 + UInt128(number))
            return Opening(source: Prefix(covering: address, length: 32), port: port)
        }
        let open = Dictionary(uniqueKeysWithValues: many.map { ($0, Duration.seconds(60)) })
        let clock = ContinuousClock()
        let made = try clock.measure { try scene.gate.install(shape(), open: open) }
        var again = Reconciliation()
        let compared = try clock.measure { again = try scene.gate.install(shape(), open: open) }
        let counted = try clock.measure {
            let count = try scene.gate.call { try $0.traffic(of: many).count }
            #expect(count == 10_000)
        }
        #expect(!again.rebuilt)
        print("10,000: made \(made), compared \(compared), counted \(counted)")
    }
}
