import Netfilter
import Testing

/// Compares a rule's one expression: its name, and the attributes that it is made of.
private func expectExpression(
    _ expression: Expression,
    _ name: String,
    _ attributes: Attribute...,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectMessage(
        content { $0.addRule(to: "c", [expression]) },
        "06 0a 05 0c  NFT_MSG_NEWRULE, REQUEST ACK CREATE APPEND",
        [
            .text(1, "t"), .text(2, "c"),
            .nested(4, .nested(1, .text(1, name), .nested(2, of: attributes))),
        ],
        sourceLocation: sourceLocation
    )
}

@Suite struct `A rule` {
    @Test func `goes behind the others of its chain`() {
        expectMessage(
            content { $0.addRule(to: "c", []) },
            "06 0a 05 0c  NFT_MSG_NEWRULE, REQUEST ACK CREATE APPEND",
            .text(1, "t"),
            .text(2, "c")
        )
    }

    @Test func `loads the protocol and the port`() {
        expectExpression(
            .meta(.transportProtocol, into: 1),
            "meta",
            .number(2, 16),
            .number(1, 1)
        )
        expectExpression(
            .payload(.transport, offset: 2, count: 2, into: 9),
            "payload",
            .number(1, 9),
            .number(2, 2),
            .number(3, 2),
            .number(4, 2)
        )
    }

    @Test func `loads whom the socket belongs to`() {
        expectExpression(.meta(.socketOwner, into: 1), "meta", .number(2, 10), .number(1, 1))
    }

    @Test func `loads what connection tracking and routing know`() {
        expectExpression(
            .tracking(.state, into: 1),
            "ct",
            .number(2, 0),
            .number(1, 1)
        )
        expectExpression(
            .destinationKind(into: 1),
            "fib",
            .number(3, 2),
            .number(2, 3),
            .number(1, 1)
        )
        expectExpression(
            .sourceKind(into: 1),
            "fib",
            .number(3, 1),
            .number(2, 3),
            .number(1, 1)
        )
    }

    @Test func `masks and compares`() {
        expectExpression(
            .mask(1, [255, 255, 255, 0]),
            "bitwise",
            .number(1, 1),
            .number(2, 1),
            .number(3, 4),
            .nested(
                4,
                .number(1, 0xFFFFFF00)
            ),
            .nested(
                5,
                .number(1, 0)
            )
        )
        expectExpression(
            .equal(1, [2]),
            "cmp",
            .number(1, 1),
            .number(2, 0),
            .nested(
                3,
                .bytes(1, [2])
            )
        )
        expectExpression(
            .unequal(1, [0, 0, 0, 0]),
            "cmp",
            .number(1, 1),
            .number(2, 1),
            .nested(
                3,
                .number(1, 0)
            )
        )
    }

    @Test func `looks a key up in a set`() {
        expectExpression(
            .lookup(1, set: "s"),
            "lookup",
            .number(2, 1),
            .text(1, "s")
        )
    }

    @Test func `sets a label of the connection`() {
        let label: [UInt8] = [UInt8](repeating: 0, count: 15) + [128]
        expectExpression(
            .load(1, label),
            "immediate",
            .number(1, 1),
            .nested(
                2,
                .bytes(1, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128])
            )
        )
        expectExpression(
            .setLabels(from: 1),
            "ct",
            .number(2, 13),
            .number(4, 1)
        )
    }

    @Test func `limits, logs and counts`() {
        expectExpression(
            .limit(perSecond: 10, burst: 20),
            "limit",
            .long(1, 10),
            .long(2, 1),
            .number(3, 20)
        )
        expectExpression(
            .log(group: 22, prefix: "p"),
            "log",
            .text(2, "p"),
            .bytes(1, [0, 22])
        )
        expectExpression(.counter(Traffic()), "counter")
        expectExpression(
            .counter(Traffic(packets: 1, bytes: 60)),
            "counter",
            .long(1, 60),
            .long(2, 1)
        )
    }

    @Test func `ends in a verdict`() {
        expectExpression(
            .verdict(.accept),
            "immediate",
            .number(1, 0),
            .nested(
                2,
                .nested(
                    2,
                    .number(1, 1)
                )
            )
        )
        expectExpression(
            .verdict(.drop),
            "immediate",
            .number(1, 0),
            .nested(
                2,
                .nested(
                    2,
                    .number(1, 0)
                )
            )
        )
        expectExpression(
            .verdict(.jump("x")),
            "immediate",
            .number(1, 0),
            .nested(
                2,
                .nested(
                    2,
                    .number(1, 0xFFFFFFFD),
                    .text(2, "x")
                )
            )
        )
        expectExpression(
            .verdict(.goTo("x")),
            "immediate",
            .number(1, 0),
            .nested(
                2,
                .nested(
                    2,
                    .number(1, 0xFFFFFFFC),
                    .text(2, "x")
                )
            )
        )
    }
}
