import Netfilter
import Testing

@Suite struct `A batch` {
    @Test func `is begun and ended for the nftables subsystem, and asks once for an answer`() {
        expect(
            recorded { $0.addTable(flags: 6) },
            """
            14 00 00 00  message, 20 bytes
            10 00 01 00  NFNL_MSG_BATCH_BEGIN, REQUEST
            01 00 00 00  sequence
            00 00 00 00  port id
            00 00 00 0a  AF_UNSPEC, version 0, NFNL_SUBSYS_NFTABLES
            24 00 00 00  message, 36 bytes
            00 0a 05 04  NFT_MSG_NEWTABLE, REQUEST ACK CREATE
            02 00 00 00  sequence
            00 00 00 00  port id
            01 00 00 00  NFPROTO_INET, version 0
            06 00 01 00  attribute 1, 6 bytes
            74 00 00 00  "t"
            08 00 02 00  attribute 2, 8 bytes
            00 00 00 06
            14 00 00 00  message, 20 bytes
            11 00 01 00  NFNL_MSG_BATCH_END, REQUEST
            03 00 00 00  sequence
            00 00 00 00  port id
            00 00 00 0a  AF_UNSPEC, version 0, NFNL_SUBSYS_NFTABLES
            """
        )
    }

    @Test func `can ask for a generation of the ruleset`() {
        expect(
            Array(recorded(generation: 0x0102) { $0.deleteTable() }.prefix(28)),
            """
            1c 00 00 00  message, 28 bytes
            10 00 01 00  NFNL_MSG_BATCH_BEGIN, REQUEST
            01 00 00 00  sequence
            00 00 00 00  port id
            00 00 00 0a  AF_UNSPEC, version 0, NFNL_SUBSYS_NFTABLES
            08 00 01 00  attribute 1, 8 bytes
            00 00 01 02
            """
        )
    }

    @Test func `adopts a table without making one`() {
        expectMessage(
            content { $0.adoptTable(flags: 6) },
            "00 0a 05 00  NFT_MSG_NEWTABLE, REQUEST ACK",
            .text(1, "t"),
            .number(2, 6)
        )
    }

    @Test func `makes a base chain and a chain that is jumped to`() {
        expectMessage(
            content { $0.addChain("c", hook: Hook(.prerouting, priority: -150)) },
            "03 0a 05 04  NFT_MSG_NEWCHAIN, REQUEST ACK CREATE",
            """
            06 00 01 00  attribute 1, 6 bytes
            74 00 00 00  "t"
            06 00 03 00  attribute 3, 6 bytes
            63 00 00 00  "c"
            14 00 04 80  attribute 4, 20 bytes, of attributes
            08 00 01 00    attribute 1, 8 bytes
            00 00 00 00
            08 00 02 00    attribute 2, 8 bytes
            ff ff ff 6a
            08 00 05 00  attribute 5, 8 bytes
            00 00 00 01
            0b 00 07 00  attribute 7, 11 bytes
            66 69 6c 74  "filter"
            65 72 00 00
            """
        )
        expectMessage(
            content { $0.addChain("c") },
            "03 0a 05 04  NFT_MSG_NEWCHAIN, REQUEST ACK CREATE",
            .text(1, "t"),
            .text(3, "c")
        )
    }

    @Test func `makes a set whose elements expire and are counted`() {
        expectMessage(
            content {
                $0.addSet(
                    SetDefinition(name: "s", keyType: 0x7_0C0D, keyLength: 12, kind: .counted)
                )
            },
            "09 0a 05 04  NFT_MSG_NEWSET, REQUEST ACK CREATE",
            .text(1, "t"),
            .text(2, "s"),
            .number(3, 16),
            .number(4, 0x7_0C0D),
            .number(5, 12),
            .number(10, 1),
            .nested(
                17,
                .text(1, "counter"),
                .nested(2)
            )
        )
    }

    @Test func `makes a set whose elements stay`() {
        expectMessage(
            content {
                $0.addSet(SetDefinition(name: "s", keyType: 0x30D, keyLength: 8, kind: .constant))
            },
            "09 0a 05 04  NFT_MSG_NEWSET, REQUEST ACK CREATE",
            .text(1, "t"),
            .text(2, "s"),
            .number(3, 0),
            .number(4, 0x30D),
            .number(5, 8),
            .number(10, 1)
        )
    }

    @Test func `adds an element with its time and what it has counted`() {
        let key: [UInt8] = [192, 0, 2, 7, 6, 0, 0, 0, 0, 22, 0, 0]
        let element = SetElement(
            key: key,
            timeout: 60_000,
            traffic: Traffic(packets: 3, bytes: 180)
        )
        expectMessage(
            content { $0.addElements([element], to: "s") },
            "0c 0a 05 04  NFT_MSG_NEWSETELEM, REQUEST ACK CREATE",
            .text(2, "s"),
            .text(1, "t"),
            .nested(
                3,
                .nested(
                    1,
                    .long(4, 60_000),
                    .nested(
                        1,
                        .bytes(1, [192, 0, 2, 7, 6, 0, 0, 0, 0, 22, 0, 0])
                    ),
                    .nested(
                        7,
                        .text(1, "counter"),
                        .nested(
                            2,
                            .long(1, 180),
                            .long(2, 3)
                        )
                    )
                )
            )
        )
    }

    @Test func `deletes and destroys elements`() {
        let attributes: [Attribute] = [
            .text(2, "s"),
            .text(1, "t"),
            .nested(3, .nested(1, .nested(1, .bytes(1, [6, 0, 0, 0])))),
        ]
        expectMessage(
            content { $0.deleteElements([SetElement(key: [6, 0, 0, 0])], of: "s") },
            "0e 0a 05 00  NFT_MSG_DELSETELEM, REQUEST ACK",
            attributes
        )
        expectMessage(
            content { $0.destroyElements([SetElement(key: [6, 0, 0, 0])], of: "s") },
            "1e 0a 05 00  NFT_MSG_DESTROYSETELEM, REQUEST ACK",
            attributes
        )
    }

    @Test func `flushes a chain and deletes a set`() {
        expectMessage(
            content { $0.flush(chain: "c") },
            "08 0a 05 00  NFT_MSG_DELRULE, REQUEST ACK",
            .text(1, "t"),
            .text(2, "c")
        )
        expectMessage(
            content { $0.deleteSet("s") },
            "0b 0a 05 00  NFT_MSG_DELSET, REQUEST ACK",
            .text(1, "t"),
            .text(2, "s")
        )
    }
}
