import Foundation

/// A file under Tests/Vectors/passkeys or certificates: a signed file, and what must be said of it.
///
/// make-passkey-vectors and make-certificate-vectors there make them and document their form.
package struct KeyVector: Sendable, CustomStringConvertible {
    package let name: String
    /// `accepted`, the code of the refusal, or what policy objects to: `origin` or `synced`.
    package let expected: String
    /// The file of allowed_signers.
    package let signers: String
    /// The origin that the browser says; `nil` if none does or the file is refused.
    package let origin: String?
    package let isSynced: Bool
    /// The moment of the judgement as ssh-keygen takes it.
    package let time: String
    package let principal: String
    /// True if ssh-keygen accepted the signature when the vector was made.
    package let isAcceptedByPublicTool: Bool
    package let bytes: [UInt8]

    package var description: String { name }

    private init(contentsOf file: URL) throws {
        name = file.deletingPathExtension().lastPathComponent
        let data = try Data(contentsOf: file)
        guard let gap = data.firstRange(of: Data("\n\n".utf8)) else {
            throw CommandFailure("\(name) has no header")
        }
        let header = VectorHeader(String(decoding: data[..<gap.lowerBound], as: UTF8.self))
        expected = header["expect"].first ?? ""
        signers = header["signer"].map { $0 + "\n" }.joined()
        origin = header["origin"].first.map { $0 == " " ? "" : $0 }
        isSynced = header["synced"] == ["true"]
        time = header["time"].first ?? ""
        principal = header["principal"].first ?? ""
        isAcceptedByPublicTool = header["ssh-keygen"] == ["accepts"]
        bytes = Array(data[gap.upperBound...])
    }

    /// All vectors of passkeys by name; none if they cannot be read, which a test must notice.
    package static let passkeys = vectors(in: "passkeys")

    /// All vectors of certificates by name.
    package static let certificates = vectors(in: "certificates")

    private static func vectors(in name: String) -> [KeyVector] {
        let folder = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors").appending(path: name)
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        return (files ?? []).filter { $0.pathExtension == "vector" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .compactMap { try? KeyVector(contentsOf: $0) }
    }
}
