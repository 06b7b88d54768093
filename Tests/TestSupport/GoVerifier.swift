package import Foundation

/// docs/verifying/main.go, built once: Go's own transparency log packages as the witness.
package struct GoVerifier: Sendable {
    private let folder: TemporaryDirectory

    /// - Throws: if Go or its packages are missing.
    package init() throws {
        folder = try TemporaryDirectory()
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let result = try Command.run(
            [
                "go", "build", "-o", folder.path + "/verifying",
                root.path + "/docs/verifying/main.go",
            ],
            environment: ["GO111MODULE": "off", "GOPATH": "/usr/share/gocode"]
        )
        guard result.status == 0 else { throw CommandFailure(result.errors) }
    }

    /// Runs it with these words, then with the paths of files with these contents.
    package func run(_ words: [String], _ files: [String]) throws -> Command.Result {
        try run(words, files.map { Data($0.utf8) })
    }

    package func run(_ words: [String], _ files: [Data]) throws -> Command.Result {
        let inputs = try TemporaryDirectory()
        var paths: [String] = []
        for (index, content) in files.enumerated() {
            paths.append("\(inputs.path)/\(index)")
            try content.write(to: URL(fileURLWithPath: paths[index]))
        }
        return try Command.run([folder.path + "/verifying"] + words + paths)
    }
}
