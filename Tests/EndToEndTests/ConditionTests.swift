import Conditions
import Foundation
import StrictJSON
import TestSupport
import Testing

/// A program that listens in a namespace until it goes.
private final class Listener {
    private let process = Process()
    private let folder: TemporaryDirectory

    /// `name` is what the program calls itself.
    init(_ namespace: NetworkNamespace, as name: String = "nc", _ arguments: String...) throws {
        folder = try TemporaryDirectory()
        let program = folder.path + "/" + name
        try FileManager.default.copyItem(atPath: "/bin/nc.openbsd", toPath: program)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["nsenter", "--net=\(namespace.path)", program, "-l"] + arguments
        try process.run()
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

@Suite struct `What the host is asked` {
    private func explain(_ host: AgentHost, _ words: String...) throws -> JSONValue {
        let result = try Command.run(
            [AgentHost.build + "jitgate", "explain", "--json"] + words,
            environment: ["JITGATE_CONFIG": host.policyPath]
        )
        let json = try JSONNode.parse(result.output).value
        #expect(result.status == (json["passes"] == true ? 0 : 1))
        return json
    }

    private func conditions(_ output: [UInt8]) throws -> [Condition] {
        let list = try JSONNode.parse(output).value["conditions"]?.items ?? []
        return try list.map { try #require(Condition($0)) }
    }

    @Test func `doctor has the conditions of the agent among its own, each once`() throws {
        let host = try AgentHost()
        try host.start()
        try host.submit([UInt8](repeating: 65, count: 9), as: "a.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        let stated = try conditions(host.jitgate("status", "--json").output)
        #expect(stated.contains { $0.code == "file-refused" && $0.subject.hasSuffix("/a.grant") })
        // The host trusts no network and enforces.
        #expect(stated.contains { $0.code == "no-way-back" && $0.severity == .warning })
        #expect(stated.allSatisfy { $0.since != nil })
        let found = try conditions(host.jitgate("doctor", "--json").output)
        for condition in stated { #expect(found.filter { $0.matches(condition) } == [condition]) }
        #expect(found.contains { $0.code == "ports-silent" && $0.since == nil })
    }

    @Test func `status says whom approvers leave out, as policy and signers have it now`() throws {
        let host = try AgentHost()
        let token = "sk-ssh-ed25519@openssh.com"
        func stated() throws -> [String] {
            try conditions(host.jitgate("status", "--json").output)
                .filter { $0.code.hasPrefix("approver-") || $0.code.hasPrefix("reviewers-") }
                .map { "\($0.code) \($0.subject)" }
        }
        try host.start()
        #expect(try stated().isEmpty)
        let entries = "[[approver]]\nsigners = [\"ci\"]\n[[approver]]\nsigners = [\"dana\"]\n"
        try host.edit { $0 + entries + "kinds = [\"sk\"]\nalarm = true\n" }
        #expect(try host.jitgate("reload").status == 0)
        let unseen = "reviewers-cannot-sign \(host.path)/allowed_signers"
        #expect(
            try stated() == [
                "approver-unbounded dana", "approver-nameless [[approver]] 1",
                "approver-nameless [[approver]] 2", unseen,
            ]
        )
        // A token's key is a number of 32 bytes and the application.
        let blob = wire(token) + wire([UInt8](repeating: 9, count: 32)) + wire("ssh:")
        let line = "\(token) \(Data(blob).base64EncodedString())"
        let auditor = "auditor namespaces=\"jitgate-review\" \(try SSHKey().publicLine)"
        let own = "dana \(try host.key.publicLine)"
        try host.write("\(own)\ndana \(line)\nci \(line)\n\(auditor)\n", to: "allowed_signers")
        try eventually { try stated() == ["approver-unbounded dana"] }
        let found = try conditions(host.jitgate("doctor", "--json").output)
        let unbounded = found.filter { $0.code == "approver-unbounded" }
        #expect(unbounded.map(\.message).first?.contains("for signatures of kind key: ") == true)
        #expect(unbounded.count == 1)
        try host.write("dana \(line)\nci \(line)\n\(auditor)\n", to: "allowed_signers")
        try eventually { try stated().isEmpty }
    }

    private func wire(_ text: String) -> [UInt8] { wire(Array(text.utf8)) }
    private func wire(_ bytes: [UInt8]) -> [UInt8] { [0, 0, 0, UInt8(bytes.count)] + bytes }

    @Test func `explain says by which grant a packet passes and until when`() throws {
        let host = try AgentHost()
        try host.start()
        let denied = try explain(host, "192.0.2.7", "22")
        #expect(denied["rule"] == "denied")
        #expect(denied["kernel"] == "agrees")
        #expect(try explain(host, "192.0.2.7", "23")["rule"] == "unprotected")
        #expect(try explain(host, "127.0.0.1", "22")["rule"] == "loopback")
        let id = UUID()
        try host.submit(host.grant(id: id), as: "a.grant")
        try eventually { try host.records("grant-opened").count == 1 }
        let open = try explain(host, "192.0.2.7", "22/tcp")
        #expect(open["rule"] == "grant")
        #expect(open["network"] == "192.0.2.7/32")
        #expect(open["kernel"] == "agrees")
        #expect(open["grants"] == [.string(id.uuidString.lowercased())])
        let opened = try #require(try host.records("grant-opened").first)
        #expect(open["until"] == opened["JITGATE_DEADLINE"])
        #expect(try explain(host, "192.0.2.0/29", "22/tcp")["rule"] == "denied")
        #expect(try explain(host, "192.0.2.7", "3389/udp")["rule"] == "denied")
        try FileManager.default.removeItem(atPath: host.drop + "/a.grant")
        try eventually { try host.records("grant-closed").count == 1 }
        #expect(try explain(host, "192.0.2.7", "22/tcp")["rule"] == "denied")
        try host.writePolicy(mode: "observe")
        #expect(try host.jitgate("reload").status == 0)
        #expect(try explain(host, "192.0.2.7", "22/tcp")["rule"] == "observe")
        let text = try host.jitgate("explain", "192.0.2.7", "22").text
        #expect(text == "192.0.2.7 to 22/tcp passes: no grant covers it, but the mode is observe\n")
    }

    @Test func `doctor finds what listens and is not covered`() throws {
        let host = try AgentHost()
        try host.start()
        let space = host.namespace
        let listeners = [
            try Listener(space, "-p", "5985"), try Listener(space, "-s", "127.0.0.1", "-p", "23"),
            try Listener(space, as: "sshd", "-p", "2222"), try Listener(space, "-6", "-p", "22"),
            try Listener(space, "-s", "::1", "-6", "-p", "9090"),
        ]
        defer { withExtendedLifetime(listeners) {} }
        try eventually {
            try space.command("ss", "-Hltn").split(separator: "\n").count == listeners.count
        }
        let outcome = try host.jitgate("doctor", "--json")
        let ports = try conditions(outcome.output).filter { $0.area == "ports" }.map(\.message)
        #expect(
            ports == [
                "SSH listens on 2222/tcp and no policy covers it",
                "WinRM listens on 5985/tcp and no policy covers it",
                "nothing on this host itself listens on 3389/tcp, 3389/udp, which the policy protects",
            ]
        )
    }

    @Test func `doctor says what it takes root to see`() throws {
        let host = try AgentHost()
        try host.start()
        _ = try Command.run(["chmod", "755", host.path])
        _ = try Command.run(["chmod", "644", host.policyPath])
        let words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        let outcome = try Command.run(
            words + [AgentHost.build + "jitgate", "doctor", "--json"],
            environment: ["JITGATE_CONFIG": host.policyPath]
        )
        #expect(outcome.status == 1)
        let conditions = try conditions(outcome.output)
        let hidden = conditions.filter { $0.remedy == "run this as root" }
        #expect(
            hidden.map(\.subject) == [host.path + "/allowed_signers", host.path + "/control"]
        )
        // What it may not see it does not call missing or wrong.
        #expect(conditions.filter { $0.severity == .error }.map(\.code) == ["agent-unreachable"])
        #expect(conditions.contains { $0.area == "ports" })
    }

    @Test func `verify says that it may not read the log`() throws {
        let host = try AgentHost()
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.records("grant-opened").count == 1 }
        _ = try Command.run(["chmod", "755", host.path, host.drop])
        let readable = [host.policyPath, host.path + "/allowed_signers", host.drop + "/a.grant"]
        _ = try Command.run(["chmod", "644"] + readable)
        let outcome = try Command.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
                + [AgentHost.build + "jitgate", "verify", host.drop + "/a.grant"],
            environment: ["JITGATE_CONFIG": host.policyPath]
        )
        #expect(outcome.status == 0)
        #expect(outcome.errors.hasPrefix("jitgate: the log is not taken into account: "))
    }

