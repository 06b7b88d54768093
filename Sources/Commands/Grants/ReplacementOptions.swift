import AgentInterface
import ArgumentParser
import CommandSupport
import AgentSettings
import Grants
import Linux
import SystemPackage

/// A grant that takes the place of a live one, for `jitgate extend` and `jitgate move`.
struct ReplacementOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The id of a grant that is open or drains.", valueName: "id"),
        completion: GrantCompletion.kind,
        transform: GrantID.init(parsing:)
    )
    var id: GrantID

    @Option(help: ArgumentHelp("Why (default: the reason of the old one).", valueName: "text"))
    var reason: String?

    @Option(help: ArgumentHelp("The change or incident that it is for.", valueName: "text"))
    var ticket: String?

    @OptionGroup var file: FileToSignOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    /// Writes the grant that `change` makes of the old one, whose deadline it is given.
    func write(
        on console: Console,
        _ change: (inout GrantRequest, Moment) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        let entry = try liveEntry(console)
        var request = GrantRequest(
            hosts: try file.hosts(or: policy, on: console),
            requestor: entry.requestor,
            justification: reason ?? entry.justification ?? "",
            sources: entry.sources,
            ports: entry.ports,
            expires: entry.deadline,
            ticket: ticket,
            supersedes: [id]
        )
        try change(&request, entry.deadline)
        var generator = SystemRandomNumberGenerator()
        let now = console.now()
        let new = GrantID.random(using: &generator)
        guard let grant = request.grant(id: new, at: now), grant.expires > now else {
            throw CommandFailure(.no, "\(id) has reached its deadline: extend it")
        }
        try file.writer(format, policy).write(grant, on: console)
    }

    private func liveEntry(_ console: Console) throws(CommandFailure) -> GrantEntry {
        let session = try policy.session(console)
        let grants = try session.ask(AgentInterface.list, ListParameters(all: false)).grants
        guard let entry = grants.first(where: { $0.id == id }) else {
            throw CommandFailure(
                .no,
                "no grant \(id) is live here",
                hints: ["jitgate list shows those that are"]
            )
        }
        guard entry.state != .waiting else {
            throw CommandFailure(
                .no,
                "\(id) is not open yet",
                hints: ["revoke it, and request a new one"]
            )
        }
        return entry
    }
}

/// The host that a file is for if nobody names another: this one, as its policy calls it.
struct ThisHost {
    private let policy: PolicyOptions

    init(_ policy: PolicyOptions) {
        self.policy = policy
    }

    func pattern(_ console: Console) throws(CommandFailure) -> HostPattern {
        let named = (try? policy.load(console))?.hostname
        do {
            return .name(try named ?? HostFacts.read().hostname)
        } catch {
            throw CommandFailure(.inputOutput, "this host does not tell its name: \(error)")
        }
    }
}
