import Netfilter
import Testing

/// Compares a rule's one expression: its name, and the attributes that it is made of.
private func expectExpression(
    _ expression: Expression,
    _ name: String,
    _ lines: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let text = Array("\(name)\0".utf8)
    let padded = text + [UInt8](repeating: 0, count: (4 - text.count % 4) % 4)
    let length = 4 + 4 * lines.split(separator: "\n").count
    let frame: [UInt8] =
        [UInt8(8 + padded.count + length), 0, 1, 0x80]
        + [UInt8(4 + text.count), 0, 1, 0] + padded + [UInt8(length), 0, 2, 0x80]
    // Behind the header, the table, the chain and the beginning of the list.
    let bytes = content { $0.addRule(to: "c", [expression]) }.dropFirst(40)
    #expect(bytes.prefix(frame.count).elementsEqual(frame), sourceLocation: sourceLocation)
    expect(Array(bytes.dropFirst(frame.count)), lines, sourceLocation: sourceLocation)
}

@Suite struct `A rule` {
    @Test func `goes behind the others of its chain`() {
        expectMessage(
            content { $0.addRule(to: "c", []) },
            "06 0a 05 0c  NFT_MSG_NEWRULE, REQUEST ACK CREATE APPEND",
            """
            06 00 01 00  attribute 1, 6 bytes
            74 00 00 00  "t"
            06 00 02 00  attribute 2, 6 bytes
            63 00 00 00  "c"
            """
        )
    }

    @Test func `loads the protocol and the port`() {
        expectExpression(
            .meta(.transportProtocol, into: 1),
            "meta",
            """
            08 00 02 00  attribute 2, 8 bytes
            00 00 00 10
            08 00 01 00  attribute 1, 8 bytes
            00 00 00 01
            """
        )
        expectExpression(
            .payload(.transport, offset: 2, count: 2, into: 9),
            "payload",
            """
            08 00 01 00  attribute 1, 8 bytes
            00 00 00 09
            08 00 02 00  attribute 2, 8 bytes
            00 00 00 02
            08 00 03 00  attribute 3, 8 bytes
            00 00 00 02
            08 00 04 00  attribute 4, 8 bytes
            00 00 00 02
            """
        )
    }

    @Test func `loads what connection tracking and routing know`() {
        expectExpression(
            .tracking(.state, into: 1),
            "ct",
            """
            08 00 02 00  attribute 2, 8 bytes
            00 00 00 00
            08 00 01 00  attribute 1, 8 bytes
            00 00 00 01
            """
        )
        expectExpression(
            .destinationKind(into: 1),
            "fib",
            """
            08 00 03 00  attribute 3, 8 bytes
            00 00 00 02
            08 00 02 00  attribute 2, 8 bytes
            00 00 00 03
            08 00 01 00  attribute 1, 8 bytes
            00 00 00 01
            """
        )
    }

    @Test func `masks and compares`() {
        expectExpression(
            .mask(1, [255, 255, 255, 0]),
            "bitwise",
            """
            08 00 01 00  attribute 1, 8 bytes
            00 00 00 01
            08 00 02 00  attribute 2, 8 bytes
            00 00 00 01
            08 00 03 00  attribute 3, 8 bytes
            00 00 00 04
            0c 00 04 80  attribute 4, 12 bytes, of attributes
            08 00 01 00    attribute 1, 8 bytes
            ff ff ff 00
            0c 00 05 80  attribute 5, 12 bytes, of attributes
            08 00 01 00    attribute 1, 8 bytes
            00 00 00 00
            """
        )
        expectExpression(
            .equal(1, [2]),
            "cmp",
            """
            08 00 01 00  attribute 1, 8 bytes
            00 00 00 01
            08 00 02 00  attribute 2, 8 bytes
            00 00 00 00
            0c 00 03 80  attribute 3, 12 bytes, of attributes
            05 00 01 00    attribute 1, 5 bytes
            02 00 00 00
            """
        )
        expectExpression(
            .unequal(1, [0, 0, 0, 0]),
            "cmp",
            """
            08 00 01 00  attribute 1, 8 bytes
            00 00 00 01
            08 00 02 00  attribute 2, 8 bytes
            00 00 00 01
            0c 00 03 80  attribute 3, 12 bytes, of attributes
            08 00 01 00    attribute 1, 8 bytes
            00 00 00 00
            """
        )
    }