    @Test func `doctor sees what other firewalls do`() throws {
        let host = try AgentHost()
        try host.start()
        // As iptables-nft has it with ufw, as firewalld has it, as docker does, and one too early.
        let rules = """
            table ip filter {
                chain ufw-user-input { tcp dport 3389 accept; }
                chain INPUT { type filter hook input priority 0; policy drop; jump ufw-user-input; }
            }
            table inet firewalld {
                chain filter_IN_public { tcp dport 22 accept; }
                chain filter_INPUT {
                    type filter hook input priority 10;
                    ct state { established, related } accept
                    goto filter_IN_public
                }
            }
            table ip nat {
                chain DOCKER { tcp dport 22 dnat to 172.17.0.2:22; }
                chain PREROUTING { type nat hook prerouting priority -100; jump DOCKER; }
            }
            table inet early {
                chain swap {
                    type nat hook prerouting priority -160;
                    tcp dport 3389 redirect to :3390
                }
            }
            """
        try host.namespace.command("nft", "-f", "-", input: rules)
        let outcome = try host.jitgate("doctor", "--json")
        #expect(outcome.status == 1)
        let firewall = try conditions(outcome.output).filter { $0.area == "firewall" }
        let seen = firewall.map { "\($0.severity) \($0.message.prefix { $0 != ":" })" }
        #expect(
            Set(seen) == [
                "error iptables (table ip filter, chain INPUT) drops 22/tcp, 3389/udp",
                "note docker (table ip nat, chain DOCKER) rewrites 22/tcp to port 22",
                "note another tool (table inet early, chain swap) rewrites 3389/tcp to port 3390",
            ]
        )
    }

    @Test func `a broken policy on disk does not keep anybody from revoking`() throws {
        let host = try AgentHost()
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.records("grant-opened").count == 1 }
        try host.writePolicy(mode: "enfroce")
        let outcome = try host.jitgate("revoke", "--all")
        #expect(outcome.status == 0)
        #expect(outcome.text.hasPrefix("revoked "))
        #expect(outcome.errors.contains("jitgate.toml:1:1: `mode`"))
        #expect(outcome.errors.contains("asking the agent at /run/"))
        #expect(try host.jitgate("reload").status == 78)
    }
}
