import CBenchmark
import Foundation
import SignedGrants

/// The cost of a stranger's SYN to a protected port, above that of an empty chain that drops it.
///
/// The same run measures a bare hash set of addresses, as an admin would write it by hand.
enum PacketCost {
    private static let packets = 200_000
    private static let rounds = 15
    private static let grants = 10_000
    private static let trusted = 10_000

    static func run(_ scene: Scene) throws {
        let alone = try measure(scene)
        show("a stranger's SYN over an empty chain, nothing open", alone.gate, bound: "< 0.3 us")
        show("  the same of a bare hash set", alone.bareSet, bound: "")
        let flooded = try Int(scene.read("/proc/sys/net/netfilter/nf_conntrack_count")) ?? -1
        report("  conntrack entries after \(packets * rounds) of them", "\(flooded)", bound: "0")
        try scene.add(trusted: (0..<trusted).map { "10.\($0 >> 8).\($0 & 255).0/24" })
        try scene.launch()
        try scene.waitUntilStarted()
        try openAll(scene)
        let full = try measure(scene, keepingAgent: true)
        show("the same, \(grants) grants and \(trusted) trusted", full.gate, bound: "< 0.3 us")
    }

    private static func show(_ what: String, _ nanoseconds: Double, bound: String) {
        report(what, String(format: "%.3f us", nanoseconds / 1000), bound: bound)
    }

    /// Opens grants of four prefix lengths.
    private static func openAll(_ scene: Scene) throws {
        let expires = Date(timeIntervalSinceNow: 3600)
        for number in 0..<grants {
            let (high, low) = (number >> 6 & 255, number & 63)
            let source = [
                "172.16.\(high).\(low)/32", "172.17.\(high).\(low * 4)/30",
                "172.\(18 + (low >> 5)).\(high).\((low & 31) * 8)/29",
                "172.2\(low % 4).\(high).0/24",
            ][number % 4]
            _ = scene.submit(try SignedGrant(source: source, expires: expires, by: scene.key))
        }
        try scene.wait { scene.count("grant-opened") >= grants }
    }

    /// The cost of each above the empty chain, in nanoseconds a packet: the least of several
    /// rounds, to exclude other work on the machine.
    private static func measure(
        _ scene: Scene,
        keepingAgent: Bool = false
    ) throws -> (gate: Double, bareSet: Double) {
        if !keepingAgent { try scene.start() }
        // A chain before the gate that drops all of it, with a set before the drop and without.
        try scene.nft("add table inet cost")
        try scene.nft("add set inet cost may { type ipv4_addr; }")
        try scene.nft("add element inet cost may { 192.0.2.7 }")
        var least = [Double](repeating: .infinity, count: 3)
        for _ in 0..<rounds {
            for (place, rules) in [drop, bareSet, nil].enumerated() {
                if let rules { try scene.nft(rules) }
                least[place] = min(least[place], try flood(scene))
                if rules != nil { try scene.nft("delete chain inet cost pre") }
            }
        }
        try scene.nft("delete table inet cost")
        return (least[2] - least[0], least[1] - least[0])
    }

    private static let chain =
        "add chain inet cost pre { type filter hook prerouting priority -310; }; "
    private static let drop = chain + "add rule inet cost pre tcp dport 22 counter drop"
    private static let bareSet =
        chain + "add rule inet cost pre tcp dport 22 ip saddr @may accept; "
        + "add rule inet cost pre tcp dport 22 counter drop"

    private static func flood(_ scene: Scene) throws -> Double {
        let count = packets
        let spent = answer(in: scene.client) { cbenchmark_flood("192.0.2.1", 22, Int32(count)) }
        guard spent > 0 else { throw Failure(description: "the flood could not be sent") }
        return Double(spent) / Double(count)
    }
}

extension Scene {
    func nft(_ command: String) throws { try run("ip", "netns", "exec", server, "nft", command) }

    /// The content of a file in the server's namespace.
    func read(_ path: String) throws -> String {
        try run("ip", "netns", "exec", server, "sh", "-c", "cat \(path) >\(folder)/read")
        let data = FileManager.default.contents(atPath: folder + "/read") ?? Data()
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    /// Trusts networks from the agent's next start on.
    func add(trusted networks: [String]) throws {
        try stop()
        try forget()
        let list = networks.map { "\"\($0)\"" }.joined(separator: ", ")
        let path = folder + "/jitgate.toml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try write("trusted = [\(list)]\n" + text, to: path)
    }
}
