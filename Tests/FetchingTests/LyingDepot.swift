import Foundation
import TestSupport

/// Depots that lie, on loopback (lying-depot.py).
final class LyingDepot {
    private let process = Process()
    private let folder: TemporaryDirectory
    private let port: Int

    init() throws {
        folder = try TemporaryDirectory()
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "lying-depot.py").path
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-B", script, folder.path]
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .newlines)) else {
            throw CommandFailure("the lying depot did not start: \(line)")
        }
        self.port = port
    }

    deinit { process.end() }

    func url(_ lie: String) -> String { "http://127.0.0.1:\(port)/\(lie)" }

    /// The file with the index that the hub serves.
    var indexPath: String { folder.path + "/index" }

    /// What was put at a path.
    func put(_ path: String) throws -> [UInt8] {
        let name = path.replacing("/", with: "-")
        return try Array(Data(contentsOf: URL(filePath: "\(folder.path)/put/\(name)")))
    }

    func writeIndex(_ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: indexPath), options: .atomic)
    }
}
