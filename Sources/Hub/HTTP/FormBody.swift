import HTTPTypes
import Hummingbird

/// The fields of a form that a browser sent (application/x-www-form-urlencoded).
struct FormBody: Hashable, Sendable {
    private static let mostFields = 64
    private let fields: [(name: String, value: String)]

    static func == (left: Self, right: Self) -> Bool {
        left.fields.elementsEqual(right.fields) { $0 == $1 }
    }

    func hash(into hasher: inout Hasher) {
        for field in fields { hasher.combine(field.name) }
    }

    /// The form in the body of a call.
    init(of request: Request) async throws {
        let type = "application/x-www-form-urlencoded"
        try self.init(parsing: await BodyReader.bytes(of: request, types: [type]))
    }

    init(parsing bytes: [UInt8]) throws(HubError) {
        let parts = bytes.split(separator: UInt8(ascii: "&"))
        guard parts.count <= Self.mostFields else { throw Self.malformed }
        var fields: [(name: String, value: String)] = []
        for part in parts {
            let sign = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let value = part[sign...].dropFirst()
            fields.append((try Self.decoded(part[..<sign]), try Self.decoded(value)))
        }
        self.fields = fields
    }

    /// The first value of a field; `nil` if there is none.
    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// All values of a field.
    func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    private static let malformed = HubError(
        .malformed,
        "the form cannot be read",
        "send it as the page does"
    )

    private static func decoded(_ bytes: ArraySlice<UInt8>) throws(HubError) -> String {
        var (decoded, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes)
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit),
                    let low = rest.popFirst().flatMap(digit)
                else { throw malformed }
                decoded.append(high << 4 | low)
            default: decoded.append(byte)
            }
        }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw malformed }
        return text
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
