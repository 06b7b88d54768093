import Foundation
import StrictJSON
import TestSupport

/// The events of an hour of grants, with their seconds, as on any host.
struct HourOfGrants: Sendable {
    /// Something is done, something is waited for, and this is open then.
    struct Step {
        let name: String
        let act: (AgentHost) throws -> Void
        let isDone: (AgentHost) throws -> Bool
        /// The last bytes of the addresses that may come in.
        let open: Set<Int>
        /// True if the agent ends with it.
        var isLast: Bool { name == "stop" }

        init(
            _ name: String,
            open: Set<Int>,
            _ act: @escaping (AgentHost) throws -> Void,
            until isDone: @escaping (AgentHost) throws -> Bool
        ) {
            self.name = name
            self.act = act
            self.isDone = isDone
            self.open = open
        }
    }

    /// A signed grant for one address.
    private struct Paper {
        let id = UUID()
        let address: Int
        let file: [UInt8]

        init(
            _ author: AgentHost,
            _ address: Int,
            lasting seconds: Double = 600,
            _ changes: JSONValue.Member...
        ) throws {
            self.address = address
            let source = JSONValue.Member("sources", [.string("192.0.2.\(address)")])
            file = try author.grant(id: id, lasting: seconds, changes: changes + [source])
        }

        var name: String { id.uuidString.lowercased() }
    }

    /// The address whose grant comes, lasts a second and goes, and the one that two hold open.
    static let (brief, extended) = (3, 2)
    /// A line of allowed_signers.
    let signer: String
    /// Until when the longer of two grants holds.
    let latest = Date() + 1200
    private let papers: [String: Paper]
    private let revocation: [UInt8]

    init() throws {
        let author = try AgentHost()
        signer = try "dana \(author.key.publicLine)\n"
        let revoked = try Paper(author, 4)
        revocation = try author.revocation(of: revoked.id)
        papers = try [
            "a": Paper(author, 1), "b": Paper(author, Self.extended), "d": revoked,
            "c": Paper(author, Self.brief, .init("duration", "1s")),
            "e": Paper(author, Self.extended, lasting: 1200),
        ]
    }

    var steps: [Step] {
        [
            Step("start", open: [], { _ in }, until: { try !$0.records("agent-started").isEmpty }),
            puts("c", open: [3]), puts("a", open: [3, 1]), puts("b", open: [3, 1, 2]),
            Step("remove a", open: [3, 2], { try $0.remove("a.grant") }, until: closed("a")),
            puts("d", open: [3, 2, 4]),
            Step(
                "revoke d",
                open: [3, 2],
                { try $0.submit(revocation, as: "revocation.grant") },
                until: closed("d")
            ),
            puts("e", open: [3, 2]),
            Step(
                "reload",
                open: [3, 2],
                { $0.send(SIGHUP) },
                until: { try $0.records("policy-loaded").count > 1 }
            ),
            Step("c expires", open: [2], { _ in }, until: closed("c")),
            Step("stop", open: [2], { $0.send(SIGTERM) }, until: { !$0.isRunning }),
        ]
    }

    /// The end of each grant within the hour.
    let ends = ["a": "removed", "b": nil, "c": "expired", "d": "revoked", "e": nil]

    private func puts(_ name: String, open: Set<Int>) -> Step {
        Step(
            "put \(name)",
            open: open,
            { try $0.submit(papers[name]?.file ?? [], as: name + ".grant") },
            until: has("grant-opened", name)
        )
    }

    private func closed(_ name: String) -> (AgentHost) throws -> Bool { has("grant-closed", name) }

    private func has(_ event: String, _ name: String) -> (AgentHost) throws -> Bool {
        { host in try host.records(event).contains { $0["JITGATE_GRANT"]?.text == id(of: name) } }
    }

    func id(of name: String) -> String? { papers[name]?.name }

    /// The grants that records of a kind name.
    func named(by event: String, of host: AgentHost) throws -> Set<String> {
        Set(try host.records(event).compactMap { $0["JITGATE_GRANT"]?.text })
    }

    /// The addresses of grants.
    func addresses(of ids: Set<String>) -> Set<Int> {
        Set(papers.values.filter { ids.contains($0.name) }.map(\.address))
    }
}

extension AgentHost {
    /// The seconds that the kernel holds each address open, by its last byte.
    func addressesLeft() throws -> [Int: Int] {
        let pairs = try timesLeft().compactMap { opening, left in
            opening.split(separator: " ").first?.split(separator: ".").last.flatMap { Int($0) }
                .map { ($0, left) }
        }
        return Dictionary(pairs) { $1 }
    }
}
