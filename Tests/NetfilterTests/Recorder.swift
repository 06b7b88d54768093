import Netfilter
import Testing

/// What a batch sends, recorded without a kernel.
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

/// Compares a batch's one message: its type and flags, then what is behind its header.
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
