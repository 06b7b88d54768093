import Grants
import TestSupport
import Testing

@testable import Admission

@Suite struct `A revocation` {
    private let grant = RevocableGrant(
        id: GrantID(value: 7),
        requestor: "Dana@Example.com",
        sources: ["203.0.113.0/28", "2001:db8:1::/48"],
        parties: GrantParties(
            names: ["ops@example.com", "Dana.Old", "*@ci.example"],
            requestorNames: ["Dana.Old"],
            keys: ["SHA256:a", "SHA256:ca"]
        )
    )

    private func matches(_ edit: (inout RevocationSelection) -> Void) -> Bool {
        var selection = RevocationSelection()
        edit(&selection)
        return RevocationMatch(selection).matches(grant)
    }

    @Test(
        arguments: [
            ("dana@example.com", true), ("DANA@*", true), ("d?na@example.com", true),
            ("dana.old", true), ("dana", false), ("ops@example.com", false),
            ("*@ci.example", false),
        ]
    )
    func `finds a requestor by the grant's name or by that of the requestor's signature`(
        pattern: String,
        isFound: Bool
    ) {
        #expect(matches { $0.requestors = [pattern] } == isFound)
        #expect(matches { $0.requestors = ["x", pattern] } == isFound)
    }

    @Test(
        arguments: [
            ("OPS@EXAMPLE.COM", true), ("dana.old", true), ("ops@*", true),
            ("Dana@Example.com", false),
            // Only a pattern is known of that signer: anybody who it may be is found.
            ("robot@ci.example", true), ("robot@*", true), ("*@*.example", true),
            ("robot@ci.test", false),
        ]
    )
    func `finds a signer by any name, also one that a pattern may mean`(
        pattern: String,
        isFound: Bool
    ) {
        #expect(matches { $0.signers = [pattern] } == isFound)
    }

    @Test func `finds keys, overlapping networks, ids and everything`() {
        #expect(matches { $0.keys = ["SHA256:ca"] } && !matches { $0.keys = ["SHA256:A"] })
        for network: Prefix in ["203.0.113.0/24", "203.0.113.7/32", "2001:db8::/32", "0.0.0.0/0"] {
            #expect(matches { $0.sources = [network] })
        }
        for network: Prefix in ["203.0.113.16/28", "2001:db8:2::/48"] {
            #expect(!matches { $0.sources = [network] })
        }
        #expect(matches { $0.ids = [GrantID(value: 7)] })
        #expect(!matches { $0.ids = [GrantID(value: 8)] })
        #expect(matches { $0.all = true } && !matches { _ in })
    }

    @Test func `that is a bar holds until its end, and the one that ends last is named`() throws {
        let end = try Moment(parsing: "2026-12-01T10:00:00Z")
        func bar(_ number: UInt128, until: Moment, _ requestor: String) -> Bar {
            var selection = RevocationSelection()
            selection.requestors = [requestor]
            return Bar(
                id: GrantID(value: number),
                digest: nil,
                selection: selection,
                until: until,
                reason: "",
                actors: []
            )
        }
        var table = BarTable([
            bar(1, until: end, "dana*"), bar(2, until: end + .seconds(9), "*@example.com"),
            bar(3, until: end + .seconds(99), "erin"),
        ])
        #expect(table.bar(of: grant, at: end + .seconds(-1))?.id.value == 2)
        #expect(table.bar(of: grant, at: end + .seconds(9)) == nil)
        #expect(table.inForce(at: end).map(\.id.value) == [2, 3])
        table.remove(GrantID(value: 2))
        #expect(table.bar(of: grant, at: end + .seconds(-1))?.id.value == 1)
        table.removeOver(at: end)
        #expect(table.count == 1 && table.bar(of: grant, at: end) == nil)
    }
}
