import Foundation
import TestSupport

/// The independent witness: what the real ssh-keygen makes of the same bytes.
enum PublicTool {
    /// The identity that the witness asks for.
    static let identity = "dana@example.com"

    /// Returns true if `ssh-keygen -Y verify` accepts one armored signature over `message`.
    static func accepts(
        _ signature: [UInt8],
        over message: [UInt8],
        allowedSigners: String,
        identity: String = identity,
        at time: String = "20270115080000Z"
    ) throws -> Bool {
        let folder = try TemporaryDirectory()
        try Data(signature).write(to: URL(fileURLWithPath: folder.path + "/signature"))
        try Data(allowedSigners.utf8).write(to: URL(fileURLWithPath: folder.path + "/signers"))
        let result = try Command.run(
            [
                "ssh-keygen", "-Y", "verify", "-q", "-n", "jitgate-grant", "-I", identity,
                "-f", folder.path + "/signers", "-s", folder.path + "/signature",
                "-Overify-time=\(time)",
            ],
            input: message
        )
        return result.status == 0
    }

    /// Returns true if the pattern list `principals` of a line matches `name`.
    static func matches(_ name: String, principals: String, key: String) throws -> Bool {
        let folder = try TemporaryDirectory()
        let file = folder.path + "/signers"
        try Data("\(principals) \(key)\n".utf8).write(to: URL(fileURLWithPath: file))
        let result = try Command.run([
            "ssh-keygen", "-Y", "match-principals", "-I", name, "-f", file,
        ])
        return result.status == 0
    }
}
