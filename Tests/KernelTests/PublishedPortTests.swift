import Foundation
import Grants
import TestSupport
import Testing

/// A server with a gate that publishes ports of a container behind it, as a container engine does.
private struct PublishingScene {
    let gate: GateScene
    let container: NetworkNamespace

    init() throws {
        gate = try GateScene()
        container = try NetworkNamespace()
        let server = gate.server
        let peer = ["peer", "name", "veth3", "netns", container.path]
        try server.command("sh", "-c", "ip link add veth2 type veth \(peer.joined(separator: " "))")
        for (space, name, address, gateway) in [
            (server, "veth2", "198.51.100.1/24", ""),
            (container, "veth3", "198.51.100.2/24", "198.51.100.1"),
        ] {
            try space.ip("link", "set", name, "up")
            try space.ip("addr", "add", address, "dev", name)
            let six = address.replacingOccurrences(of: "198.51.100.", with: "2001:db8:1::")
                .replacingOccurrences(of: "/24", with: "/64")
            try space.ip("addr", "add", six, "dev", name, "nodad")
            guard !gateway.isEmpty else { continue }
            try space.ip("route", "add", "default", "via", gateway)
            try space.ip("route", "add", "::/0", "via", "2001:db8:1::1")
        }
        for path in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
            try server.command("sh", "-c", "echo 1 >/proc/sys/net/\(path)")
        }
    }

    /// Sends what comes to `port` of the server on to another place.
    func publish(_ port: Int, to target: (ipv4: String, ipv6: String)) throws {
        for (family, place) in [("ip", target.ipv4), ("ip6", target.ipv6)] {
            try gate.server.command(
                "nft",
                "add table \(family) engine;"
                    + " add chain \(family) engine pre { type nat hook prerouting priority dstnat; };"
                    + " add rule \(family) engine pre tcp dport \(port) dnat to \(place)"
            )
        }
    }
}

@Suite struct `A published port` {
    private static let container = (ipv4: "198.51.100.2:22", ipv6: "[2001:db8:1::2]:22")

    @Test(arguments: [("192.0.2.7", "192.0.2.8"), ("2001:db8::7", "2001:db8::8")])
    func `is held when the protected port goes to a container`(
        granted: String,
        foreign: String
    ) throws {
        let scene = try PublishingScene()
        try scene.publish(22, to: Self.container)
        // IPv6 takes a moment to be sure of its own addresses.
        try eventually { try scene.gate.reaches(from: foreign) }
        let length = granted.contains(":") ? "128" : "32"
        try scene.gate.gate.install(shape(), open: [opening("\(granted)/\(length)"): .seconds(60)])
        #expect(try scene.gate.reaches(from: granted))
        #expect(try !scene.gate.reaches(from: foreign))
        try scene.gate.gate.commit([opening("\(granted)/\(length)"): nil])
        #expect(try !scene.gate.reaches(from: granted))
    }

    @Test(arguments: [("192.0.2.7", "192.0.2.8"), ("2001:db8::7", "2001:db8::8")])
    func `is held when another port leads to the protected one`(
        granted: String,
        foreign: String
    ) throws {
        let scene = try PublishingScene()
        try scene.publish(2222, to: (ipv4: "192.0.2.1:22", ipv6: "[2001:db8::1]:22"))
        try eventually { try scene.gate.reaches(from: foreign, port: 2222) }
        let length = granted.contains(":") ? "128" : "32"
        try scene.gate.gate.install(shape(), open: [opening("\(granted)/\(length)"): .seconds(60)])
        #expect(try scene.gate.reaches(from: granted, port: 2222))
        #expect(try !scene.gate.reaches(from: foreign, port: 2222))
    }
}
