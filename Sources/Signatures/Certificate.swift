import Grants

/// A certificate of OpenSSH in wire form, parsed by its lengths alone (PROTOCOL.certkeys).
///
/// Stricter than ssh-keygen: user certificates with principals only, and no critical options.
struct Certificate: Sendable {
    /// The most principals, as in OpenSSH.
    private static let principalLimit = 256
    /// The longest key id or principal in bytes.
    private static let textLimit = 255

    let type: String
    /// The certified key in the wire form of a plain key.
    let keyBlob: [UInt8]
    let form: PublicKeyForm
    let serial: UInt64
    let keyID: String
    /// The names that the authority certified; never empty.
    let principals: [String]
    /// The authority's key in wire form.
    let authority: [UInt8]
    private let validAfter: UInt64
    private let validBefore: UInt64
    /// All before the signature, which the authority signed.
    private let signedBytes: [UInt8]
    private let signature: [UInt8]

    init(parsing blob: [UInt8]) throws(SignatureError) {
        let certified = try CertifiedKey(parsing: blob)
        var reader = certified.rest
        guard let serial = reader.uint64(), let kind = reader.uint32(),
            let keyID = reader.string(), let principals = reader.string(),
            let validAfter = reader.uint64(), let validBefore = reader.uint64(),
            let critical = reader.string(), let extensions = reader.string(),
            reader.string() != nil, let authority = reader.string()
        else { throw Self.malformed }
        signedBytes = Array(blob[..<(blob.count - reader.count)])
        guard let signature = reader.string(), reader.isAtEnd else { throw Self.malformed }
        (type, keyBlob, form) = (certified.type, certified.blob, certified.form)
        self.serial = serial
        self.keyID = try Self.text(keyID, "key id")
        self.principals = try Self.principals(in: principals)
        (self.validAfter, self.validBefore) = (validAfter, validBefore)
        (self.authority, self.signature) = (authority, signature)
        try Self.require(kind: kind, critical, extensions)
    }

    static let malformed = error("is malformed; have it issued again")

    private static func error(_ reason: String) -> SignatureError {
        SignatureError(.certificate, "the certificate \(reason)")
    }

    private static func require(
        kind: UInt32,
        _ critical: [UInt8],
        _ extensions: [UInt8]
    ) throws(SignatureError) {
        guard kind == 1 else {
            throw error(
                "is \(kind == 2 ? "a host's" : "of kind \(kind)"); sign with a user certificate"
            )
        }
        if let option = try options(critical).first {
            throw error(
                "has the critical option \(option.debugDescription), which no grant can meet; have"
                    + " one issued without critical options"
            )
        }
        _ = try options(extensions)
    }

    /// The names of options or extensions.
    private static func options(_ bytes: [UInt8]) throws(SignatureError) -> [String] {
        var reader = WireReader(bytes)
        var names: [String] = []
        while !reader.isAtEnd {
            guard let name = reader.string(), reader.string() != nil else { throw malformed }
            names.append(String(decoding: name.prefix(64), as: UTF8.self))
        }
        return names
    }

    private static func principals(in bytes: [UInt8]) throws(SignatureError) -> [String] {
        var reader = WireReader(bytes)
        var names: [String] = []
        while !reader.isAtEnd {
            guard let name = reader.string() else { throw malformed }
            guard names.count < principalLimit else {
                throw error("has more than \(principalLimit) principals")
            }
            names.append(try text(name, "principal"))
        }
        guard !names.isEmpty else {
            throw error("has no principals, so it is nobody's; have one issued with -n NAME")
        }
        guard names.allSatisfy({ !$0.isEmpty }) else { throw error("has an empty principal") }
        return names
    }

    /// Text that may stand in a record: UTF-8 without control characters.
    private static func text(_ bytes: [UInt8], _ what: String) throws(SignatureError) -> String {
        guard bytes.count <= textLimit, let text = String(validating: bytes, as: UTF8.self),
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw error(
                "has a \(what) that is longer than \(textLimit) bytes, no UTF-8, or has control"
                    + " characters in it"
            )
        }
        return text
    }
}

extension Certificate {
    /// Checks that its authority signed it.
    func verify(by key: PublicKey) throws(SignatureError) {
        do throws(SignatureError) {
            _ = try key.check(signature, over: signedBytes, under: .third)
        } catch {
            throw SignatureError(
                error.code,
                error.code == .tampered
                    ? "the certificate is not as its CA signed it"
                    : "the signature of the CA in the certificate: \(error.description)"
            )
        }
    }

    /// Checks that it is valid at a moment: from `validAfter`, and before `validBefore`.
    func requireValid(at now: Moment) throws(SignatureError) {
        let seconds = UInt64(clamping: now.microseconds / 1_000_000)
        guard seconds >= validAfter else {
            throw SignatureError(
                .notYetValid,
                "the certificate is valid from \(Self.moment(validAfter)), and now it is \(now)"
            )
        }
        guard seconds < validBefore else {
            throw SignatureError(
                .noLongerValid,
                "the certificate was valid until \(Self.moment(validBefore)), and now it is \(now);"
                    + " sign with a new one"
            )
        }
    }

    private static func moment(_ seconds: UInt64) -> Moment {
        Moment(microseconds: 0) + .seconds(Int64(clamping: min(seconds, 1 << 40)))
    }
}

/// The certificate of a valid signature, as records name it.
package struct CertificateIdentity: Hashable, Sendable {
    package let serial: UInt64
    package let keyID: String
    /// The fingerprint of the authority's key.
    package let authority: String
}

extension CertificateIdentity: CustomStringConvertible {
    /// `serial 4711, key id "dana", CA SHA256:…`, as records and commands show it.
    ///
    /// The key id stands there as it is; no fingerprint holds a quote, so the last one ends it.
    package var description: String {
        "serial \(serial), key id \"\(keyID)\", CA \(authority)"
    }
}

/// The key inside a certificate, and what follows it there.
struct CertifiedKey {
    static let suffix = "-cert-v01@openssh.com"

    /// The type of the certificate.
    let type: String
    /// The key in the wire form of a plain key.
    let blob: [UInt8]
    let form: PublicKeyForm
    let rest: WireReader

    init(parsing certificate: [UInt8]) throws(SignatureError) {
        var reader = WireReader(certificate)
        guard let type = reader.text() else { throw Certificate.malformed }
        guard let plain = Self.plainType(of: type) else { throw PublicKeyForm.unsupported(type) }
        guard reader.string() != nil else { throw Certificate.malformed }  // the nonce
        let start = certificate.count - reader.count
        do throws(SignatureError) {
            form = try PublicKeyForm.key(of: plain, from: &reader)
        } catch {
            throw error.code == .malformed ? Certificate.malformed : error
        }
        self.type = type
        let end = certificate.count - reader.count
        blob = Array(plain.utf8).asWireString + certificate[start..<end]
        rest = reader
    }

    /// The type of the plain key that a certificate type certifies; `nil` for other types.
    private static func plainType(of type: String) -> String? {
        guard PublicKey.isCertificateType(type) else { return nil }
        let stem = String(type.dropLast(suffix.count))
        return [stem, stem + "@openssh.com"].first(where: PublicKey.types.contains)
    }
}
