import Foundation

/// A file under Tests/Vectors/grants, people, rules or lockouts: a good or bad grant file, and its expected
/// refusals.
///
/// make-grant-vectors there makes the first and documents their form, make-people-vectors,
/// make-rule-vectors and make-lockout-vectors make the others.
package struct GrantVector: Sendable, CustomStringConvertible {
    package let name: String
    /// The code of every refusal, in the order of the checks; empty if the file is good.
    package let refusals: [String]
    /// The field that the first refusal must name.
    package let field: String?
    /// The vector that must be live before this one arrives.
    package let predecessor: String?
    /// The `[[approver]]` entries that the record of it names.
    package let approvers: [String]
    package let bytes: [UInt8]

    package var description: String { name }

    private init(contentsOf file: URL) throws {
        name = file.deletingPathExtension().lastPathComponent
        let data = try Data(contentsOf: file)
        guard let gap = data.firstRange(of: Data("\n\n".utf8)) else {
            throw CommandFailure("\(name) has no header")
        }
        let header = VectorHeader(String(decoding: data[..<gap.lowerBound], as: UTF8.self))
        refusals = header["expect"].filter { $0 != "accepted" }
        field = header["field"].first
        predecessor = header["after"].first
        approvers = header["approver"]
        bytes = Array(data[gap.upperBound...])
    }

    /// All vectors of grants by name; none if they cannot be read, which a test must notice.
    package static let all = vectors(in: "grants")

    /// The vectors about one or several people, which a policy and signers of their own judge.
    package static let people = vectors(in: "people")

    /// The vectors about tickets, labels and approvers, which a policy and signers of their own judge.
    package static let rules = vectors(in: "rules")

    /// Reviews of break-glass grants, which a policy and signers of their own judge.
    package static let reviews = vectors(in: "reviews")

    /// The allowed signers for the vectors of reviews.
    package static var reviewSigners: String { get throws { try text("reviews/allowed_signers") } }

    /// The tables of the policy for the vectors of reviews.
    package static var reviewPolicy: String { get throws { try text("reviews/policy.toml") } }

    /// A grant that the vectors of reviews are of, or are not.
    package static func reviewed(_ name: String) throws -> [UInt8] {
        Array(try text("reviews/\(name).grant").utf8)
    }

    /// Revocations by people, keys and networks, bars and their ends.
    package static let lockouts = vectors(in: "lockouts")

    /// Bulletins, which a policy and signers of their own judge.
    package static let bulletins = vectors(in: "bulletins")

    /// Logins at a hub, which signers of their own sign.
    package static let logins = vectors(in: "login")

    /// Decisions about requests at a hub, likewise.
    package static let decisions = vectors(in: "decision")

    /// The allowed signers for the vectors of logins and decisions.
    package static var hubSigners: String { get throws { try text("login/allowed_signers") } }

    private static func vectors(in name: String) -> [GrantVector] {
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder.appending(path: name),
            includingPropertiesForKeys: nil
        )
        return (files ?? []).filter { $0.pathExtension == "vector" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .compactMap { try? GrantVector(contentsOf: $0) }
    }

    /// The allowed signers for the vectors of grants.
    package static var allowedSigners: String { get throws { try text("grants/allowed_signers") } }

    /// The allowed signers for the vectors of people.
    package static var peopleSigners: String { get throws { try text("people/allowed_signers") } }

    /// The policy tables for the vectors of people.
    package static var peoplePolicy: String { get throws { try text("people/policy.toml") } }

    /// The allowed signers for the vectors of rules.
    package static var rulesSigners: String { get throws { try text("rules/allowed_signers") } }

    /// The policy tables for the vectors of rules.
    package static var rulesPolicy: String { get throws { try text("rules/policy.toml") } }

    /// The allowed signers for the vectors of lockouts.
    package static var lockoutSigners: String {
        get throws { try text("lockouts/allowed_signers") }
    }

    /// The allowed signers for the vectors of bulletins.
    package static var bulletinSigners: String {
        get throws { try text("bulletins/allowed_signers") }
    }

    /// The policy for all vectors: their grants end late enough to last.
    package static func policy(_ host: String) -> String {
        host.replacing("[grants]", with: "[grants]\nmax_wait = \"36600d\"")
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors")
}
