import Crypto
import Grants

/// Nonces for logins: nothing is stored before one is used, so that strangers fill no store.
struct Nonces: Sendable {
    /// The time within which a nonce logs in.
    static let lifetime: Duration = .seconds(60)
    private static let timeLength = 8
    private static let randomLength = 16
    private static let codeLength = 16

    let secret: SymmetricKey

    /// A nonce of this moment: the time, random bytes, and the code over both.
    func make(at now: Moment) -> String {
        let time = stride(from: 56, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: now.microseconds >> Int64($0))
        }
        let bytes = time + Secret.random(Self.randomLength)
        return Secret.text(bytes + code(over: bytes))
    }

    /// Returns whether a nonce is of this hub, or of one with the same store, and not too old.
    func isValid(_ text: String, at now: Moment) -> Bool {
        let length = Self.timeLength + Self.randomLength
        guard let bytes = Secret.bytes(text), bytes.count == length + Self.codeLength else {
            return false
        }
        let signed = Array(bytes[..<length])
        guard Secret.isSame(code(over: signed), Array(bytes[length...])) else { return false }
        let time = signed[..<Self.timeLength].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        let age = now - Moment(microseconds: time)
        // Another hub's clock may be a moment ahead.
        return age < Self.lifetime && age > .seconds(-5)
    }

    private func code(over bytes: [UInt8]) -> [UInt8] {
        let input = Array("nonce".utf8) + bytes
        return Array(HMAC<SHA256>.authenticationCode(for: input, using: secret))
            .prefix(Self.codeLength).map(\.self)
    }
}

extension SymmetricKey {
    /// The token of a session's forms: no page of another site knows it.
    func formToken(ofSession digest: String) -> String {
        let input = Array("form".utf8) + Array(digest.utf8)
        return Secret.text(HMAC<SHA256>.authenticationCode(for: input, using: self))
    }
}
