@testable import AgentInterface
import Linux
import StrictJSON
import Varlink

/// Calls of the control socket, and replies.
extension Target {
    private static let router = CallRouter(
        info: ServiceInfo(vendor: "jitgate", product: "jitgated", version: "0", url: ""),
        interface: AgentInterface.interface,
        group: 1
    )

    static let control = [
        Target(name: "varlink") { bytes in
            var framing = MessageFraming()
            // In two parts, split at a place that the input itself chooses.
            let split = min(Int(bytes.first ?? 0), bytes.count)
            for part in [Array(bytes[..<split]), Array(bytes[split...])] {
                framing.append(part)
                while let message = try? framing.next() { answer(message) }
            }
        },
        Target(name: "varlink-call") { bytes in answer(bytes) },
        Target(name: "varlink-reply") { bytes in
            guard let reply = try? VarlinkReply(message: bytes) else { return }
            _ = try? AgentStatus(from: reply.parameters)
            _ = try? GrantEntry(from: reply.parameters)
            _ = try? Explanation(from: reply.parameters)
            _ = try? Inspection(from: reply.parameters)
        },
    ]

    private static func answer(_ message: [UInt8]) {
        guard let call = VarlinkCall(message: message) else { return }
        hold(VarlinkCall(message: call.message) == call, "what is written is read alike")
        for user in [UInt32(0), 1000] {
            _ = router.route(
                call,
                from: PeerCredentials(processID: 1, userID: user, groupID: 1, groups: [1])
            )
        }
    }
}
