import Enforcement
import Foundation
import Grants
import Synchronization
import TestSupport
import Testing

private func opening(_ source: String, _ port: String = "22/tcp") throws -> Opening {
    Opening(source: try Prefix(parsing: source), port: try Port(parsing: port))
}

private func shape(denies: Bool = true, trusted: [String] = []) throws -> GateShape {
    GateShape(
        denies: denies,
        protected: [try Port(parsing: "22/tcp"), try Port(parsing: "3389/udp")],
        trusted: try trusted.map { try Prefix(parsing: $0) },
        logGroup: 22,
        deniedPerSecond: 10
    )
}

/// A gate that lives in a namespace; every call goes to the kernel.
private final class HeldGate: Sendable {
    private let gate: Mutex<KernelGate>

    init() throws {
        gate = Mutex(try KernelGate())
    }

    func install(_ shape: GateShape, open wanted: [Opening: Duration] = [:]) throws {
        try gate.withLock { try $0.install(shape, open: wanted) }
    }

    func commit(_ change: [Opening: Duration?]) throws {
        try gate.withLock { try $0.commit(change) }
    }
}

/// A server with a gate, and a client with two addresses of each family.
private struct Scene {
    let server: NetworkNamespace
    let client: NetworkNamespace
    let gate: HeldGate

    init() throws {
        server = try NetworkNamespace()
        client = try NetworkNamespace()
        try server.link(
            to: client,
            server: ["192.0.2.1/24", "2001:db8::1/64"],
            client: ["192.0.2.7/24", "192.0.2.8/24", "2001:db8::7/64", "2001:db8::8/64"]
        )
        gate = try server.run { try HeldGate() }
    }

    var listing: String {
        get throws { try server.command("nft", "list", "table", "inet", "jitgate") }
    }

    /// Whether a SYN to port 22 of the server is answered; nothing listens, so by a reset.
    func reaches(from source: String) throws -> Bool {
        let target = source.contains(":") ? "2001:db8::1" : "192.0.2.1"
        let script = """
            import socket, sys
            client = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET)
            client.settimeout(0.3)
            client.bind((sys.argv[1], 0))
            try: client.connect((sys.argv[2], 22))
            except ConnectionRefusedError: print('answered')
            except TimeoutError: print('silence')
            """
        let answer = try client.command("python3", "-c", script, source, target)
        return answer == "answered\n"
    }
}

@Suite struct `The gate in the kernel` {
    @Test func `admits the granted source alone, in both families`() throws {
        let scene = try Scene()
        try scene.gate.install(
            shape(),
            open: [opening("192.0.2.7/32"): .seconds(60), opening("2001:db8::7/128"): .seconds(60)]
        )
        #expect(try scene.reaches(from: "192.0.2.7"))
        #expect(try !scene.reaches(from: "192.0.2.8"))
        #expect(try scene.reaches(from: "2001:db8::7"))
        #expect(try !scene.reaches(from: "2001:db8::8"))
    }

    @Test func `opens and closes while it stands`() throws {
        let scene = try Scene()
        try scene.gate.install(shape())
        #expect(try !scene.reaches(from: "192.0.2.7"))
        try scene.gate.commit([opening("192.0.2.0/29"): .seconds(60)])
        #expect(try scene.reaches(from: "192.0.2.7"))
        #expect(try !scene.reaches(from: "192.0.2.8"))
        try scene.gate.commit([opening("192.0.2.0/29"): nil, opening("192.0.2.8/32"): .seconds(60)])
        #expect(try !scene.reaches(from: "192.0.2.7"))
        #expect(try scene.reaches(from: "192.0.2.8"))
        #expect(try !scene.listing.contains("ipv4_29"))
    }

    @Test func `denies nothing in observe mode and never a trusted network`() throws {
        let scene = try Scene()
        try scene.gate.install(shape(denies: false))
        #expect(try scene.reaches(from: "192.0.2.8"))
        try scene.gate.install(shape(trusted: ["192.0.2.8/32"]))
        #expect(try scene.reaches(from: "192.0.2.8"))
        #expect(try !scene.reaches(from: "192.0.2.7"))
    }

    @Test func `cannot be changed by another tool`() throws {
        let scene = try Scene()
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

    @Test func `lets an opening end by itself`() throws {
        let scene = try Scene()
        try scene.gate.install(shape(), open: [opening("192.0.2.7/32"): .seconds(1)])
        #expect(try scene.reaches(from: "192.0.2.7"))
        let deadline = ContinuousClock.now + .seconds(5)
        while try scene.reaches(from: "192.0.2.7") {
            try #require(ContinuousClock.now < deadline)
        }
    }

    @Test func `takes the closing of what has already ended`() throws {
        let scene = try Scene()
        let gone = try opening("192.0.2.7/32")
        try scene.gate.install(shape(), open: [gone: .milliseconds(1)])
        while try scene.listing.contains("expires") {}
        try scene.gate.commit([gone: nil])
        #expect(try !scene.listing.contains("ipv4_32"))
    }

    @Test func `opens and closes ten thousand at once`() throws {
        let scene = try Scene()
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

    @Test(arguments: ["192.0.2.1", "2001:db8::1"])
    func `holds a port that is rewritten, to it and from it`(address: String) throws {
        let scene = try Scene()
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
