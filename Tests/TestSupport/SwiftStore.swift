import Foundation

/// OpenStack Swift with its S3 interface, on loopback (swift-store.py): a store that is not ours.
package final class SwiftStore: Sendable {
    /// The one of this process; it ends with it.
    package static func shared() throws -> SwiftStore { try started.get() }

    private static let started = Result { try SwiftStore() }

    private let folder: String
    private let port: Int
    private let input = Pipe()

    private init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/swift-store.\(UUID())"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false
        )
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "swift-store.py").path
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-B", script, folder]
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .newlines)) else {
            throw CommandFailure("OpenStack Swift did not start: \(line)")
        }
        self.port = port
    }

    /// A depot in a bucket that is there, or in one that is not.
    package func url(_ prefix: String, bucket: String = "bucket") -> String {
        "http://127.0.0.1:\(port)/\(bucket)/\(prefix)"
    }

    /// The contents of a file with keys.
    package static func keys(secret: String = "s3cret/key") -> String {
        "[default]\naws_access_key_id = me:host\naws_secret_access_key = \(secret)\n"
    }

    /// Lines of `METHOD PATH STATUS` about a depot.
    package func requests(_ prefix: String) throws -> [String] {
        try String(contentsOfFile: folder + "/requests", encoding: .utf8)
            .split(separator: "\n").map(String.init).filter { $0.contains("/bucket/\(prefix)/") }
    }

    /// Runs `body` while the clock of the store is ahead.
    package func ahead(seconds: Int, _ body: () throws -> Void) throws {
        let file = URL(filePath: folder + "/clock")
        try Data("\(seconds)".utf8).write(to: file, options: .atomic)
        defer { try? FileManager.default.removeItem(at: file) }
        try body()
    }
}
