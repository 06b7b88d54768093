import Netfilter
import Testing

/// The expressions of a rule: what comes behind the header, the table and the chain.
private func expressions(_ expressions: Expression...) -> [UInt8] {
    Array(content { $0.addRule(to: "c", expressions) }.dropFirst(40))
}

@Suite struct `A rule` {
    @Test func `goes behind the others of its chain`() {
        expect(
            content { $0.addRule(to: "c", []) },
            """
            24 00 00 00  message, 36 bytes
            06 0a 05 0c  NFT_MSG_NEWRULE, REQUEST ACK CREATE APPEND
            02 00 00 00  sequence
            00 00 00 00  port id
            01 00 00 00  NFPROTO_INET, version 0
            06 00 01 00  attribute 1, 6 bytes
            74 00 00 00  "t"
            06 00 02 00  attribute 2, 6 bytes
            63 00 00 00  "c"
            """
        )
    }

    @Test func `loads the protocol and the port`() {
        expect(
            expressions(.meta(.transportProtocol, into: 1)),
            """
            24 00 01 80  attribute 1, 36 bytes, of attributes
            09 00 01 00    attribute 1, 9 bytes
            6d 65 74 61    "meta"
            00 00 00 00
            14 00 02 80    attribute 2, 20 bytes, of attributes
            08 00 02 00      attribute 2, 8 bytes
            00 00 00 10
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 01
            """
        )
        expect(
            expressions(.payload(.transport, offset: 2, count: 2, into: 9)),
            """
            34 00 01 80  attribute 1, 52 bytes, of attributes
            0c 00 01 00    attribute 1, 12 bytes
            70 61 79 6c    "payload"
            6f 61 64 00
            24 00 02 80    attribute 2, 36 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 09
            08 00 02 00      attribute 2, 8 bytes
            00 00 00 02
            08 00 03 00      attribute 3, 8 bytes
            00 00 00 02
            08 00 04 00      attribute 4, 8 bytes
            00 00 00 02
            """
        )
    }

    @Test func `loads what connection tracking and routing know`() {
        expect(
            expressions(.tracking(.state, into: 1)),
            """
            20 00 01 80  attribute 1, 32 bytes, of attributes
            07 00 01 00    attribute 1, 7 bytes
            63 74 00 00    "ct"
            14 00 02 80    attribute 2, 20 bytes, of attributes
            08 00 02 00      attribute 2, 8 bytes
            00 00 00 00
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 01
            """
        )
        expect(
            expressions(.destinationKind(into: 1)),
            """
            28 00 01 80  attribute 1, 40 bytes, of attributes
            08 00 01 00    attribute 1, 8 bytes
            66 69 62 00    "fib"
            1c 00 02 80    attribute 2, 28 bytes, of attributes
            08 00 03 00      attribute 3, 8 bytes
            00 00 00 02
            08 00 02 00      attribute 2, 8 bytes
            00 00 00 03
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 01
            """
        )
    }

    @Test func `masks and compares`() {
        expect(
            expressions(.mask(1, [255, 255, 255, 0])),
            """
            44 00 01 80  attribute 1, 68 bytes, of attributes
            0c 00 01 00    attribute 1, 12 bytes
            62 69 74 77    "bitwise"
            69 73 65 00
            34 00 02 80    attribute 2, 52 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 01
            08 00 02 00      attribute 2, 8 bytes
            00 00 00 01
            08 00 03 00      attribute 3, 8 bytes
            00 00 00 04
            0c 00 04 80      attribute 4, 12 bytes, of attributes
            08 00 01 00        attribute 1, 8 bytes
            ff ff ff 00
            0c 00 05 80      attribute 5, 12 bytes, of attributes
            08 00 01 00        attribute 1, 8 bytes
            00 00 00 00
            """
        )
        expect(
            expressions(.equal(1, [2])),
            """
            2c 00 01 80  attribute 1, 44 bytes, of attributes
            08 00 01 00    attribute 1, 8 bytes
            63 6d 70 00    "cmp"
            20 00 02 80    attribute 2, 32 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 01
            08 00 02 00      attribute 2, 8 bytes
            00 00 00 00
            0c 00 03 80      attribute 3, 12 bytes, of attributes
            05 00 01 00        attribute 1, 5 bytes
            02 00 00 00
            """
        )
        expect(
            expressions(.unequal(1, [0, 0, 0, 0])),
            """
            2c 00 01 80  attribute 1, 44 bytes, of attributes
            08 00 01 00    attribute 1, 8 bytes
            63 6d 70 00    "cmp"
            20 00 02 80    attribute 2, 32 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 01
            08 00 02 00      attribute 2, 8 bytes
            00 00 00 01
            0c 00 03 80      attribute 3, 12 bytes, of attributes
            08 00 01 00        attribute 1, 8 bytes
            00 00 00 00
            """
        )
    }

    @Test func `looks a key up in a set`() {
        expect(
            expressions(.lookup(1, set: "s")),
            """
            24 00 01 80  attribute 1, 36 bytes, of attributes
            0b 00 01 00    attribute 1, 11 bytes
            6c 6f 6f 6b    "lookup"
            75 70 00 00
            14 00 02 80    attribute 2, 20 bytes, of attributes
            08 00 02 00      attribute 2, 8 bytes
            00 00 00 01
            06 00 01 00      attribute 1, 6 bytes
            73 00 00 00      "s"
            """
        )
    }

