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

/// Compares with lines of four bytes in hexadecimal, each followed by what it means.
func expect(
    _ bytes: [UInt8],
    _ lines: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let expected = lines.split(separator: "\n").map { String($0.prefix(11)) }
    let found = stride(from: 0, to: bytes.count, by: 4).map { start in
        bytes[start...].prefix(4).map {
            $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16)
        }
        .joined(separator: " ")
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
