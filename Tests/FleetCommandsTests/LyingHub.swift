import Foundation
import Grants
import StrictJSON
import TestSupport

/// A hub on loopback that says what its folder holds (lying-hub.py), and somebody who uses it.
final class LyingHub {
    private let process = Process()
    let folder: TemporaryDirectory
    let key: SSHKey
    let url: String

    init() throws {
        folder = try TemporaryDirectory()
        key = try SSHKey()
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "lying-hub.py").path
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-B", script, folder.path]
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .newlines)) else {
            throw CommandFailure("the lying hub did not start: \(line)")
        }
        url = "http://127.0.0.1:\(port)"
    }

    deinit { process.end() }

    func path(_ name: String) -> String { folder.path + "/" + name }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

    /// The file in which the token lies.
    var token: String { path(".cache/jitgate/\(url.dropFirst("http://".count)).token") }

    /// Runs jitgate-fleet with the key and the hub, as somebody at home in the folder.
    func run(_ words: String..., input: [UInt8] = []) throws -> Command.Result {
        try Command.run(
            [AgentHost.build + "jitgate-fleet", words[0], "--key", key.privateFile]
                + words.dropFirst(),
            input: input,
            environment: [
                "HOME": folder.path, "JITGATE_HUB": url, "SSH_AUTH_SOCK": "", "XDG_CACHE_HOME": "",
                "XDG_CONFIG_HOME": "",
            ]
        )
    }

    static let id = "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"

    /// Makes the request of the hub, and returns its payload.
    @discardableResult
    func request(
        expires: Moment? = nil,
        reason: String = "disk full",
        ticket: String? = nil
    ) throws -> [UInt8] {
        let grant = Grant(
            id: try GrantID(parsing: Self.id),
            hosts: [.name("web-1")],
            requestor: "dana",
            justification: reason,
            sources: [try Prefix(parsing: "192.0.2.7")],
            ports: [try Port(parsing: "22/tcp")],
            notBefore: nil,
            expires: expires ?? Self.now.wholeSecond + .seconds(3600),
            duration: nil,
            ticket: ticket
        )
        let payload = grant.payload()
        try write(String(decoding: payload, as: UTF8.self), to: "payload")
        let signature = try key.sign(payload, namespace: "jitgate-request")
        try write(String(decoding: payload + signature, as: UTF8.self), to: "file")
        return payload
    }

    static var now: Moment { Moment(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }

    /// The bodies that were posted, by the last word of their path.
    func posted(_ name: String) throws -> [[UInt8]] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: path("posted"))) ?? []
        let order = { (text: String) in Int(text.prefix { $0 != "-" }) ?? 0 }
        return try all.filter { $0.hasSuffix("-\(name)") }.sorted { order($0) < order($1) }
            .map { try Array(Data(contentsOf: URL(filePath: path("posted/\($0)")))) }
    }
}
