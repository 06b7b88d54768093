import Enforcement
import Grants
import Netfilter
import SystemPackage
import TestSupport
import Testing

private func shape(_ port: String = "22/tcp") throws -> GateShape {
    GateShape(
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
            var gate = try KernelGate()
            #expect(try gate.shut(shape()))
            #expect(try !gate.shut(shape("23/tcp")))
        }
        #expect(try space.listing.contains("tcp . 22"))
        try space.run {
            var gate = try KernelGate()
            #expect(try gate.remove())
            #expect(try !gate.remove())
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
            var gate = try KernelGate()
            try gate.install(shape(), open: [open: .seconds(60)])
        }
        try space.run {
            var late = try KernelGate()
            #expect(try !late.shut(shape()))
        }
        #expect(try space.listing.contains("192.0.2.7 . tcp . 22"))
        // Whoever takes it up gets all of it in one step.
        try space.run {
            var agent = try KernelGate()
            try agent.install(shape(), open: [open: .seconds(60)])
        }
        #expect(try space.listing.contains("192.0.2.7 . tcp . 22"))
    }

    @Test func `is not taken from an agent that runs`() throws {
        let space = try NetworkNamespace()
        try space.run {
            var agent = try KernelGate()
            try agent.install(shape(), open: [:])
            var other = try KernelGate()
            #expect(try !other.shut(shape("23/tcp")))
            let error = #expect(throws: NetfilterError.self) { try other.remove() }
            #expect(error?.errno == .notPermitted)
        }
        #expect(try space.listing.contains("tcp . 22"))
    }
}
