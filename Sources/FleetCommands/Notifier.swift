import Admission
import Attestation
import CommandSupport
import Depot
import FetchSettings
import Grants
import Linux
import Posture
import StrictJSON
import SystemPackage
import Transfer

/// The program that tells some signers.
struct NoticeRule {
    let signers: NamePatterns
    let command: [String]

    static func all(
        _ notices: [FleetConfiguration.Notice]
    ) throws(CommandFailure) -> [NoticeRule] {
        guard !notices.isEmpty else {
            throw CommandFailure(
                .configuration,
                "no [[notify]] says whom to tell",
                hints: ["add one to \(FleetSettings.fileName): jitgate-fleet.toml(5)"]
            )
        }
        var rules: [NoticeRule] = []
        for (index, notice) in notices.enumerated() {
            do throws(TextError) {
                rules.append(
                    NoticeRule(signers: try NamePatterns(notice.signers), command: notice.command)
                )
            } catch {
                throw CommandFailure(.configuration, "notify[\(index)].signers: \(error)")
            }
        }
        return rules
    }
}

/// The news for one signer: a grant that is open on a host in their name.
struct Notice {
    enum Result: String {
        case told
        /// It would be told, in a dry run.
        case due
        case failed
    }

    let host: HostPosture
    let grant: HostStatus.OpenGrant
    let signer: String

    /// A name that tells it from all others: of one grant, host, signer and program.
    func name(_ command: [String]) -> String {
        let words = [host.host.description, grant.digest, signer] + command
        return Digest.sha256(of: Array(words.joined(separator: "\n").utf8)).hexadecimal
    }

    /// The facts for the program.
    var members: [JSONValue.Member] {
        let texts = { (items: [String]) in JSONValue.array(items.map(JSONValue.string)) }
        return [
            .init("jitgate", "notice/1"), .init("signer", .string(signer)),
            .init("host", .string(host.host.description)),
            .init("state", .string(host.state.rawValue)),
            .init("id", .string(grant.id.description)), .init("sha256", .string(grant.digest)),
            .init("requestor", .string(grant.requestor)), .init("signers", texts(grant.signers)),
            .init("sources", texts(grant.sources.map(\.description))),
            .init("ports", texts(grant.ports.map(\.description))),
            .init("opened", .string(grant.opened.description)),
            .init("deadline", .string(grant.deadline.description)),
            .init("ticket", .optional(grant.ticket)),
        ]
    }
}

/// Tells signers what is open in their name, each grant and host once.
struct Notifier {
    let rules: [NoticeRule]
    let told: NoticeDirectory
    let now: Moment
    let isDry: Bool
    private(set) var results: [(notice: Notice, result: Notice.Result, reason: String?)] = []
    /// The signers whom no rule names.
    private(set) var unaddressed: Set<String> = []

    init(rules: [NoticeRule], told: NoticeDirectory, now: Moment, isDry: Bool) {
        (self.rules, self.told, self.now, self.isDry) = (rules, told, now, isDry)
    }

    /// Tells of all grants in the status of a host that may be believed.
    mutating func tell(_ host: HostPosture) throws(CommandFailure) {
        for grant in host.status?.grants.open ?? []
        where now - grant.deadline < NoticeDirectory.longestTelling {
            for signer in Set(grant.signers).sorted() {
                try tell(Notice(host: host, grant: grant, signer: signer))
            }
        }
    }

    private mutating func tell(_ notice: Notice) throws(CommandFailure) {
        let rules = rules.filter { $0.signers.matches(notice.signer) }
        if rules.isEmpty { unaddressed.insert(notice.signer) }
        for rule in rules {
            let name = notice.name(rule.command)
            guard try !told.has(name) else { continue }
            let reason = isDry ? nil : run(rule.command, notice)
            let result: Notice.Result = isDry ? .due : reason == nil ? .told : .failed
            results.append((notice, result, reason))
            if result == .told { try told.remember(name, until: notice.grant.deadline) }
        }
    }

    /// The reason why the program failed; `nil` if it did not.
    private func run(_ command: [String], _ notice: Notice) -> String? {
        let input = JSONValue.object(notice.members).encoded() + [UInt8(ascii: "\n")]
        do throws(Errno) {
            let outcome = try ChildProcess.run(command, input: input, outputLimit: 1 << 20)
            return outcome.status == 0 ? nil : "\(command[0]) ended with \(outcome.status)"
        } catch {
            return "\(command[0]): \(error)"
        }
    }
}
