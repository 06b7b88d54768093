/// A key that the real ssh-keygen certified, and its authority.
package struct CertifiedSSHKey: Sendable {
    package let authority: SSHKey
    package let key: SSHKey

    /// The file of the certificate.
    package var file: String { key.privateFile + "-cert.pub" }

    /// Certifies a key; `options` are those of ssh-keygen -s.
    package init(
        authority: SSHKey,
        key: SSHKey,
        options: [String] = ["-I", "id", "-n", "dana"]
    ) throws {
        self.authority = authority
        self.key = key
        let result = try Command.run(
            ["ssh-keygen", "-q", "-s", authority.privateFile] + options
                + [key.privateFile + ".pub"]
        )
        guard result.status == 0 else { throw CommandFailure(result.errors) }
    }

    /// Certifies a new key by a new authority.
    package init(options: [String] = ["-I", "id", "-n", "dana"]) throws {
        try self.init(authority: SSHKey(), key: SSHKey(), options: options)
    }

    /// The armored signature that ssh-keygen makes if it is told the file of the certificate.
    package func sign(
        _ payload: [UInt8],
        namespace: String = "jitgate-grant"
    ) throws -> [UInt8] {
        let result = try Command.run(
            ["ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", file],
            input: payload
        )
        guard result.status == 0 else { throw CommandFailure(result.errors) }
        return result.output
    }

    /// The line of allowed_signers by which the authority certifies these principals.
    package func line(_ principals: String, _ options: String = "cert-authority") throws -> String {
        "\(principals) \(options) \(try authority.publicLine)"
    }
}
