import Netfilter
import Testing

/// The bytes that a batch sends, recorded without a kernel.
func recorded(generation: UInt32? = nil, _ fill: (inout Batch) -> Void) -> [UInt8] {
    var batch = Batch(table: "t")
    batch.begin(sequence: 1, generation: generation)
    fill(&batch)
    _ = batch.seal()
    return batch.bytes
}

/// The messages between the begin and the end of a batch, 20 bytes each without a generation.
func content(_ fill: (inout Batch) -> Void) -> [UInt8] {
    Array(recorded(fill).dropFirst(20).dropLast(20))
}

/// An attribute as linux/netlink.h lays it out, made by none of the code on trial.
struct Attribute {
    fileprivate let bytes: [UInt8]

    private init(_ type: UInt8, _ payload: [UInt8], flags: UInt8 = 0) {
        let padding = [UInt8](repeating: 0, count: (4 - payload.count % 4) % 4)
        bytes = [UInt8(4 + payload.count), 0, type, flags] + payload + padding
    }

    static func bytes(_ type: UInt8, _ bytes: [UInt8]) -> Self { Self(type, bytes) }

    /// Four bytes, the highest first.
    static func number(_ type: UInt8, _ value: UInt32) -> Self {
        Self(type, [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) })
    }

    /// Eight bytes, the highest first.
    static func long(_ type: UInt8, _ value: UInt32) -> Self {
        Self(type, [0, 0, 0, 0] + number(type, value).bytes.dropFirst(4))
    }

    /// With the zero that ends it.
    static func text(_ type: UInt8, _ text: String) -> Self { Self(type, Array("\(text)\0".utf8)) }

    static func nested(_ type: UInt8, _ attributes: Self...) -> Self {
        nested(type, of: attributes)
    }

    static func nested(_ type: UInt8, of attributes: [Self]) -> Self {
        Self(type, attributes.flatMap(\.bytes), flags: 0x80)
    }
}

/// Compares a batch's one message: its type and flags, then its attributes.
func expectMessage(
    _ bytes: [UInt8],
    _ type: String,
    _ attributes: Attribute...,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectMessage(bytes, type, attributes, sourceLocation: sourceLocation)
}

func expectMessage(
    _ bytes: [UInt8],
    _ type: String,
    _ attributes: [Attribute],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let content = attributes.flatMap(\.bytes)
    let lines = stride(from: 0, to: content.count, by: 4).map {
        hexadecimal(content[$0..<$0 + 4])
    }
    let text = lines.joined(separator: "\n")
    expectMessage(bytes, type, text, sourceLocation: sourceLocation)
}

/// Compares it with lines of bytes.
///
/// The rest of the header is the same in all: the length, the second sequence number, no port id,
/// NFPROTO_INET and version 0.
func expectMessage(
    _ bytes: [UInt8],
    _ type: String,
    _ lines: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let rows = lines.split(separator: "\n").count
    let header = """
        \(hexadecimal([UInt8(20 + 4 * rows), 0, 0, 0]))  message
        \(type)
        02 00 00 00  sequence
        00 00 00 00  port id
        01 00 00 00  NFPROTO_INET, version 0

        """
    expect(bytes, header + lines, sourceLocation: sourceLocation)
}

private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }
        .joined(separator: " ")
}

/// Compares with lines of four bytes in hexadecimal, each followed by what it means.
func expect(
    _ bytes: [UInt8],
    _ lines: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let expected = lines.split(separator: "\n").map { String($0.prefix(11)) }
    let found = stride(from: 0, to: bytes.count, by: 4).map { start in
        hexadecimal(bytes[start...].prefix(4))
    }
    guard found != expected else { return }
    let rows = (0..<max(found.count, expected.count)).map { row in
        let (old, new) = (
            row < expected.count ? expected[row] : "-", row < found.count ? found[row] : "-"
        )
        return old == new ? "  \(new)" : "! \(new)  expected \(old)"
    }
    Issue.record("\(rows.joined(separator: "\n"))", sourceLocation: sourceLocation)
}
