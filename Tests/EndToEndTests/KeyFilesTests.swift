import Foundation
import StrictJSON
import TestSupport
import Testing

/// A host whose policy names a file of revoked keys, which is empty.
private func host(signers: String = "") throws -> AgentHost {
    let host = try AgentHost(signers: signers)
    let path = host.path
    try host.write("# nobody\n", to: "revoked")
    try host.edit {
        $0.replacing("[audit]", with: "revoked_keys = \"\(path)/revoked\"\n[audit]")
    }
    return host
}

extension AgentHost {
    fileprivate func status() throws -> JSONValue {
        try JSONNode.parse(try jitgate("status", "--json").output).value
    }

    /// Waits until the grant of the host's own key has ended because its key is revoked.
    fileprivate func expectEndByPolicy(line: Int = #line) throws {
        try eventually(line: line) { try openings().isEmpty }
        try eventually(line: line) { try reasons("grant-closed") == ["policy"] }
    }
}

@Suite struct `A file of revoked keys` {
    @Test func `ends what a key opened, and refuses what it signs`() throws {
        let host = try host()
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try host.write(host.key.publicLine, to: "next")
        try #require(unsafe rename(host.path + "/next", host.path + "/revoked") == 0)
        try host.expectEndByPolicy()
        try host.submit(host.grant(), as: "b.grant")
        try eventually {
            try host.reasons("grant-refused").last??.contains("key-revoked: ") ?? false
        }
        #expect(try host.jitgate("verify", host.drop + "/b.grant").text.contains("key-revoked"))
        #expect(try host.jitgate("audit", "verify").status == 0)
    }

    @Test func `stays in force while it is malformed or missing, over a restart, too`() throws {
        let host = try host()
        let other = try SSHKey()
        try host.write(
            "dana \(host.key.publicLine)\nerin \(other.publicLine)\n",
            to: "allowed_signers"
        )
        try host.write(other.publicLine, to: "revoked")
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try host.write("nonsense", to: "revoked")
        try eventually { try host.records("policy-refused").count == 1 }
        #expect(try host.status()["healthy"] == false)
        host.stop()
        try FileManager.default.removeItem(atPath: host.path + "/revoked")
        try host.start()
        #expect(try host.openings().count == 1)
        let payload = host.payload()
        try host.submit(payload + other.sign(payload), as: "b.grant")
        try eventually {
            try host.reasons("grant-refused").last??.contains("key-revoked: ") ?? false
        }
        try host.write("# nobody\n", to: "revoked")
        try eventually { try host.status()["healthy"] == true }
        #expect(try host.records("grant-closed").isEmpty)
    }

    @Test func `that could never be read lets no key sign`() throws {
        let host = try host()
        try FileManager.default.removeItem(atPath: host.path + "/revoked")
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually {
            try host.reasons("grant-refused").first??.contains("revoked_keys cannot be read")
                ?? false
        }
        try host.write("# nobody\n", to: "revoked")
        try host.submit(host.grant(), as: "b.grant")
        try eventually { try host.openings().count == 1 }
    }

    @Test func `is followed even while allowed signers are malformed`() throws {
        let host = try host()
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try host.write("nonsense", to: "allowed_signers")
        try eventually { try host.records("policy-refused").count == 1 }
        try host.write(host.key.publicLine, to: "revoked")
        try host.expectEndByPolicy()
    }
}

@Suite struct `A certificate to the agent` {
    @Test func `is on record with its serial, key id and authority`() throws {
        let made = try CertifiedSSHKey(options: ["-I", "erin's key", "-n", "erin", "-z", "4711"])
        let host = try host(signers: "\(made.line("erin"))\n")
        try host.start()
        let payload = host.payload()
        try host.submit(payload + made.sign(payload), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        let accepted = try #require(try host.records("grant-accepted").first)
        let authority = try Command.run(["ssh-keygen", "-l", "-f", made.authority.privateFile]).text
            .split(separator: " ")[1]
        #expect(accepted["JITGATE_SIGNERS"] == "erin")
        #expect(
            accepted["JITGATE_CERTIFICATES"]?.text
                == "erin: serial 4711, key id \"erin's key\", CA \(authority)"
        )
        #expect(try host.jitgate("audit", "verify").status == 0)
        // The list of a CA is a KRL; its key by itself shuts out all that it certified.
        try host.write(made.authority.publicLine, to: "revoked")
        try eventually { try host.reasons("grant-closed") == ["policy"] }
        #expect(try host.jitgate("audit", "verify").status == 0)
    }

    @Test func `that has expired does not end what it opened`() throws {
        let made = try CertifiedSSHKey(options: ["-I", "id", "-n", "erin", "-V", "-1m:+3s"])
        let host = try host(signers: "\(made.line("erin"))\n")
        try host.start()
        let payload = host.payload()
        let file = try payload + made.sign(payload)
        try host.submit(file, as: "a.grant")
        try eventually { try host.openings().count == 1 }
        // Nothing but time makes it expire.
        try eventually { try host.jitgate("verify", host.drop + "/a.grant").status == 1 }
        host.stop()
        try host.start()
        try host.write("# nobody at all\n", to: "revoked")
        try eventually { try host.records("policy-loaded").count >= 3 }
        #expect(try host.openings().count == 1)
        #expect(try host.records("grant-closed").isEmpty)
        #expect(try host.jitgate("audit", "verify").status == 0)
    }
}
