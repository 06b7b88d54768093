import Foundation
import Testing

/// A policy file under Tests/Vectors/policies, and what its sidecar says of it.
///
/// The sidecar `NAME.expect` holds either `accepted` or a line `LINE:COLUMN KEY` for each problem,
/// with `-` for the key of a text that is no TOML.
struct PolicyVector: CustomTestStringConvertible {
    let name: String

    var testDescription: String { name }

    static let all: [PolicyVector] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path())
        return (files ?? []).filter { $0.hasSuffix(".toml") }.sorted()
            .map { PolicyVector(name: String($0.dropLast(5))) }
    }()

    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors/policies")

    func bytes() throws -> [UInt8] {
        Array(try Data(contentsOf: Self.folder.appending(path: "\(name).toml")))
    }

    func expected() throws -> [String] {
        let text = try String(
            contentsOf: Self.folder.appending(path: "\(name).expect"),
            encoding: .utf8
        )
        return text.split(separator: "\n").map(String.init)
    }
}