    @Test func `looks a key up in a set`() {
        expectExpression(
            .lookup(1, set: "s"),
            "lookup",
            """
            08 00 02 00  attribute 2, 8 bytes
            00 00 00 01
            06 00 01 00  attribute 1, 6 bytes
            73 00 00 00  "s"
            """
        )
    }

    @Test func `sets a label of the connection`() {
        let label: [UInt8] = [UInt8](repeating: 0, count: 15) + [128]
        expectExpression(
            .load(1, label),
            "immediate",
            """
            08 00 01 00  attribute 1, 8 bytes
            00 00 00 01
            18 00 02 80  attribute 2, 24 bytes, of attributes
            14 00 01 00    attribute 1, 20 bytes
            00 00 00 00
            00 00 00 00
            00 00 00 00
            00 00 00 80
            """
        )
        expectExpression(
            .setLabels(from: 1),
            "ct",
            """
            08 00 02 00  attribute 2, 8 bytes
            00 00 00 0d
            08 00 04 00  attribute 4, 8 bytes
            00 00 00 01
            """
        )
    }

    @Test func `limits, logs and counts`() {
        expectExpression(
            .limit(perSecond: 10, burst: 20),
            "limit",
            """
            0c 00 01 00  attribute 1, 12 bytes
            00 00 00 00
            00 00 00 0a
            0c 00 02 00  attribute 2, 12 bytes
            00 00 00 00
            00 00 00 01
            08 00 03 00  attribute 3, 8 bytes
            00 00 00 14
            """
        )
        expectExpression(
            .log(group: 22, prefix: "p"),
            "log",
            """
            06 00 02 00  attribute 2, 6 bytes
            70 00 00 00  "p"
            06 00 01 00  attribute 1, 6 bytes
            00 16 00 00
            """
        )
        expectExpression(.counter(Traffic()), "counter", "")
        expectExpression(
            .counter(Traffic(packets: 1, bytes: 60)),
            "counter",
            """
            0c 00 01 00  attribute 1, 12 bytes
            00 00 00 00
            00 00 00 3c
            0c 00 02 00  attribute 2, 12 bytes
            00 00 00 00
            00 00 00 01
            """
        )
    }

    @Test func `ends in a verdict`() {
        expectExpression(
            .verdict(.accept),
            "immediate",
            """
            08 00 01 00  attribute 1, 8 bytes
            00 00 00 00
            10 00 02 80  attribute 2, 16 bytes, of attributes
            0c 00 02 80    attribute 2, 12 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 01
            """
        )
        expectExpression(
            .verdict(.drop),
            "immediate",
            """
            08 00 01 00  attribute 1, 8 bytes
            00 00 00 00
            10 00 02 80  attribute 2, 16 bytes, of attributes
            0c 00 02 80    attribute 2, 12 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 00
            """
        )
        expectExpression(
            .verdict(.jump("x")),
            "immediate",
            """
            08 00 01 00  attribute 1, 8 bytes
            00 00 00 00
            18 00 02 80  attribute 2, 24 bytes, of attributes
            14 00 02 80    attribute 2, 20 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            ff ff ff fd
            06 00 02 00      attribute 2, 6 bytes
            78 00 00 00      "x"
            """
        )
        expectExpression(
            .verdict(.goTo("x")),
            "immediate",
            """
            08 00 01 00  attribute 1, 8 bytes
            00 00 00 00
            18 00 02 80  attribute 2, 24 bytes, of attributes
            14 00 02 80    attribute 2, 20 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            ff ff ff fc
            06 00 02 00      attribute 2, 6 bytes
            78 00 00 00      "x"
            """
        )
    }
}
