import Crypto
import Grants

/// Random bytes and their forms.
enum Secret {
    /// Bytes that nobody can guess.
    static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// 32 random bytes as 43 characters that need no escape in a URL, a header or a cookie.
    static func token() -> String { text(random(32)) }

    /// Base64 for URLs, without padding.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let mapped = Base64.encodeUnpadded(bytes).utf8.map { byte in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            default: byte
            }
        }
        return String(decoding: mapped, as: UTF8.self)
    }

    /// The SHA-256 of a text in hex, as the store has it.
    static func digest(_ text: String) -> String {
        SHA256.hash(data: Array(text.utf8)).hexadecimal
    }

    /// The bytes of Base64 for URLs; `nil` if it is none.
    static func bytes(_ text: String) -> [UInt8]? {
        let mapped = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            case UInt8(ascii: "+"), UInt8(ascii: "/"): UInt8(ascii: "!")
            default: byte
            }
        }
        let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - mapped.count % 4) % 4)
        return Base64.decode(mapped + padding)
    }

    /// Returns whether two texts are the same, in a time that does not tell where they differ.
    static func isSame(_ left: String, _ right: String) -> Bool {
        isSame(Array(left.utf8), Array(right.utf8))
    }

    static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
