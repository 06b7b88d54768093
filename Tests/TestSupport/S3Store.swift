import Foundation

/// A store on loopback that checks signatures, as S3 does (s3-store.py).
package final class S3Store {
    private let process = Process()
    private let folder: TemporaryDirectory
    private let port: Int

    /// - Parameter knowsConditions: whether it heeds If-Match and If-None-Match.
    /// - Throws: if it does not start.
    package init(knowsConditions: Bool = true) throws {
        folder = try TemporaryDirectory()
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "s3-store.py").path
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["python3", "-B", script, folder.path] + (knowsConditions ? [] : ["--no-conditions"])
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .newlines)) else {
            throw CommandFailure("the store did not start: \(line)")
        }
        self.port = port
        let keys = "[default]\naws_access_key_id = me\naws_secret_access_key = s3cret/key\n"
        try Data(keys.utf8).write(to: URL(filePath: keysPath))
    }

    deinit { process.end() }

    package var url: String { "http://127.0.0.1:\(port)/bucket/prod" }

    /// The file with the right keys.
    package var keysPath: String { folder.path + "/keys" }

    /// The directory in which its objects lie.
    package var root: String { folder.path + "/objects/bucket/prod" }

    /// Runs `body` while the nth request from now on is held, before or after it is carried out;
    /// returns whether one was.
    package func holding(_ number: Int, _ when: String, _ body: (() -> Bool) throws -> Void) throws
    {
        let (hold, held) = (folder.path + "/hold", folder.path + "/held")
        try Data("\(number) \(when)".utf8).write(to: URL(filePath: hold), options: .atomic)
        defer { for file in [hold, held] { try? FileManager.default.removeItem(atPath: file) } }
        try body { FileManager.default.fileExists(atPath: held) }
    }
}
