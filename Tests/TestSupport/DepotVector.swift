import Foundation

/// A file under Tests/Vectors/depot: the index of a shelf, and what must be said of it.
package struct DepotVector: Sendable, CustomStringConvertible {
    package let name: String
    /// `digests N`, or the line of the error and its reason.
    package let expected: String
    package let bytes: [UInt8]

    package var description: String { name }

    /// All vectors by name; none if they cannot be read, which a test must notice.
    package static let all: [DepotVector] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Vectors/depot")
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        return (files ?? []).filter { $0.pathExtension == "vector" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .compactMap { try? DepotVector(contentsOf: $0) }
    }()

    private init(contentsOf file: URL) throws {
        name = file.deletingPathExtension().lastPathComponent
        let data = try Data(contentsOf: file)
        guard let gap = data.firstRange(of: Data("\n\n".utf8)) else {
            throw CommandFailure("\(name) has no header")
        }
        let header = VectorHeader(String(decoding: data[..<gap.lowerBound], as: UTF8.self))
        expected = header["expect"].first ?? ""
        bytes = Array(data[gap.upperBound...])
    }
}
