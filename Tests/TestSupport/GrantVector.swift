import Foundation

/// A file under Tests/Vectors/grants: a grant file, good or bad, and what must be said of it.
///
/// Tests/Vectors/make-grant-vectors makes them and says how they are written.
package struct GrantVector: Sendable, CustomStringConvertible {
    package let name: String
    /// The code of every refusal, in the order of the checks; empty if the file is good.
    package let refusals: [String]
    /// The field that the first refusal must name.
    package let field: String?
    /// The vector that must be live before this one comes.
    package let predecessor: String?
    package let bytes: [UInt8]

    package var description: String { name }

    private init(contentsOf file: URL) throws {
        name = file.deletingPathExtension().lastPathComponent
        let data = try Data(contentsOf: file)
        guard let gap = data.firstRange(of: Data("\n\n".utf8)) else {
            throw CommandFailure("\(name) has no header")
        }
        let header = VectorHeader(String(decoding: data[..<gap.lowerBound], as: UTF8.self))
        refusals = header["expect"].filter { $0 != "accepted" }
        field = header["field"].first
        predecessor = header["after"].first
        bytes = Array(data[gap.upperBound...])
    }

    /// All of them, by name; none if they cannot be read, which a test must notice.
    package static let all: [GrantVector] = {
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        return (files ?? []).filter { $0.pathExtension == "vector" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .compactMap { try? GrantVector(contentsOf: $0) }
    }()

    /// The signers by whom they are meant to be judged.
    package static var allowedSigners: String {
        get throws {
            try String(contentsOf: folder.appending(path: "allowed_signers"), encoding: .utf8)
        }
    }

    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors/grants")
}
