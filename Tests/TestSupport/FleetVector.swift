import Foundation

/// A file under Tests/Vectors/fleet: a status note or a consistency proof, and what must be said of it.
package struct FleetVector: Sendable, CustomStringConvertible {
    package let name: String
    /// `status` or `growth`.
    package let kind: String
    package let key: String
    /// `verified SIZE COUNT`, or `refused WORDS`.
    package let expected: String
    /// `verified` or `refused`: what docs/verifying says.
    package let goes: String
    package let bytes: [UInt8]

    package var description: String { name }

    /// All vectors by name; none if they cannot be read, which a test must notice.
    package static let all: [FleetVector] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Vectors/fleet")
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        return (files ?? []).filter { $0.pathExtension == "vector" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .compactMap { try? FleetVector(contentsOf: $0) }
    }()

    private init(contentsOf file: URL) throws {
        name = file.deletingPathExtension().lastPathComponent
        let data = try Data(contentsOf: file)
        guard let gap = data.firstRange(of: Data("\n\n".utf8)) else {
            throw CommandFailure("\(name) has no header")
        }
        let header = VectorHeader(String(decoding: data[..<gap.lowerBound], as: UTF8.self))
        kind = header["kind"].first ?? ""
        key = header["key"].first ?? ""
        expected = header["expect"].first ?? ""
        goes = header["go"].first ?? String(expected.prefix { $0 != " " })
        bytes = Array(data[gap.upperBound...])
    }
}
