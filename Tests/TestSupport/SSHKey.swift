import Foundation

/// A key pair that the real ssh-keygen made, in a directory of its own.
package struct SSHKey: Sendable {
    private let folder: TemporaryDirectory

    package var privateFile: String { folder.path + "/key" }

    /// Makes a key of `type`, in the terms of ssh-keygen -t.
    ///
    /// - Throws: if ssh-keygen fails.
    package init(type: String = "ed25519", bits: Int? = nil) throws {
        folder = try TemporaryDirectory()
        var arguments = [
            "ssh-keygen", "-q", "-t", type, "-N", "", "-C", "test", "-f", folder.path + "/key",
        ]
        if let bits { arguments += ["-b", String(bits)] }
        let result = try Command.run(arguments)
        guard result.status == 0 else { throw CommandFailure(result.errors) }
    }

    /// The public key as one line: type, base64, comment.
    package var publicLine: String {
        get throws {
            let text = try String(contentsOfFile: privateFile + ".pub", encoding: .utf8)
            return text.trimmingCharacters(in: .newlines)
        }
    }

    /// The armored signature that ssh-keygen -Y sign makes.
    package func sign(
        _ payload: [UInt8],
        namespace: String = "jitgate-grant",
        options: [String] = [],
        environment: [String: String] = [:]
    ) throws -> [UInt8] {
        let arguments =
            ["ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", privateFile] + options
        let result = try Command.run(arguments, input: payload, environment: environment)
        guard result.status == 0 else { throw CommandFailure(result.errors) }
        return result.output
    }
}

/// The failure of a program, with its message.
package struct CommandFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
