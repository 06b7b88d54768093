package import Foundation

/// A directory under Tests/Vectors/audit: a log or a proof bundle, and the expected findings.
///
/// Tests/Vectors/make-audit-vectors makes them and documents their form.
package struct AuditVector: Sendable, CustomStringConvertible {
    package let name: String
    /// The expected flaws of a log, or `refused` for a bundle; `verified` if there is none.
    package let expected: [String]
    /// The text that the first finding must contain.
    package let text: String?
    /// The expected result of docs/verifying; `nil` if it is not run.
    package let witness: String?
    package let options: [String]
    /// The files by their paths, including those of the vector that it is based on.
    package let files: [String: Data]

    package var description: String { name }
    package var isBundle: Bool { files["bundle"] != nil }

    private init(_ name: String) throws {
        self.name = name
        let folder = Self.folder.appending(path: name)
        let header = VectorHeader(
            try String(contentsOf: folder.appending(path: "expect"), encoding: .utf8)
        )
        expected = header["expect"]
        text = header["says"].first
        witness = header["go"].first
        options = header["option"]
        let own = try Self.files(of: folder)
        let isWhole = own["bundle"] != nil || name == Self.genuine
        var base = isWhole ? [:] : try AuditVector(header["base"].first ?? Self.genuine).files
        for path in header["without"] { base[path] = nil }
        files = base.merging(own) { $1 }
    }

    private static let genuine = "genuine"

    private static func files(of folder: URL) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        where path != "expect" && path != "evidence" {
            files[path] = try Data(contentsOf: folder.appending(path: path))
        }
        return files
    }

    /// All vectors by name; none if they cannot be read, which a test must notice.
    package static let all: [AuditVector] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { $0 != "key" }.sorted().compactMap { try? AuditVector($0) }
    }()

    /// The key of the host that wrote them.
    package static var key: String {
        get throws {
            try String(contentsOf: folder.appending(path: "key"), encoding: .utf8)
                .trimmingCharacters(in: .newlines)
        }
    }

    /// Writes its files to a place where a command finds them.
    package func write(to place: String) throws {
        for (path, data) in files {
            let file = URL(fileURLWithPath: place).appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try data.write(to: file)
        }
    }

    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors/audit")
}