    @Test func `sets a label of the connection`() {
        let label: [UInt8] = [UInt8](repeating: 0, count: 15) + [128]
        expect(
            expressions(.load(1, label)),
            """
            38 00 01 80  attribute 1, 56 bytes, of attributes
            0e 00 01 00    attribute 1, 14 bytes
            69 6d 6d 65    "immediate"
            64 69 61 74
            65 00 00 00
            24 00 02 80    attribute 2, 36 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 01
            18 00 02 80      attribute 2, 24 bytes, of attributes
            14 00 01 00        attribute 1, 20 bytes
            00 00 00 00
            00 00 00 00
            00 00 00 00
            00 00 00 80
            """
        )
        expect(
            expressions(.setLabels(from: 1)),
            """
            20 00 01 80  attribute 1, 32 bytes, of attributes
            07 00 01 00    attribute 1, 7 bytes
            63 74 00 00    "ct"
            14 00 02 80    attribute 2, 20 bytes, of attributes
            08 00 02 00      attribute 2, 8 bytes
            00 00 00 0d
            08 00 04 00      attribute 4, 8 bytes
            00 00 00 01
            """
        )
    }

    @Test func `limits, logs and counts`() {
        expect(
            expressions(.limit(perSecond: 10, burst: 20)),
            """
            34 00 01 80  attribute 1, 52 bytes, of attributes
            0a 00 01 00    attribute 1, 10 bytes
            6c 69 6d 69    "limit"
            74 00 00 00
            24 00 02 80    attribute 2, 36 bytes, of attributes
            0c 00 01 00      attribute 1, 12 bytes
            00 00 00 00
            00 00 00 0a
            0c 00 02 00      attribute 2, 12 bytes
            00 00 00 00
            00 00 00 01
            08 00 03 00      attribute 3, 8 bytes
            00 00 00 14
            """
        )
        expect(
            expressions(.log(group: 22, prefix: "p")),
            """
            20 00 01 80  attribute 1, 32 bytes, of attributes
            08 00 01 00    attribute 1, 8 bytes
            6c 6f 67 00    "log"
            14 00 02 80    attribute 2, 20 bytes, of attributes
            06 00 02 00      attribute 2, 6 bytes
            70 00 00 00      "p"
            06 00 01 00      attribute 1, 6 bytes
            00 16 00 00
            """
        )
        expect(
            expressions(.counter(Traffic())),
            """
            14 00 01 80  attribute 1, 20 bytes, of attributes
            0c 00 01 00    attribute 1, 12 bytes
            63 6f 75 6e    "counter"
            74 65 72 00
            04 00 02 80    attribute 2, 4 bytes, of attributes
            """
        )
        expect(
            expressions(.counter(Traffic(packets: 1, bytes: 60))),
            """
            2c 00 01 80  attribute 1, 44 bytes, of attributes
            0c 00 01 00    attribute 1, 12 bytes
            63 6f 75 6e    "counter"
            74 65 72 00
            1c 00 02 80    attribute 2, 28 bytes, of attributes
            0c 00 01 00      attribute 1, 12 bytes
            00 00 00 00
            00 00 00 3c
            0c 00 02 00      attribute 2, 12 bytes
            00 00 00 00
            00 00 00 01
            """
        )
    }

    @Test func `ends in a verdict`() {
        expect(
            expressions(.verdict(.accept)),
            """
            30 00 01 80  attribute 1, 48 bytes, of attributes
            0e 00 01 00    attribute 1, 14 bytes
            69 6d 6d 65    "immediate"
            64 69 61 74
            65 00 00 00
            1c 00 02 80    attribute 2, 28 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 00
            10 00 02 80      attribute 2, 16 bytes, of attributes
            0c 00 02 80        attribute 2, 12 bytes, of attributes
            08 00 01 00          attribute 1, 8 bytes
            00 00 00 01
            """
        )
        expect(
            expressions(.verdict(.drop)),
            """
            30 00 01 80  attribute 1, 48 bytes, of attributes
            0e 00 01 00    attribute 1, 14 bytes
            69 6d 6d 65    "immediate"
            64 69 61 74
            65 00 00 00
            1c 00 02 80    attribute 2, 28 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 00
            10 00 02 80      attribute 2, 16 bytes, of attributes
            0c 00 02 80        attribute 2, 12 bytes, of attributes
            08 00 01 00          attribute 1, 8 bytes
            00 00 00 00
            """
        )
        expect(
            expressions(.verdict(.jump("x"))),
            """
            38 00 01 80  attribute 1, 56 bytes, of attributes
            0e 00 01 00    attribute 1, 14 bytes
            69 6d 6d 65    "immediate"
            64 69 61 74
            65 00 00 00
            24 00 02 80    attribute 2, 36 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 00
            18 00 02 80      attribute 2, 24 bytes, of attributes
            14 00 02 80        attribute 2, 20 bytes, of attributes
            08 00 01 00          attribute 1, 8 bytes
            ff ff ff fd
            06 00 02 00          attribute 2, 6 bytes
            78 00 00 00          "x"
            """
        )
        expect(
            expressions(.verdict(.goTo("x"))),
            """
            38 00 01 80  attribute 1, 56 bytes, of attributes
            0e 00 01 00    attribute 1, 14 bytes
            69 6d 6d 65    "immediate"
            64 69 61 74
            65 00 00 00
            24 00 02 80    attribute 2, 36 bytes, of attributes
            08 00 01 00      attribute 1, 8 bytes
            00 00 00 00
            18 00 02 80      attribute 2, 24 bytes, of attributes
            14 00 02 80        attribute 2, 20 bytes, of attributes
            08 00 01 00          attribute 1, 8 bytes
            ff ff ff fc
            06 00 02 00          attribute 2, 6 bytes
            78 00 00 00          "x"
            """
        )
    }
}
