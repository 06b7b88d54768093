import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// `jitgate-fleet bulletin` to a directory and to stores.
struct BulletinCommandTests {
    private let bench: FleetBench
    private let herald: SSHKey

    init() throws {
        (bench, herald) = (try FleetBench(), try SSHKey())
        try bench.write(
            "herald namespaces=\"jitgate-bulletin\" \(herald.publicLine)\n"
                + "ops \(bench.approver.publicLine)\n",
            to: "allowed_signers"
        )
    }

    private func run(
        _ words: String...,
        by key: SSHKey? = nil,
        to depot: [String]? = nil
    ) throws -> Command.Result {
        try Command.run(
            [
                AgentHost.build + "jitgate-fleet", "bulletin", "--allowed-signers",
                bench.path("allowed_signers"), "--key", (key ?? herald).privateFile,
            ] + words + (depot ?? bench.directory),
            environment: ["HOME": bench.folder.path]
        )
    }

    private func posted(_ root: String? = nil) throws -> Bulletin {
        let file = URL(filePath: (root ?? bench.path("depot")) + "/bulletin")
        let bytes = Array(try Data(contentsOf: file))
        let marker = Array("-----BEGIN SSH SIGNATURE-----".utf8)
        let end = try #require(bytes.firstRange(of: marker)?.lowerBound)
        return try Bulletin(parsing: Array(bytes[..<end]))
    }

    private func key(_ digit: Character) -> String {
        "SHA256:" + String(repeating: digit, count: 42) + "A"
    }

    @Test func `the first one names its fleet, and each later one keeps what was revoked`() throws {
        let missing = try run()
        #expect(missing.status == 64 || missing.status == 2, "\(missing.status)")
        #expect(missing.errors.contains("name the fleet"))
        let id = try GrantID(parsing: UUID().uuidString)
        let first = try run("--fleet", "prod", "--revoke-grant", "\(id)")
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.text.hasPrefix("posted  bulletin of prod, valid until "))
        let second = try run("--revoke-key", key("B"), "--valid", "30m", "--json")
        #expect(second.status == 0, "\(second.errors)")
        let json = try JSONNode.parse(second.output).value
        let bulletin = try posted()
        #expect(json["revoked_keys"] == [.string(key("B"))])
        #expect(json["sha256"]?.text == (try digest(of: bench.path("depot/bulletin"))))
        #expect(bulletin.fleet == "prod" && bulletin.revokedGrants == [id])
        #expect(bulletin.expires - bulletin.issued == .seconds(1800))
        #expect(try run("--drop-grant", "\(id)", "--revoke-key", key("C")).status == 0)
        let last = try posted()
        #expect(last.revokedGrants.isEmpty && last.revokedKeys == [key("B"), key("C")])
        #expect(last.issued > bulletin.issued)
        // It is what the public tool accepts.
        let check = try Command.run(
            [
                "sh", "-c",
                "cd \(bench.folder.path) && sed '/^-----BEGIN/,$d' depot/bulletin >p && sed -n '/^-----BEGIN/,$p' depot/bulletin >s"
                    + " && ssh-keygen -Y verify -n jitgate-bulletin -I herald -f allowed_signers -s s <p",
            ]
        )
        #expect(check.status == 0, "\(check.errors)")
    }

    @Test func `nothing is continued that nobody who may has signed, nor signed by others`() throws
    {
        let stranger = try run("--fleet", "prod", by: bench.stranger)
        #expect(stranger.status == 1 && stranger.errors.contains("not in allowed_signers"))
        let approver = try run("--fleet", "prod", by: bench.approver)
        #expect(approver.status == 1 && approver.errors.contains("may not sign"))
        #expect(try run("--fleet", "prod", "--revoke-key", key("B")).status == 0)
        let file = bench.path("depot/bulletin")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try bench.write(text.replacing(key("B"), with: key("D")), to: "depot/bulletin")
        let forged = try run()
        #expect(forged.status == 1 && forged.errors.contains("depot/bulletin"))
        #expect(try posted().revokedKeys == [key("D")], "it is left as it is")
        try bench.write(text, to: "depot/bulletin")
        #expect(try run("--fleet", "test").status == 1)
        #expect(try run("--fleet", "Prod").status != 0)
        #expect(try posted().revokedKeys == [key("B")])
    }

    @Test func `it never goes back behind the one that is posted`() throws {
        let now = Moment(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
        let ahead = Bulletin(
            fleet: "prod",
            issued: now + .seconds(600),
            expires: now + .seconds(7200),
            revokedKeys: [key("B")]
        )
        let payload = ahead.payload()
        let bytes = try payload + herald.sign(payload, namespace: "jitgate-bulletin")
        try Data(bytes).write(to: URL(filePath: bench.path("depot/bulletin")))
        let result = try run()
        #expect(result.status == 1 && result.errors.contains("clock"))
        #expect(try posted() == ahead)
    }

    @Test func `a depot that shows an older one loses nothing that the memory has`() throws {
        let memory = ["--memory", bench.path("last")]
        func post(_ words: String...) throws -> Command.Result {
            try Command.run(
                [
                    AgentHost.build + "jitgate-fleet", "bulletin", "--allowed-signers",
                    bench.path("allowed_signers"), "--key", herald.privateFile,
                ] + memory + words + bench.directory,
                environment: ["HOME": bench.folder.path]
            )
        }
        #expect(try post("--fleet", "prod").status == 0)
        let old = try Data(contentsOf: URL(filePath: bench.path("depot/bulletin")))
        #expect(try post("--revoke-key", key("B")).status == 0)
        try old.write(to: URL(filePath: bench.path("depot/bulletin")))
        #expect(try post().status == 0)
        #expect(try posted().revokedKeys == [key("B")])
        try FileManager.default.removeItem(atPath: bench.path("depot/bulletin"))
        #expect(try post().status == 0)
        #expect(try posted().revokedKeys == [key("B")])
    }

    @Test func `a web server and a store take it, and publishers that race lose nothing`() throws {
        let depot = try NginxDepot()
        let web = [
            "--depot", depot.url, "--ca", depot.path + "/ca.pem", "--certificate",
            depot.path + "/client.pem",
        ]
        let result = try run("--fleet", "prod", to: web)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try posted(depot.path + "/www/jitgate").fleet == "prod")
        let store = try S3Store()
        let keys = ["--depot", store.url, "--credentials", store.keysPath]
        #expect(try run("--fleet", "prod", to: keys).status == 0)
        let digits = Array("BCDE")
        let raced = concurrently(digits) { digit in
            try run("--revoke-key", key(digit), to: keys)
        }
        for result in raced { #expect(try result.get().status == 0) }
        #expect(try Set(posted(store.root).revokedKeys) == Set(digits.map(key)))
    }

    @Test func `it is no file for a shelf`() throws {
        #expect(try run("--fleet", "prod").status == 0)
        let posted = try bench.post([bench.path("depot/bulletin")])
        #expect(posted.status == 1 && posted.text.contains("jitgate-fleet bulletin"))
    }
}
