import StrictJSON
import Varlink

/// What a peer asks of the agent, checked and with its parameters.
package enum ControlRequest: Hashable, Sendable {
    /// Which grants to revoke.
    package enum Target: Hashable, Sendable {
        case all
        /// Never empty; not yet known to be ids of grants.
        case ids([String])
    }

    case status
    case list(all: Bool)
    case revoke(Target, reason: String)
    case verdict(file: String, sha256: String)
    /// `sessions` are the caller's own, as sshd writes SSH_CONNECTION; none is known to be well-formed.
    case reload(sessions: [String])
    /// The policy on disk is to be in force for so long, and for good if it is confirmed.
    case tryPolicy(seconds: Int, sessions: [String])
    case confirm
    /// The wall clock's word is to be taken, which is behind.
    case acceptClock
    /// An address or a network, and a port; neither is known to be well-formed.
    case explain(source: String, port: String)
    case inspect
    case rekey
    case watch
}

/// Who may call a method.
enum Access: Hashable, Sendable {
    /// Root and the control group.
    case read
    /// Root alone.
    case change
}

/// A method of the agent: its name, who may call it and how its parameters are read.
struct MethodDescriptor: Sendable {
    let name: String
    let access: Access
    /// The parameters it knows; another one is an error.
    let parameters: [String]
    let needsMore: Bool
    let read: @Sendable (VarlinkObject) throws(MemberError) -> ControlRequest

    /// All there are; what is not in this table cannot be called.
    static let all: [MethodDescriptor] = [
        MethodDescriptor("Status", .read) { _ throws(MemberError) in .status },
        MethodDescriptor("List", .read, ["all"]) { parameters throws(MemberError) in
            .list(all: try parameters.optional("all", \.flag) ?? false)
        },
        MethodDescriptor("Verdict", .read, ["file", "sha256"]) { parameters throws(MemberError) in
            .verdict(
                file: try parameters.required("file") { $0.text(of: 1...4096) },
                sha256: try parameters.required("sha256", \.digest)
            )
        },
        MethodDescriptor("Watch", .read, needsMore: true) { _ throws(MemberError) in .watch },
        MethodDescriptor("Revoke", .change, ["ids", "all", "reason"]) {
            parameters throws(MemberError) in
            .revoke(
                try target(parameters),
                reason: try parameters.required("reason") { $0.text(of: 1...1024) }
            )
        },
        MethodDescriptor("Reload", .change, ["sessions"]) { parameters throws(MemberError) in
            .reload(sessions: try sessions(parameters))
        },
        MethodDescriptor("Try", .change, ["seconds", "sessions"]) {
            parameters throws(MemberError) in
            let seconds = try parameters.optional("seconds") { $0.number(in: 1...86_400) }
            return .tryPolicy(seconds: seconds ?? 120, sessions: try sessions(parameters))
        },
        MethodDescriptor("Confirm", .change) { _ throws(MemberError) in .confirm },
        MethodDescriptor("AcceptClock", .change) { _ throws(MemberError) in .acceptClock },
        MethodDescriptor("Explain", .read, ["source", "port"]) { parameters throws(MemberError) in
            .explain(
                source: try parameters.required("source") { $0.text(of: 1...64) },
                port: try parameters.required("port") { $0.text(of: 1...16) }
            )
        },
        MethodDescriptor("Inspect", .read) { _ throws(MemberError) in .inspect },
        MethodDescriptor("Rekey", .change) { _ throws(MemberError) in .rekey },
    ]

    private init(
        _ name: String,
        _ access: Access,
        _ parameters: [String] = [],
        needsMore: Bool = false,
        read: @escaping @Sendable (VarlinkObject) throws(MemberError) -> ControlRequest
    ) {
        self.name = name
        self.access = access
        self.parameters = parameters
        self.needsMore = needsMore
        self.read = read
    }

    private static func sessions(_ parameters: VarlinkObject) throws(MemberError) -> [String] {
        try parameters.optional("sessions") { value in
            value.texts.flatMap { $0.count <= 64 ? $0 : nil }
        } ?? []
    }

    private static func target(_ parameters: VarlinkObject) throws(MemberError)
        -> ControlRequest.Target
    {
        let ids = try parameters.optional("ids", \.texts) ?? []
        let all = try parameters.optional("all", \.flag) ?? false
        guard all != ids.isEmpty else { return all ? .all : .ids(ids) }
        throw MemberError(member: all ? "all" : "ids")
    }
}

extension JSONValue {
    /// A string whose UTF-8 has a length in `range`.
    fileprivate func text(of range: ClosedRange<Int>) -> String? {
        text.flatMap { range.contains($0.utf8.count) ? $0 : nil }
    }

    /// A whole number in `range`.
    fileprivate func number(in range: ClosedRange<Int64>) -> Int? {
        number.flatMap { range.contains($0) ? Int($0) : nil }
    }

    /// 64 lower-case hex digits.
    fileprivate var digest: String? {
        guard let text, text.utf8.count == 64,
            text.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) })
        else { return nil }
        return text
    }
}
