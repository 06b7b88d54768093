import Depot
import Foundation
import Grants
import StrictJSON
import TestSupport

/// The desk of a publisher: keys, files to post, and the built program.
final class FleetBench: Sendable {
    let folder: TemporaryDirectory
    let approver: SSHKey
    let stranger: SSHKey

    init() throws {
        folder = try TemporaryDirectory()
        approver = try SSHKey()
        stranger = try SSHKey()
        try write("ops@example.com \(approver.publicLine)\n", to: "allowed_signers")
        try FileManager.default.createDirectory(
            atPath: path("depot"),
            withIntermediateDirectories: false
        )
    }

    func path(_ name: String) -> String { folder.path + "/" + name }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
    }

    /// Writes a grant that the approver signed, and returns its path.
    @discardableResult
    func grant(
        _ name: String,
        id: UUID = UUID(),
        hosts: [String] = ["web-1"],
        lasting seconds: Int = 3600,
        by key: SSHKey? = nil
    ) throws -> String {
        let expires =
            Moment(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
            .wholeSecond + .seconds(seconds)
        return try sign(
            [
                "jitgate": "grant/1", "id": .string(id.uuidString.lowercased()),
                "hosts": .array(hosts.map(JSONValue.string)), "requestor": "dana",
                "justification": "disk full", "sources": ["192.0.2.7"], "ports": ["22/tcp"],
                "expires": .string(expires.description),
            ],
            as: name,
            namespace: "jitgate-grant",
            by: key
        )
    }

    @discardableResult
    func revocation(_ name: String, of id: UUID, hosts: [String] = ["web-1"]) throws -> String {
        let value: JSONValue = [
            "jitgate": "revocation/1", "ids": [.string(id.uuidString)],
            "hosts": .array(hosts.map(JSONValue.string)), "reason": "lost laptop",
        ]
        return try sign(value, as: name, namespace: "jitgate-revocation", by: nil)
    }

    private func sign(
        _ value: JSONValue,
        as name: String,
        namespace: String,
        by key: SSHKey?
    ) throws -> String {
        let payload = value.encoded() + [UInt8(ascii: "\n")]
        let bytes = try payload + (key ?? approver).sign(payload, namespace: namespace)
        try Data(bytes).write(to: URL(filePath: path(name)))
        return path(name)
    }

    /// The options that name a directory as the depot.
    var directory: [String] { ["--depot", path("depot")] }

    func words(_ words: [String]) -> [String] {
        [AgentHost.build + "jitgate-fleet", "post", "--allowed-signers", path("allowed_signers")]
            + words
    }

    /// Runs `jitgate-fleet post`.
    func post(_ words: [String], to depot: [String]? = nil) throws -> Command.Result {
        try Command.run(
            self.words(words + (depot ?? directory)),
            environment: ["HOME": folder.path]
        )
    }

    /// Runs `jitgate-fleet withdraw` on the directory.
    func withdraw(_ words: String...) throws -> Command.Result {
        try Command.run(
            [AgentHost.build + "jitgate-fleet", "withdraw"] + words + directory,
            environment: ["HOME": folder.path]
        )
    }

    // MARK: the depot

    /// Puts a file into the depot and its line before all others, as somebody else's publisher may.
    func list(_ file: String, as id: UUID, on shelf: String) throws {
        let digest = try digest(of: file)
        let folder = path("depot/shelves/\(shelf)")
        for folder in [path("depot/files"), folder] {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
        }
        let bytes = try Data(contentsOf: URL(filePath: file))
        try bytes.write(to: URL(filePath: path("depot/files/\(digest).grant")))
        let rest = (try? String(contentsOfFile: folder + "/index", encoding: .utf8)) ?? ""
        try write(
            "\(digest)  \(id.uuidString.lowercased()).grant\n" + rest,
            to: "depot/shelves/\(shelf)/index"
        )
    }

    /// The lines of an index in a depot that is a directory.
    func index(_ shelf: String, in root: String? = nil) throws -> [ShelfLine] {
        let file = URL(filePath: (root ?? path("depot")) + "/shelves/\(shelf)/index")
        guard let data = try? Data(contentsOf: file) else { return [] }
        return try ShelfIndex(parsing: Array(data)).lines
    }

    /// Whether every line of every index names a file that is there and has its digest.
    func isConsistent(_ root: String? = nil) throws -> Bool {
        let root = root ?? path("depot")
        let shelves = try? FileManager.default.contentsOfDirectory(atPath: root + "/shelves")
        for shelf in shelves ?? [] {
            for line in try index(shelf, in: root) {
                let file = "\(root)/files/\(line.digest.fileName)"
                let digest = try Command.run(["sha256sum", file])
                guard digest.text.hasPrefix(line.digest.description) else { return false }
            }
        }
        return true
    }
}

/// The digest of a file, as sha256sum prints it.
func digest(of path: String) throws -> String {
    String(try Command.run(["sha256sum", path]).text.prefix(64))
}
